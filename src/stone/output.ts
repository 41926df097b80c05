// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The file that a stone is written to: a temporary name beside the final one, renamed when whole. */
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { errnoCode, Failure } from "#base/errors";
import { holdUnfinished } from "#stone/leftovers";
import { Sha256 } from "#sys/sha256";
import { syncPath } from "#sys/sync";

const CHUNK = 1024 * 1024;
/** Small writes are gathered: an index has a hundred thousand. */
const BUFFER = 64 * 1024;
let serial = 0;

/** Dispose it with `using`: what was not finished is removed. */
export class StoneOutput {
  readonly #path: string;
  readonly #temporary: string;
  readonly #fd: number;
  readonly #pending = new Uint8Array(BUFFER);
  #used = 0;
  #size = 0;
  #finished = false;

  /** Throws `io` where the folder cannot be written to; `disk.full` comes from the other methods. */
  constructor(path: string) {
    this.#path = path;
    serial += 1;
    this.#temporary = `${path}.${process.pid}-${Bun.isMainThread ? "" : "w"}${serial}-${Date.now().toString(36)}.part`;
    this.#fd = this.#told(() => openSync(this.#temporary, "wx+", 0o644));
    holdUnfinished(this.#fd);
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size;
  }

  write(bytes: Uint8Array): void {
    if (this.#used + bytes.byteLength > BUFFER) this.#flush();
    if (bytes.byteLength > BUFFER) this.#put(bytes, this.#size);
    else {
      this.#pending.set(bytes, this.#used);
      this.#used += bytes.byteLength;
    }
    this.#size += bytes.byteLength;
  }

  /** Overwrites bytes that were written before. */
  patch(bytes: Uint8Array, at: number): void {
    this.#flush();
    this.#put(bytes, at);
  }

  #flush(): void {
    this.#put(this.#pending.subarray(0, this.#used), this.#size - this.#used);
    this.#used = 0;
  }

  #put(bytes: Uint8Array, at: number): void {
    this.#told(() => {
      for (let done = 0; done < bytes.byteLength; ) {
        done += writeSync(this.#fd, bytes, done, bytes.byteLength - done, at + done);
      }
    });
  }

  /** System errors of `work` as failures. */
  #told<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      const found = errnoCode(cause);
      if (found === undefined) throw cause;
      const full = found === "ENOSPC" || found === "EDQUOT";
      const expected = full ? "more space on the disk" : "a folder to write to";
      throw new Failure(full ? "disk.full" : "io", `Cannot write "${this.#path}": ${found}, expected ${expected}`, {
        cause,
      });
    }
  }

  /** Puts the file in its place. The digest is of the bytes as they can be read back. */
  finish(durable: boolean): { size: number; sha256: string } {
    this.#flush();
    const hash = new Sha256();
    const buffer = new Uint8Array(Math.min(CHUNK, this.#size));
    for (let at = 0; at < this.#size; ) {
      const count = readSync(this.#fd, buffer, 0, buffer.byteLength, at);
      if (count === 0) throw new Error("a file that was just written became shorter");
      hash.update(buffer.subarray(0, count));
      at += count;
    }
    this.#told(() => {
      if (durable) fsyncSync(this.#fd);
      renameSync(this.#temporary, this.#path);
      this.#finished = true;
      if (durable) syncPath(dirname(this.#path));
    });
    return { size: this.#size, sha256: hash.hex() };
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    if (!this.#finished) rmSync(this.#temporary, { force: true });
  }
}
