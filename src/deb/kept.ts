// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Work of earlier imports that need not be done again: what was read out of each .deb, and which stone was written from
 * which plan. All of it lies in the cache, and may be deleted at any time; nothing of it outlives a change of this program.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { PackagePlan } from "#deb/plan-model";
import type { PackageScan, ScanOptions } from "#deb/scan-model";
import type { Profile } from "#stone/writer";
import { hashFile, sha256Hex } from "#sys/sha256";

/** A stone as it was written: what must still be true of the file for it to be used again. */
export interface KeptStone {
  readonly size: number;
  readonly sha256: string;
}

/** Folders of the sources that a scan or a stone depends on. */
const ROOMS = ["base", "sys", "model", "stone", "formats", "capabilities", "deb"];

/** Files of the running program, as a text that changes with any of them. */
function programIdentity(): string {
  const stamp = (path: string) => {
    const { size, mtimeMs } = statSync(path);
    return `${path} ${size} ${mtimeMs}`;
  };
  if (!existsSync(join(import.meta.dir, "kept.ts"))) return stamp(process.execPath);
  const sources = join(import.meta.dir, "..");
  const files = ROOMS.flatMap((room) =>
    readdirSync(join(sources, room))
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
      .map((name) => `${room}/${name}`),
  );
  return files
    .sort()
    .map((name) => stamp(join(sources, name)))
    .join("\n");
}

/** Milliseconds after which the work of a program that no longer runs here is removed. */
const FORGOTTEN = 7 * 24 * 3_600_000;

export class KeptWork {
  readonly #folder: string;

  /** @param cache folder of the importer's cache; what is kept lies in `kept/` there, a folder for each program. */
  constructor(cache: string) {
    const all = join(cache, "kept");
    this.#folder = join(all, sha256Hex(programIdentity()).slice(0, 32));
    mkdirSync(this.#folder, { recursive: true });
    const now = new Date();
    utimesSync(this.#folder, now, now);
    for (const name of readdirSync(all)) {
      const path = join(all, name);
      const age = now.getTime() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now.getTime());
      if (path !== this.#folder && age > FORGOTTEN) rmSync(path, { recursive: true, force: true });
    }
  }

  #path(kind: string, key: unknown): string {
    return join(this.#folder, `${kind}-${sha256Hex(JSON.stringify(key))}.json`);
  }

  /** A file that is missing, cut off or of another shape is no file. */
  #read(path: string): unknown {
    try {
      return JSON.parse(readFileSync(path, "utf8"));
    } catch {
      return undefined;
    }
  }

  /** Renamed when whole; not synced: after a power cut it is only work to be done again. */
  #write(path: string, value: unknown): void {
    const temporary = `${path}.${process.pid}.tmp`;
    writeFileSync(temporary, JSON.stringify(value));
    renameSync(temporary, path);
  }

  #scanPath(sha256: string, { machine, present }: ScanOptions): string {
    return this.#path("scan", [sha256, machine, present]);
  }

  scan(sha256: string, options: ScanOptions): PackageScan | undefined {
    const found = this.#read(this.#scanPath(sha256, options));
    const isScan = typeof found === "object" && found !== null && "sha256" in found && found.sha256 === sha256;
    return isScan ? (found as PackageScan) : undefined;
  }

  keepScan(scan: PackageScan, options: ScanOptions): void {
    this.#write(this.#scanPath(scan.sha256, options), scan);
  }

  #stonePath(deb: string, plan: PackagePlan, profile: Profile): string {
    return this.#path("stone", [deb, { ...plan, losses: [] }, profile]);
  }

  /** The stone of a plan, where the file at `path` is the very one that was written from it. */
  stone(deb: string, plan: PackagePlan, profile: Profile, path: string): KeptStone | undefined {
    const found = this.#read(this.#stonePath(deb, plan, profile));
    if (typeof found !== "object" || found === null || !("size" in found) || !("sha256" in found)) return undefined;
    const { size, sha256 } = found;
    if (typeof size !== "number" || typeof sha256 !== "string") return undefined;
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() === true && stat.size === size && hashFile(path) === sha256 ? { size, sha256 } : undefined;
  }

  keepStone(deb: string, plan: PackagePlan, profile: Profile, { size, sha256 }: KeptStone): void {
    this.#write(this.#stonePath(deb, plan, profile), { size, sha256 });
  }
}
