// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Work on a tree on disk, as a list of small steps in bytes that any thread can carry out (`execute`).
 *
 * A step is one byte for its kind and then its fields: numbers of 32 bits, little-endian, and texts, each 16 bits of
 * length (with the NUL), bytes and NUL, so that a system call can be given the address within the buffer.
 * A unit of steps begins at the top directory (`usr`) and returns to it; units with disjoint work can run side by side.
 */

export const STEP = {
  /** Close this directory, back to the one above. */
  up: 0,
  /** name: into a directory that is there. */
  enter: 1,
  /** name, mode, uid, gid: make a directory, or take the one that is there, and go in. Mode and owner are set. */
  make: 2,
  /** name, asset path: link an asset. */
  link: 3,
  /** name, target, uid, gid */
  symlink: 4,
  /** name: drop a file or symlink. */
  unlink: 5,
  /** path below the top: drop a directory with all that is in it. */
  discard: 6,
  /** name, mode, uid, gid: of a directory that is there. */
  alter: 7,
  /** encoded attributes, in hexadecimal: of this directory. */
  attributes: 8,
  /** name, encoded attributes in hexadecimal: of a symlink in this directory. */
  linkAttributes: 9,
} as const;

/** Builds units of steps. */
export class Program {
  #buffer: Buffer;
  #at = 0;
  #steps = 0;

  constructor(size = 64 * 1024) {
    this.#buffer = Buffer.allocUnsafe(size);
  }

  /** Steps since the last `take`. */
  get steps(): number {
    return this.#steps;
  }

  #step(kind: number, ...fields: readonly (string | number)[]): void {
    this.#steps += 1;
    this.#room(1);
    this.#buffer[this.#at++] = kind;
    for (const field of fields) {
      if (typeof field === "number") {
        this.#room(4);
        this.#at = this.#buffer.writeUInt32LE(field, this.#at);
        continue;
      }
      this.#room(field.length * 3 + 3);
      const size = this.#buffer.write(field, this.#at + 2);
      this.#buffer.writeUInt16LE(size + 1, this.#at);
      this.#at += 2 + size;
      this.#buffer[this.#at++] = 0;
    }
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }

  up(): void {
    this.#step(STEP.up);
  }
  enter(name: string): void {
    this.#step(STEP.enter, name);
  }
  make(name: string, mode: number, uid: number, gid: number): void {
    this.#step(STEP.make, name, mode, uid, gid);
  }
  link(name: string, asset: string): void {
    this.#step(STEP.link, name, asset);
  }
  symlink(name: string, target: string, uid: number, gid: number): void {
    this.#step(STEP.symlink, name, target, uid, gid);
  }
  unlink(name: string): void {
    this.#step(STEP.unlink, name);
  }
  discard(path: string): void {
    this.#step(STEP.discard, path);
  }
  alter(name: string, mode: number, uid: number, gid: number): void {
    this.#step(STEP.alter, name, mode, uid, gid);
  }
  /** `encoded` as encodeXattrs gives it. */
  attributes(encoded: Uint8Array): void {
    this.#step(STEP.attributes, Buffer.from(encoded).toString("hex"));
  }

  /** `encoded` as encodeXattrs gives it. */
  linkAttributes(name: string, encoded: Uint8Array): void {
    this.#step(STEP.linkAttributes, name, Buffer.from(encoded).toString("hex"));
  }

  /** The steps so far as one unit, in memory that threads can share; the program is empty afterwards. */
  take(): Uint8Array<SharedArrayBuffer> {
    const unit = new Uint8Array(new SharedArrayBuffer(this.#at));
    unit.set(this.#buffer.subarray(0, this.#at));
    this.#at = 0;
    this.#steps = 0;
    return unit;
  }
}
