// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Unpacks a stone into a folder of its own, for people who want to look at its files. Nothing is installed. */
import { closeSync, existsSync, mkdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { hex } from "#base/bytes";
import { errnoCode, Failure } from "#base/errors";
import { getOrInsert } from "#base/order";
import type { LayoutEntry, RegularEntry } from "#model/layout";
import type { PackageMeta } from "#model/package";
import type { ContentSink } from "#stone/content";
import type { StoneLimits } from "#stone/format";
import { sweepFolders } from "#stone/leftovers";
import { nameProblem } from "#stone/paths";
import { StoneReader } from "#stone/reader";
import { redirected } from "#stone/redirect";
import { type Owner, readAll, SafeFolder } from "#stone/safe-folder";
import { renameNoReplace } from "#sys/exchange";
import { writeFully } from "#sys/write";

export type ExtractEvent =
  | { readonly type: "start"; readonly folder: string; readonly files: number; readonly bytes: number }
  | { readonly type: "file"; readonly path: string; readonly bytes: number }
  /** A device, socket or fifo, which is not made. */
  | { readonly type: "skipped"; readonly path: string; readonly kind: string }
  /** Attributes that the file system or the lack of rights did not allow. */
  | { readonly type: "attributes"; readonly path: string; readonly names: readonly string[] };

export interface ExtractOptions {
  readonly limits?: Partial<StoneLimits>;
  readonly onEvent?: (event: ExtractEvent) => void;
}

/** `name-version-release.arch`, with what cannot stand in a file name replaced by `_`. */
function extractName(meta: PackageMeta): string {
  const name = `${meta.name}-${meta.version}-${meta.release}.${meta.architecture}`.replaceAll("/", "_");
  return nameProblem(name) === undefined ? name : `${meta.name}-${meta.release}`;
}

class Extractor implements ContentSink {
  readonly #folder: SafeFolder;
  readonly #byDigest = new Map<string, RegularEntry[]>();
  readonly #onEvent: (event: ExtractEvent) => void;
  // Owners are only root's to give; without them set-id bits would be somebody else's rights.
  readonly #asRoot = process.geteuid?.() === 0;
  #fd = -1;

  constructor(folder: SafeFolder, entries: readonly LayoutEntry[], onEvent: (event: ExtractEvent) => void) {
    this.#folder = folder;
    this.#onEvent = onEvent;
    for (const entry of entries) {
      if (entry.kind === "regular") getOrInsert(this.#byDigest, hex(entry.digest), () => []).push(entry);
    }
  }

  #owner(entry: LayoutEntry): Owner | undefined {
    return this.#asRoot ? entry : undefined;
  }

  #mode(entry: LayoutEntry): number {
    return this.#asRoot ? entry.mode : entry.mode & 0o777;
  }

  #entries(record: { readonly digest: Uint8Array }): RegularEntry[] {
    return this.#byDigest.get(hex(record.digest)) ?? [];
  }

  begin(record: { readonly digest: Uint8Array }): void {
    const [first] = this.#entries(record);
    this.#fd = first === undefined ? -1 : this.#folder.createFile(`usr/${first.path}`);
  }

  data(chunk: Uint8Array): void {
    if (this.#fd >= 0) writeFully(this.#fd, chunk);
  }

  end(record: { readonly start: number; readonly end: number; readonly digest: Uint8Array }): void {
    const [first, ...others] = this.#entries(record);
    if (first === undefined) return;
    for (const other of others) {
      const copy = this.#folder.createFile(`usr/${other.path}`);
      try {
        readAll(this.#fd, (chunk) => writeFully(copy, chunk));
        this.#finish(copy, other, record.end - record.start);
      } finally {
        closeSync(copy);
      }
    }
    this.#finish(this.#fd, first, record.end - record.start);
    this.close();
  }

  #finish(fd: number, entry: RegularEntry, bytes: number): void {
    const refused = this.#folder.finish(fd, this.#mode(entry), this.#owner(entry), entry.xattrs);
    this.#report(entry, refused);
    this.#onEvent({ type: "file", path: entry.path, bytes });
  }

  #report(entry: LayoutEntry, refused: readonly string[]): void {
    if (refused.length > 0) this.#onEvent({ type: "attributes", path: entry.path, names: refused });
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  /** Links, then folders from the deepest up: a folder may be recorded without the right to write in it. */
  others(entries: readonly LayoutEntry[]): void {
    const folders: LayoutEntry[] = [];
    for (const entry of entries) {
      if (entry.kind === "symlink") {
        this.#folder.makeLink(`usr/${entry.path}`, entry.target);
        if (this.#asRoot) this.#folder.own(`usr/${entry.path}`, entry);
        this.#onEvent({ type: "file", path: entry.path, bytes: 0 });
      } else if (entry.kind === "directory") {
        this.#folder.makeFolder(`usr/${entry.path}`);
        folders.push(entry);
      } else if (entry.kind !== "regular") this.#onEvent({ type: "skipped", path: entry.path, kind: entry.kind });
    }
    for (const entry of folders.sort((a, b) => b.path.length - a.path.length)) {
      const path = `usr/${entry.path}`;
      this.#report(entry, this.#folder.finishFolder(path, this.#mode(entry), this.#owner(entry), entry.xattrs));
    }
  }
}

/**
 * Bytes that the files take, those with one body each on its own. Throws `disk.full` where there is no such room: a stone
 * of a few KiB can claim terabytes, and must not fill the disk before it is found out.
 */
function checkRoom(reader: StoneReader, entries: readonly LayoutEntry[], folder: string): number {
  const sizes = new Map(reader.index().map(({ digest, start, end }) => [hex(digest), end - start]));
  let bytes = 0;
  for (const entry of entries) if (entry.kind === "regular") bytes += sizes.get(hex(entry.digest)) ?? 0;
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (bytes > free) {
    const problem = `it takes ${bytes} bytes and "${folder}" has ${free} left, expected room for all of it`;
    throw new Failure("disk.full", `Cannot extract "${reader.name}": ${problem}`);
  }
  return bytes;
}

/**
 * Unpacks a package to `outDir/<name-version-release.arch>/usr/...` and gives that folder's path. Every byte is verified; the
 * folder appears under its name only when all of it is right. What lies below a link of the package goes to where the link
 * leads, as when it is installed. Throws what reading a stone throws, what `redirected` throws, `disk.full`, `io` where the
 * folder exists or cannot be made.
 */
export function extractStone(path: string, outDir: string, options: ExtractOptions = {}): string {
  const { onEvent = () => {} } = options;
  using reader = StoneReader.open(path, { expect: "binary", ...(options.limits && { limits: options.limits }) });
  const meta = reader.meta();
  const entries = redirected(reader.layout(), path);
  const target = join(outDir, extractName(meta));
  const temporary = join(outDir, `.${meta.name}.${process.pid}.part`);
  try {
    makeFolder(outDir);
    sweepFolders(outDir, meta.name);
    const bytes = checkRoom(reader, entries, outDir);
    onEvent({ type: "start", folder: target, files: entries.length, bytes });
    rmSync(temporary, { recursive: true, force: true });
    fill(reader, entries, temporary, onEvent);
    place(temporary, target);
  } catch (cause) {
    throw extractFailure(cause, path, outDir);
  } finally {
    if (existsSync(temporary)) rmSync(temporary, { recursive: true, force: true });
  }
  return target;
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    const found = errnoCode(cause);
    if (found !== "EEXIST" && found !== "ENOTDIR") throw cause;
    throw new Failure("io", `Cannot extract to "${path}": it is no folder, expected one`, {
      hint: "Name another one with -o.",
    });
  }
}

