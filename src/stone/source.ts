// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The bytes of a stone: a file, or memory. Small reads come out of one buffer, so that 65,535 headers are no burden. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { errnoCode, Failure } from "#base/errors";

const AHEAD = 64 * 1024;

export interface ByteSource {
  /** How messages call it. */
  readonly name: string;
  readonly size: number;
  /** Fills `target` from position `at`. Returns how many bytes there were, less than asked only at the end. */
  read(target: Uint8Array, at: number): number;
  /** Reads all of it into memory where it is small enough, so that who needs it twice reads it once. */
  hold?(): void;
  /** The bytes from `at`, without a copy, where all of them are in memory; valid while the source is open. */
  view?(at: number, size: number): Uint8Array | undefined;
  [Symbol.dispose](): void;
}

/** Files up to this many bytes are held in memory; most stones are smaller. */
const HOLD = 8 * 1024 * 1024;
/** The memory for it, of which a thread has one; undefined while a source has it. */
let room: Uint8Array | undefined;
let roomMade = false;

function takeRoom(): Uint8Array | undefined {
  if (!roomMade) {
    roomMade = true;
    return new Uint8Array(HOLD);
  }
  const taken = room;
  room = undefined;
  return taken;
}

/** A file that is open. It must be a regular one: pipes cannot be read twice. */
export class FileSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #fd: number;
  readonly #ahead = new Uint8Array(AHEAD);
  #aheadAt = 0;
  #aheadSize = 0;
  #room: Uint8Array | undefined;
  #held: Uint8Array | undefined;

  /** Throws `io` where the file cannot be opened or is not a regular file. */
  constructor(path: string) {
    this.name = path;
    try {
      this.#fd = openSync(path, "r");
    } catch (cause) {
      throw new Failure("io", `Cannot open "${path}": ${errnoCode(cause) ?? "an error"}, expected a readable file`, {
        cause,
      });
    }
    const stat = fstatSync(this.#fd);
    this.size = stat.size;
    if (!stat.isFile()) {
      closeSync(this.#fd);
      throw new Failure("io", `Cannot open "${path}": not a regular file, expected a .stone file`);
    }
  }

  hold(): void {
    if (this.size > HOLD || this.#held !== undefined) return;
    this.#room = takeRoom();
    if (this.#room === undefined) return;
    this.#held = this.#room.subarray(0, this.#fill(this.#room.subarray(0, this.size), 0));
  }

  view(at: number, size: number): Uint8Array | undefined {
    return this.#held === undefined ? undefined : this.#held.subarray(at, at + size);
  }

  read(target: Uint8Array, at: number): number {
    const held = this.view(at, target.byteLength);
    if (held !== undefined) {
      target.set(held);
      return held.byteLength;
    }
    if (target.byteLength > AHEAD / 2) return this.#fill(target, at);
    if (at < this.#aheadAt || at + target.byteLength > this.#aheadAt + this.#aheadSize) {
      this.#aheadSize = this.#fill(this.#ahead, at);
      this.#aheadAt = at;
    }
    const from = at - this.#aheadAt;
    const part = this.#ahead.subarray(from, Math.min(from + target.byteLength, this.#aheadSize));
    target.set(part);
    return part.byteLength;
  }

  #fill(target: Uint8Array, at: number): number {
    let done = 0;
    while (done < target.byteLength) {
      const count = readSync(this.#fd, target, done, target.byteLength - done, at + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    if (this.#room !== undefined) room = this.#room;
    this.#room = undefined;
    this.#held = undefined;
  }
}

/** Bytes in memory, read as they are. */
export class MemorySource implements ByteSource {
  readonly name: string;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.name = name;
  }

  get size(): number {
    return this.#bytes.byteLength;
  }

  view(at: number, size: number): Uint8Array {
    return this.#bytes.subarray(at, at + size);
  }

  read(target: Uint8Array, at: number): number {
    const part = this.view(at, target.byteLength);
    target.set(part);
    return part.byteLength;
  }

  [Symbol.dispose](): void {}
}
