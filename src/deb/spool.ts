// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The body of one file on its way through: in memory while it is small, in a temporary file where it is not. */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";

export interface SpoolOptions {
  /** Folder for large bodies. */
  readonly folder: string;
  /** Bytes that may be held in memory. */
  readonly memory: number;
}

let counter = 0;

/** Collects the bytes of one body of a known size. Dispose it with `using`; its temporary file goes with it. */
export class Spool {
  readonly size: number;
  readonly #bytes: Uint8Array | undefined;
  readonly #path: string | undefined;
  readonly #fd: number | undefined;
  #at = 0;

  constructor(size: number, options: SpoolOptions) {
    this.size = size;
    if (size <= options.memory) this.#bytes = new Uint8Array(size);
    else {
      this.#path = join(options.folder, `body-${process.pid}-${counter++}`);
      this.#fd = openSync(this.#path, "wx+", 0o600);
    }
  }

  write(chunk: Uint8Array): void {
    if (this.#bytes !== undefined) this.#bytes.set(chunk, this.#at);
    else if (this.#fd !== undefined) {
      let done = 0;
      while (done < chunk.byteLength) done += writeSync(this.#fd, chunk, done, chunk.byteLength - done);
    }
    this.#at += chunk.byteLength;
  }

  /** Bytes at an offset, fewer at the end of the body. */
  readonly readAt = (offset: number, length: number): Uint8Array => {
    if (this.#bytes !== undefined) return this.#bytes.subarray(offset, offset + length);
    const out = new Uint8Array(Math.max(0, Math.min(length, this.#at - offset)));
    let done = 0;
    while (this.#fd !== undefined && done < out.byteLength) {
      const read = readSync(this.#fd, out, done, out.byteLength - done, offset + done);
      if (read === 0) break;
      done += read;
    }
    return out.subarray(0, done);
  };

  /** Where the body is, for whoever reads it later; stays valid until the spool is disposed. */
  get source(): { readonly bytes: Uint8Array } | { readonly file: string } {
    if (this.#path !== undefined) return { file: this.#path };
    return { bytes: this.#bytes ?? new Uint8Array(0) };
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    if (this.#path !== undefined) unlinkSync(this.#path);
  }
}
