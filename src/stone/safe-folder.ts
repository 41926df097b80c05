// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A folder that is filled through descriptors: every component of a path is opened without following links, so nothing
 * that is made in it, or put there by somebody else meanwhile, can lead out of it.
 */
import { closeSync, mkdirSync, openSync, readSync } from "node:fs";
import type { Xattrs } from "#model/layout";
import { holdUnfinished } from "#stone/leftovers";
import {
  AT_SYMLINK_NOFOLLOW,
  c,
  check,
  cString,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  ptr,
} from "#sys/libc";

const O_RDWR = 2;
const KEEP_OPEN = 128;

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Dispose it with `using`. Errors are system errors: ELOOP or ENOTDIR where a link stands in the way. */
export class SafeFolder {
  readonly #path: string;
  readonly #root: number;
  readonly #open = new Map<string, number>();

  /** Makes the folder, for its owner alone; it must not exist. */
  constructor(path: string) {
    mkdirSync(path, { mode: 0o700 });
    this.#path = path;
    this.#root = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    holdUnfinished(this.#root);
  }

  #split(path: string): { parent: number; name: Uint8Array } {
    const slash = path.lastIndexOf("/");
    const parent = slash < 0 ? this.#root : this.#folder(path.slice(0, slash));
    return { parent, name: cString(path.slice(slash + 1)) };
  }

  /** The descriptor of a folder, made 0755 where it is missing. */
  #folder(path: string): number {
    const known = this.#open.get(path);
    if (known !== undefined) return known;
    const { parent, name } = this.#split(path);
    // An existing entry is fine: what it is shows when it is opened.
    const made = c.mkdirat(parent, ptr(name), 0o755) === 0;
    const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const fd = check(c.openat(parent, ptr(name), flags, 0), "openat", `${this.#path}/${path}`);
    // The mode is the package's, not what this user's umask leaves of it.
    if (made) check(c.fchmod(fd, 0o755), "fchmod");
    if (this.#open.size >= KEEP_OPEN) this.#closeFolders();
    this.#open.set(path, fd);
    return fd;
  }

  #closeFolders(): void {
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
  }

  makeFolder(path: string): void {
    this.#folder(path);
  }

  /** A new file for writing and reading; the caller closes the descriptor. EEXIST where the name is taken. */
  createFile(path: string): number {
    const { parent, name } = this.#split(path);
    const flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    return check(c.openat(parent, ptr(name), flags, 0o600), "openat", `${this.#path}/${path}`);
  }

  makeLink(path: string, target: string): void {
    const { parent, name } = this.#split(path);
    const text = cString(target);
    check(c.symlinkat(ptr(text), parent, ptr(name)), "symlinkat", `${this.#path}/${path}`);
  }

  /** Gives a link, or anything else, to an owner. */
  own(path: string, owner: Owner): void {
    const { parent, name } = this.#split(path);
    const result = c.fchownat(parent, ptr(name), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW);
    check(result, "fchownat", `${this.#path}/${path}`);
  }

  /** Owner first, then attributes, then mode: a change of owner drops set-id bits and file capabilities. */
  finish(fd: number, mode: number, owner: Owner | undefined, xattrs: Xattrs | undefined): string[] {
    if (owner !== undefined) check(c.fchown(fd, owner.uid, owner.gid), "fchown");
    const refused: string[] = [];
    for (const [name, value] of xattrs ?? []) {
      const key = cString(name);
      const bytes = value.byteLength === 0 ? new Uint8Array(1) : value;
      if (c.fsetxattr(fd, ptr(key), ptr(bytes), value.byteLength, 0) !== 0) refused.push(name);
    }
    check(c.fchmod(fd, mode), "fchmod");
    return refused;
  }

  /** As `finish`, for a folder that was made here. */
  finishFolder(path: string, mode: number, owner: Owner | undefined, xattrs: Xattrs | undefined): string[] {
    return this.finish(this.#folder(path), mode, owner, xattrs);
  }

  /** Opens the folder itself to others, now that it is whole. */
  finishRoot(mode: number): void {
    check(c.fchmod(this.#root, mode), "fchmod", this.#path);
  }

  [Symbol.dispose](): void {
    this.#closeFolders();
    closeSync(this.#root);
  }
}

const copyBuffer = new Uint8Array(256 * 1024);

/** Gives every byte of an open file to `sink`, from its start. */
export function readAll(fd: number, sink: (chunk: Uint8Array) => void): void {
  for (let at = 0; ; ) {
    const count = readSync(fd, copyBuffer, 0, copyBuffer.byteLength, at);
    if (count === 0) return;
    sink(copyBuffer.subarray(0, count));
    at += count;
  }
}
