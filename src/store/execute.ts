// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Carries out units of a program (`#store/program`) on a tree on disk, by calls relative to open directories. Symlinks are
 * never followed: a directory is opened with O_NOFOLLOW, everything else is named within an open directory.
 */
import { fstatSync, rmSync } from "node:fs";
import { Failure } from "#base/errors";
import { linkFurther } from "#store/further";
import { applyLinkOwner, applyOwnerAndMode, ownedByMe } from "#store/owner";
import type { Place } from "#store/place";
import { STEP } from "#store/program";
import { applyLinkXattrs, applyXattrs, decodeXattrs } from "#store/xattrs";
import { c, EEXIST, lastErrno, lastError, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, ptr } from "#sys/libc";

type Address = ReturnType<typeof ptr>;

/** Executes a unit. Throws system errors, store.missing for an asset that is not there, io for bytes that are no unit. */
export function execute(unit: Uint8Array, place: Place): void {
  if (unit.byteLength > 0) new Executor(unit, place).run();
}

const SET_GID = 0o2000;
/** Bits of a mode that creation does not give: set-id, sticky, and those that the umask takes away. */
const NOT_FROM_CREATION = 0o7000 | process.umask();
const OPEN_DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/** Has an open file this owner and mode? */
function isAs(fd: number, uid: number, gid: number, mode: number): boolean {
  const stat = fstatSync(fd);
  return stat.uid === uid && stat.gid === gid && (stat.mode & 0o7777) === mode;
}

class Executor {
  readonly #unit: Buffer;
  readonly #base: Address;
  readonly #place: Place;
  #at = 0;
  /** Whether the directory where the program stands gives its group to what is made in it, and those above. */
  #inherits: boolean;
  readonly #above: boolean[] = [];

  constructor(unit: Uint8Array, place: Place) {
    this.#unit = Buffer.from(unit.buffer, unit.byteOffset, unit.byteLength);
    this.#base = ptr(unit);
    this.#place = place;
    this.#inherits = (fstatSync(place.top).mode & SET_GID) !== 0;
  }

  run(): void {
    const opened: number[] = [];
    let directory = this.#place.top;
    try {
      while (this.#at < this.#unit.length) {
        const kind = this.#unit[this.#at++];
        if (kind === STEP.link) this.#link(directory);
        else if (kind === STEP.up) {
          const fd = opened.pop();
          if (fd === undefined) throw new Failure("io", "Cannot carry out a unit: it leaves its top directory");
          c.close(fd);
          this.#inherits = this.#above.pop() ?? false;
          directory = opened.at(-1) ?? this.#place.top;
        } else if (kind === STEP.make || kind === STEP.enter) {
          const fd = kind === STEP.make ? this.#make(directory) : this.#enter(directory);
          opened.push(fd);
          directory = fd;
          this.#above.push(this.#inherits);
          this.#inherits = kind === STEP.make ? (this.#mode & SET_GID) !== 0 : (fstatSync(fd).mode & SET_GID) !== 0;
        } else this.#other(kind, directory);
      }
    } finally {
      for (const fd of opened) c.close(fd);
    }
  }

  #other(kind: number | undefined, directory: number): void {
    if (kind === STEP.symlink) this.#symlink(directory);
    else if (kind === STEP.unlink) {
      const name = this.#text();
      if (c.unlinkat(directory, name, 0) !== 0) throw lastError("unlinkat", this.#last());
    } else if (kind === STEP.discard) {
      this.#text();
      rmSync(`${this.#place.topPath}/${this.#last()}`, { recursive: true, force: true });
    } else if (kind === STEP.alter) {
      const fd = this.#enter(directory);
      try {
        this.#setOwnerAndMode(fd);
      } finally {
        c.close(fd);
      }
    } else if (kind === STEP.attributes) {
      this.#text();
      applyXattrs(directory, decodeXattrs(Buffer.from(this.#last(), "hex")), "directory");
    } else if (kind === STEP.linkAttributes) {
      this.#text();
      const path = `/proc/self/fd/${directory}/${this.#last()}`;
      this.#text();
      applyLinkXattrs(path, decodeXattrs(Buffer.from(this.#last(), "hex")));
    } else throw new Failure("io", `Cannot carry out a unit: unknown step ${kind}`);
  }

  #textStart = 0;
  /** The mode set last. */
  #mode = 0;

  /** The address of a text field, which is then passed. */
  #text(): Address {
    const at = this.#at;
    const size = (this.#unit[at] ?? 0) | ((this.#unit[at + 1] ?? 0) << 8);
    this.#textStart = at + 2;
    this.#at = at + 2 + size;
    return (this.#base + at + 2) as Address;
  }

  /** The text field passed last. */
  #last(): string {
    return this.#unit.toString("utf8", this.#textStart, this.#at - 1);
  }

  #number(): number {
    const value = this.#unit.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  #link(directory: number): void {
    const name = this.#text();
    const nameAt = this.#textStart;
    const nameEnd = this.#at - 1;
    const asset = this.#text();
    const { arrival, store, hardlinks } = this.#place;
    if (hardlinks) {
      if (arrival !== undefined && c.linkat(arrival.folder, asset, directory, name, 0) === 0) return;
      if (c.linkat(store, asset, directory, name, 0) === 0) return;
    }
    const target = this.#unit.toString("utf8", nameAt, nameEnd);
    linkFurther(this.#place, this.#last(), directory, target);
  }

  #symlink(directory: number): void {
    const name = this.#text();
    const text = this.#text();
    if (c.symlinkat(text, directory, name) !== 0) throw lastError("symlinkat", this.#last());
    applyLinkOwner(directory, name, this.#number(), this.#number(), this.#inherits);
  }

  #enter(directory: number): number {
    const fd = c.openat(directory, this.#text(), OPEN_DIRECTORY, 0);
    if (fd < 0) throw lastError("openat", this.#last());
    return fd;
  }

  #make(directory: number): number {
    const name = this.#text();
    const from = this.#textStart;
    const to = this.#at - 1;
    const mode = this.#number();
    const uid = this.#number();
    const gid = this.#number();
    const fail = (call: string) => lastError(call, this.#unit.toString("utf8", from, to));
    this.#mode = mode;
    const fresh = c.mkdirat(directory, name, mode & 0o777) === 0;
    // Another unit may have made it already.
    if (!fresh && lastErrno() !== EEXIST) throw fail("mkdirat");
    const fd = c.openat(directory, name, OPEN_DIRECTORY, 0);
    if (fd < 0) throw fail("openat");
    const plain = (mode & NOT_FROM_CREATION) === 0 && !this.#inherits && ownedByMe(uid, gid);
    // To set what is set waits for whoever links into it.
    if (fresh ? !plain : !isAs(fd, uid, gid, mode)) applyOwnerAndMode(fd, uid, gid, mode, "a directory");
    return fd;
  }

  #setOwnerAndMode(fd: number): void {
    const path = this.#last();
    this.#mode = this.#number();
    applyOwnerAndMode(fd, this.#number(), this.#number(), this.#mode, path);
  }
}
