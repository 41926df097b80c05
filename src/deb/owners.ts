// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * One path, several packages: diversions move the file of the one, Replaces gives it to the other, conflicting packages
 * may both have it, equal files are shared (Debian Policy 7.6, dpkg-divert(1)).
 */
import { compareText, getOrInsert } from "#base/order";
import { settled, splitPath } from "#deb/place";
import type { Loss, PackageScan, ScannedFile } from "#deb/scan-model";
import type { ScanSet } from "#deb/set";

export interface Ownership {
  /** By package name: paths that its stone does not have. */
  readonly drop: Map<string, Set<string>>;
  /** By package name: path to the path where its file goes instead. */
  readonly rename: Map<string, Map<string, string>>;
  /** By package name. */
  readonly losses: Map<string, Loss[]>;
  /** Path (not of folders) to the names of those that have it, after all decisions. */
  readonly owners: ReadonlyMap<string, readonly string[]>;
}

/** An absolute path as scripts write it -> relative to /usr after the move; undefined where it is outside. */
export function usrPath(absolute: string): string | undefined {
  const moved = settled(splitPath(absolute, absolute));
  return moved.startsWith("usr/") ? moved.slice(4) : undefined;
}

function sameFile(a: ScannedFile, b: ScannedFile): boolean {
  return (
    a.kind === b.kind &&
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.digest === b.digest &&
    a.target === b.target
  );
}

interface Claim {
  readonly scan: PackageScan;
  readonly file: ScannedFile;
}

class Decider {
  readonly drop = new Map<string, Set<string>>();
  readonly rename = new Map<string, Map<string, string>>();
  readonly losses = new Map<string, Loss[]>();
  readonly claims = new Map<string, Claim[]>();
  readonly folders = new Map<string, Claim[]>();
  readonly #set: ScanSet;

  constructor(set: ScanSet) {
    this.#set = set;
  }

  lose(scan: PackageScan, kind: Loss["kind"], subject: string, detail: string): void {
    getOrInsert(this.losses, scan.name, () => []).push({ kind, subject, detail });
  }

  dropPath(scan: PackageScan, path: string): void {
    getOrInsert(this.drop, scan.name, () => new Set()).add(path);
  }

  collect(scans: readonly PackageScan[]): void {
    const diversions = new Map<string, { to: string; by: string }>();
    for (const scan of scans) {
      for (const { from, to } of scan.diversions) {
        const source = usrPath(from);
        const target = usrPath(to);
        if (source !== undefined && target !== undefined) diversions.set(source, { to: target, by: scan.name });
      }
    }
    for (const scan of scans) {
      for (const file of scan.files) {
        const diverted = file.kind === "directory" ? undefined : diversions.get(file.path);
        let path = file.path;
        if (diverted !== undefined && diverted.by !== scan.name) {
          path = diverted.to;
          getOrInsert(this.rename, scan.name, () => new Map<string, string>()).set(file.path, path);
          this.lose(scan, "diversion", `/usr/${file.path}`, `moved to /usr/${path}, as ${diverted.by} asks`);
        }
        const claims = file.kind === "directory" ? this.folders : this.claims;
        getOrInsert(claims, path, () => []).push({ scan, file });
      }
    }
  }

  /** Takes a path from one package in favour of another. */
  #take(from: Claim, path: string, to: PackageScan): void {
    this.dropPath(from.scan, from.file.path);
    this.lose(from.scan, "file-taken", `/usr/${path}`, `${to.name} replaces it`);
  }

  #replaces(a: PackageScan, b: PackageScan): boolean {
    return this.#set.relations(a).replaces.some((relation) => this.#set.names(relation, b));
  }

  files(): void {
    for (const [path, claims] of this.claims) {
      if (claims.length < 2) continue;
      const kept: Claim[] = [];
      for (const claim of claims) {
        const rivals = kept.filter(
          (other) => !sameFile(other.file, claim.file) && !this.#set.conflicting(other.scan, claim.scan),
        );
        const loser = rivals.find(
          (other) => this.#replaces(other.scan, claim.scan) && !this.#replaces(claim.scan, other.scan),
        );
        if (loser !== undefined) {
          this.#take(claim, path, loser.scan);
          continue;
        }
        for (const other of rivals) {
          if (this.#replaces(claim.scan, other.scan)) {
            this.#take(other, path, claim.scan);
            kept.splice(kept.indexOf(other), 1);
          } else {
            this.lose(claim.scan, "collision", `/usr/${path}`, `${other.scan.name} has another file there`);
            this.lose(other.scan, "collision", `/usr/${path}`, `${claim.scan.name} has another file there`);
          }
        }
        kept.push(claim);
      }
      this.claims.set(path, kept);
    }
  }

  /** Of folders with several modes the unusual one counts; of several unusual ones, that of the first package. */
  directories(): void {
    for (const [path, claims] of this.folders) {
      const [first] = claims;
      if (first === undefined) continue;
      const others = this.claims.get(path) ?? [];
      for (const claim of claims) {
        if (others.length > 0 && isUsual(claim.file)) this.dropPath(claim.scan, path);
      }
      if (claims.every((claim) => sameFile(claim.file, first.file))) continue;
      const winner = claims.find((claim) => !isUsual(claim.file)) ?? first;
      for (const claim of claims) {
        if (sameFile(claim.file, winner.file)) continue;
        this.dropPath(claim.scan, path);
        if (isUsual(claim.file)) continue;
        this.lose(claim.scan, "directory-mode", `/usr/${path}`, `mode or owner as ${winner.scan.name} has it`);
      }
    }
  }
}

/** True for a folder that need not be recorded: 0755 root:root. */
export function isUsual(file: Pick<ScannedFile, "mode" | "uid" | "gid">): boolean {
  return file.mode === 0o755 && file.uid === 0 && file.gid === 0;
}

/** Decides for every path of the set. Packages are looked at in the order of their names. */
export function decideOwners(set: ScanSet): Ownership {
  const decider = new Decider(set);
  decider.collect(set.all());
  decider.files();
  decider.directories();
  const owners = new Map<string, string[]>();
  for (const [path, claims] of decider.claims) {
    owners.set(path, claims.map((claim) => claim.scan.name).sort(compareText));
  }
  return { drop: decider.drop, rename: decider.rename, losses: decider.losses, owners };
}
