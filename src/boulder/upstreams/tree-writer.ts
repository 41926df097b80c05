// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Writes the entries of an archive below one folder, and never anywhere else: names with `..`, absolute names, device
 * nodes, entries that would go through a symlink and hard links to outside are refused. Symlinks themselves are made as
 * recorded; nothing here ever follows one. Owners are not kept, set-id bits neither.
 */
import {
  closeSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { errnoCode, Failure } from "#base/errors";

/** An open file that the bytes of an entry go to. */
export interface EntryBody {
  write(chunk: Uint8Array): void;
  close(): void;
}

export class TreeWriter {
  readonly #root: string;
  readonly #strip: number;
  readonly #archive: string;
  /** Folders below the root (relative, without a slash at the end) that are known to be real folders. */
  readonly #folders = new Set<string>([""]);
  readonly #times: [path: string, mtime: number][] = [];

  /**
   * @param root folder to write below; made where it is missing.
   * @param strip leading components that names lose; entries with no more are left out.
   * @param archive what the archive is called in error messages.
   */
  constructor(root: string, strip: number, archive: string) {
    this.#root = root;
    this.#strip = strip;
    this.#archive = archive;
    mkdirSync(root, { recursive: true });
  }

  folder(name: string, mode: number, mtime: number): void {
    const path = this.#place(name);
    if (path === undefined || path === "") return;
    this.#enter(path, name, (mode & 0o777) | 0o700);
    this.#times.push([join(this.#root, path), mtime]);
  }

  /** Begins a file; undefined where stripping leaves nothing of its name. */
  file(name: string, mode: number, mtime: number): EntryBody | undefined {
    const path = this.#clear(name);
    if (path === undefined) return undefined;
    const full = join(this.#root, path);
    const handle = openSync(full, "wx", (mode & 0o777) | 0o600);
    return {
      write: (chunk) => {
        for (let at = 0; at < chunk.byteLength; ) at += writeSync(handle, chunk, at);
      },
      close: () => {
        closeSync(handle);
        utimesSync(full, mtime, mtime);
      },
    };
  }

  symlink(name: string, target: string, mtime: number): void {
    const path = this.#clear(name);
    if (path === undefined) return;
    if (target === "") throw this.#refuse(name, "a symlink to nothing");
    const full = join(this.#root, path);
    symlinkSync(target, full);
    lutimesSync(full, mtime, mtime);
  }

  /** A further name of a file that was written before. */
  hardlink(name: string, target: string): void {
    const from = this.#place(target);
    const path = this.#clear(name);
    if (path === undefined) return;
    if (from === undefined || from === "") throw this.#refuse(name, `a hard link to "${target}", which is left out`);
    this.#parents(from, name);
    const source = join(this.#root, from);
    if (lstatSync(source, { throwIfNoEntry: false })?.isFile() !== true) {
      throw this.#refuse(name, `a hard link to "${target}", which is no file of it`);
    }
    linkSync(source, join(this.#root, path));
  }

  /** Refuses what no source archive has a use for. */
  special(name: string, what: string): never {
    throw this.#refuse(name, `a ${what}`);
  }

  /** Sets the times of folders, which the writing in them has changed. */
  finish(): void {
    for (const [path, mtime] of this.#times.toReversed()) utimesSync(path, mtime, mtime);
  }

  /** The place of a name below the root, "" for the root itself, undefined where stripping leaves nothing. */
  #place(name: string): string | undefined {
    if (name.startsWith("/")) throw this.#refuse(name, "an absolute name");
    if (name.includes("\0")) throw this.#refuse(name, "a name with a NUL");
    const parts = name.split("/").filter((part) => part !== "" && part !== ".");
    if (parts.includes("..")) throw this.#refuse(name, "a name that leads out of it");
    if (parts.length < this.#strip || (parts.length === this.#strip && this.#strip > 0)) return undefined;
    return parts.slice(this.#strip).join("/");
  }

  /** The place of a new entry that is no folder: its parents made, what stood there removed. */
  #clear(name: string): string | undefined {
    const path = this.#place(name);
    if (path === undefined) return undefined;
    if (path === "") throw this.#refuse(name, "an entry that is the folder itself and no folder");
    this.#parents(path, name);
    if (this.#folders.has(path)) throw this.#refuse(name, "a file in the place of a folder");
    try {
      unlinkSync(join(this.#root, path));
    } catch (error) {
      if (errnoCode(error) === "ENOENT") return path;
      throw this.#refuse(name, "an entry in the place of a folder", error);
    }
    return path;
  }

  #parents(path: string, name: string): void {
    const slash = path.lastIndexOf("/");
    if (slash > 0) this.#enter(path.slice(0, slash), name, 0o755);
  }

  /** Makes sure that a path is a real folder below the root, made of real folders. */
  #enter(path: string, name: string, mode: number): void {
    if (this.#folders.has(path)) return;
    this.#parents(path, name);
    const full = join(this.#root, path);
    try {
      mkdirSync(full, { mode });
    } catch (error) {
      if (errnoCode(error) !== "EEXIST") throw error;
      if (!lstatSync(full).isDirectory()) throw this.#refuse(name, "an entry that goes through a link or a file");
    }
    this.#folders.add(path);
  }

  #refuse(name: string, found: string, cause?: unknown): Failure {
    return new Failure(
      "upstream.unsafe",
      `Cannot unpack "${name}" of "${this.#archive}": ${found}, expected files, folders and links below one folder`,
      { cause },
    );
  }
}

/** Removes a folder that an unpacking which failed has begun. */
export function discard(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
