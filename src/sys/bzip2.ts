// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Decoding of .bz2 by streaming, from the system's libbz2 (dpkg itself needs it, so every Debian has it). */
import { ptr } from "#sys/libc";
import { lazyLibrary } from "#sys/library";

const bz2 = lazyLibrary("libbz2.so.1.0", "libbz2-1.0 (Debian) or bzip2", {
  BZ2_bzDecompressInit: { args: ["ptr", "i32", "i32"], returns: "i32" },
  BZ2_bzDecompress: { args: ["ptr"], returns: "i32" },
  BZ2_bzDecompressEnd: { args: ["ptr"], returns: "i32" },
});

// bz_stream on 64-bit machines: next_in 0, avail_in 8 (u32), total_in 12 (2 x u32), next_out 24, avail_out 32 (u32),
// total_out 36 (2 x u32), state 48, three pointers for memory; 80 bytes.
const STREAM_BYTES = 80;
const NEXT_IN = 0;
const AVAIL_IN = 8;
const NEXT_OUT = 24;
const AVAIL_OUT = 32;

const OK = 0;
const STREAM_END = 4;
const ERRORS: Readonly<Record<number, string>> = {
  "-3": "out of memory",
  "-4": "the data is corrupt",
  "-5": "not in the bzip2 format",
};

/** An error of libbz2, in words. */
export class Bzip2Error extends Error {
  constructor(text: string) {
    super(`bzip2: ${text}`);
    this.name = "Bzip2Error";
  }
}

/** A streaming decoder of one .bz2 file (several streams one after the other count as one). Dispose it with `using`. */
export class Bzip2Decoder {
  readonly #bytes = new Uint8Array(STREAM_BYTES);
  readonly #stream = new DataView(this.#bytes.buffer);
  readonly #buffer: Uint8Array;
  /** Is the library's state allocated? Between two streams it is not. */
  #open = false;
  #streams = 0;

  /** @param chunk size of the output pieces, in bytes. */
  constructor(chunk = 256 * 1024) {
    this.#buffer = new Uint8Array(chunk);
  }

  /** Decodes a piece. Each chunk given to `sink` is valid only during that call. Throws Bzip2Error. */
  write(input: Uint8Array, sink: (chunk: Uint8Array) => void): void {
    let at = 0;
    let full = false;
    while (at < input.byteLength || full) {
      if (!this.#open) {
        if (at >= input.byteLength) return;
        this.#begin();
      }
      const rest = input.subarray(at);
      this.#stream.setBigUint64(NEXT_IN, rest.byteLength === 0 ? 0n : BigInt(ptr(rest)), true);
      this.#stream.setUint32(AVAIL_IN, rest.byteLength, true);
      this.#stream.setBigUint64(NEXT_OUT, BigInt(ptr(this.#buffer)), true);
      this.#stream.setUint32(AVAIL_OUT, this.#buffer.byteLength, true);
      const code = bz2().BZ2_bzDecompress(ptr(this.#bytes));
      at += rest.byteLength - this.#stream.getUint32(AVAIL_IN, true);
      const written = this.#buffer.byteLength - this.#stream.getUint32(AVAIL_OUT, true);
      if (written > 0) sink(this.#buffer.subarray(0, written));
      full = written === this.#buffer.byteLength && code === OK;
      if (code === STREAM_END) this.#close();
      else if (code !== OK) throw new Bzip2Error(ERRORS[code] ?? `error ${code}`);
    }
  }

  /** Says that no input is left. Throws Bzip2Error where the file was cut off. */
  end(): void {
    if (this.#open || this.#streams === 0) throw new Bzip2Error("the data ends too early");
  }

  #begin(): void {
    this.#bytes.fill(0);
    const code = bz2().BZ2_bzDecompressInit(ptr(this.#bytes), 0, 0);
    if (code !== OK) throw new Bzip2Error(ERRORS[code] ?? `error ${code}`);
    this.#open = true;
    this.#streams++;
  }

  #close(): void {
    if (this.#open) bz2().BZ2_bzDecompressEnd(ptr(this.#bytes));
    this.#open = false;
  }

  [Symbol.dispose](): void {
    this.#close();
  }
}
