// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Reads the data of a .deb as the entries that its stone will have. Both passes over a package (scan and emit) go through
 * here, so they cannot disagree about where a file is. Within one package a path is kept once.
 */
import { Failure } from "#base/errors";
import type { DebArchive } from "#deb/archive";
import { moveTarget, place, splitPath } from "#deb/place";
import type { Loss, StateEntry } from "#deb/scan-model";
import type { TarEntry } from "#formats/tar";
import type { Xattrs } from "#model/layout";

/** An entry where it will be; `path` is relative to /usr. */
export interface PlacedEntry {
  readonly path: string;
  readonly kind: "regular" | "symlink" | "directory";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly target: string;
  readonly size: number;
  readonly xattrs: Xattrs;
}

export interface EntrySink {
  /** A directory, symlink or regular file. Data and `done` follow for regular files only. */
  entry(entry: PlacedEntry): void;
  data(chunk: Uint8Array): void;
  done(): void;
  /** A further name of a regular file that has come before; both paths relative to /usr. */
  hardlink(path: string, first: string): void;
  /** Something to be made outside /usr. */
  state(entry: StateEntry): void;
  lost(loss: Loss): void;
}

/** Streams the placed entries of a package. Throws `deb.invalid`, `format.invalid`. */
export function readEntries(deb: DebArchive, sink: EntrySink): void {
  const placer = new Placer(deb.name, sink);
  deb.readData({
    entry: (entry) => placer.entry(entry),
    data: (chunk) => {
      if (placer.open) sink.data(chunk);
    },
    done: () => {
      if (placer.open) sink.done();
    },
  });
}

/** Old places of /run, which are links there. */
const RUNNING: Readonly<Record<string, string>> = { "var/run": "../run", "var/lock": "../run/lock" };

class Placer {
  readonly #name: string;
  readonly #sink: EntrySink;
  /** Path relative to /usr -> kind, to keep a path once. */
  readonly #seen = new Map<string, PlacedEntry>();
  /** Path in the archive -> path relative to /usr, of regular files: what hardlinks name. */
  readonly #bodies = new Map<string, string>();
  open = false;

  constructor(name: string, sink: EntrySink) {
    this.#name = name;
    this.#sink = sink;
  }

  entry(entry: TarEntry): void {
    this.open = false;
    const parts = splitPath(entry.path, this.#name);
    const where = place(parts);
    const from = `/${parts.join("/")}`;
    if (where.kind === "root") return;
    if (where.kind === "kernel") {
      if (parts.length > 1) this.#lose("outside", from, "the kernel makes this folder's content");
      return;
    }
    if (entry.kind === "character-device" || entry.kind === "block-device" || entry.kind === "fifo") {
      this.#lose("device", from, `a ${entry.kind}: stones do not install those`);
      return;
    }
    if (where.kind === "state") this.#state(entry, parts, where.path, where.factory);
    else this.#usr(entry, parts, where.path);
  }

  #usr(entry: TarEntry, parts: readonly string[], path: string): void {
    const from = `/${parts.join("/")}`;
    if (`/usr/${path}` !== from && (parts[0] === "boot" || from.startsWith("/usr/lib64"))) {
      this.#lose("moved", from, `to /usr/${path}`);
    }
    if (entry.kind === "hardlink") this.#hardlink(entry, parts, path);
    else if (entry.kind === "regular" || entry.kind === "directory" || entry.kind === "symlink") {
      this.#put(this.#placed(entry, entry.kind, parts, path), parts, from);
    }
  }

  #placed(entry: TarEntry, kind: PlacedEntry["kind"], parts: readonly string[], path: string): PlacedEntry {
    return {
      path,
      kind,
      mode: kind === "symlink" ? 0o777 : entry.mode,
      uid: entry.uid,
      gid: entry.gid,
      target: kind === "symlink" ? moveTarget(parts, entry.target) : "",
      size: entry.size,
      xattrs: entry.xattrs,
    };
  }

  /** Says whether a path is free, and what to do where it is not: after the merge /bin/x and /usr/bin/x are one. */
  #free(next: PlacedEntry, from: string): boolean {
    const before = this.#seen.get(next.path);
    if (before === undefined) return true;
    if (before.kind === "directory" && next.kind === "directory") return false;
    if (next.kind === "symlink" && before.kind !== "directory") {
      this.#lose("duplicate", from, `the merge of /usr makes it /usr/${next.path}, which the package has already`);
      return false;
    }
    throw new Failure(
      "deb.invalid",
      `Cannot import "${this.#name}": "${from}" is a second ${next.kind} at /usr/${next.path}, expected one`,
    );
  }

  #put(placed: PlacedEntry, parts: readonly string[], from: string): void {
    if (placed.kind === "symlink" && placed.target !== "" && isSelf(placed)) {
      this.#lose("duplicate", from, "the merge of /usr makes this link point at itself");
      return;
    }
    if (!this.#free(placed, from)) return;
    this.#seen.set(placed.path, placed);
    if (placed.kind === "regular") {
      this.#bodies.set(parts.join("/"), placed.path);
      this.open = true;
    }
    this.#sink.entry(placed);
  }

  #hardlink(entry: TarEntry, parts: readonly string[], path: string): void {
    const target = splitPath(entry.target, this.#name).join("/");
    const first = this.#bodies.get(target);
    if (first === undefined) {
      throw new Failure(
        "deb.invalid",
        `Cannot import "${this.#name}": the hardlink "/${parts.join("/")}" to "/${target}", expected a file before it`,
      );
    }
    const body = this.#seen.get(first);
    if (body === undefined || path === first || !this.#free({ ...body, path }, `/${parts.join("/")}`)) return;
    this.#seen.set(path, { ...body, path });
    this.#bodies.set(parts.join("/"), path);
    this.#sink.hardlink(path, first);
  }

  #state(entry: TarEntry, parts: readonly string[], path: string, factory: string): void {
    const common = { path, mode: entry.mode, uid: entry.uid, gid: entry.gid };
    const running = RUNNING[path];
    if (running !== undefined) this.#sink.state({ ...common, kind: "link", mode: 0o777, target: running });
    else if (entry.kind === "directory") this.#sink.state({ ...common, kind: "directory" });
    else if (entry.kind === "symlink") {
      this.#sink.state({ ...common, kind: "link", mode: 0o777, target: moveTarget(parts, entry.target) });
    } else {
      this.#sink.state({ ...common, kind: "copy" });
      if (entry.kind === "hardlink") this.#hardlink(entry, parts, factory);
      else this.#put(this.#placed(entry, "regular", parts, factory), parts, `/${path}`);
    }
  }

  #lose(kind: Loss["kind"], subject: string, detail: string): void {
    this.#sink.lost({ kind, subject, detail });
  }
}

function isSelf(placed: PlacedEntry): boolean {
  const folder = placed.path.split("/").slice(0, -1).join("/");
  return (
    placed.target === `/usr/${placed.path}` ||
    placed.target === placed.path.split("/").at(-1) ||
    (folder !== "" && placed.target === `./${placed.path.split("/").at(-1)}`)
  );
}