/** System errors in our words. Only links of the package itself can be in the way: the folder is new and ours alone. */
function extractFailure(cause: unknown, path: string, outDir: string): unknown {
  const found = errnoCode(cause);
  if (cause instanceof Failure || found === undefined) return cause;
  if (["ENOTDIR", "ELOOP", "EEXIST"].includes(found)) {
    return new Failure("stone.path", `Cannot extract "${path}": an entry below a link, expected folders`, { cause });
  }
  const full = found === "ENOSPC" || found === "EDQUOT";
  const problem = `${found}, expected ${full ? "more space" : "a folder to write to"}`;
  return new Failure(full ? "disk.full" : "io", `Cannot extract "${path}" to "${outDir}": ${problem}`, { cause });
}

function place(temporary: string, target: string): void {
  try {
    renameNoReplace(temporary, target);
  } catch (cause) {
    if (errnoCode(cause) !== "EEXIST") throw cause;
    throw new Failure("io", `Cannot extract to "${target}": it exists, expected a new folder`, {
      hint: "Remove it, or name another folder.",
    });
  }
}

function fill(
  reader: StoneReader,
  entries: readonly LayoutEntry[],
  temporary: string,
  onEvent: (event: ExtractEvent) => void,
): void {
  using folder = new SafeFolder(temporary);
  folder.makeFolder("usr");
  const extractor = new Extractor(folder, entries, onEvent);
  try {
    // Links are made after the bodies, so no body can be written through one.
    reader.content(extractor);
    extractor.others(entries);
    folder.finishRoot(0o755);
  } finally {
    extractor.close();
  }
}
