// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Decoding of .gz by synchronous streaming, from the system's zlib (dpkg needs it, so every Debian has it). `node:zlib`
 * decodes either in one shot, without a bound on memory, or through asynchronous streams.
 */
import { ptr } from "#sys/libc";
import { lazyLibrary } from "#sys/library";

const zlib = lazyLibrary("libz.so.1", "zlib1g (Debian) or zlib", {
  inflateInit2_: { args: ["ptr", "i32", "cstring", "i32"], returns: "i32" },
  inflate: { args: ["ptr", "i32"], returns: "i32" },
  inflateReset: { args: ["ptr"], returns: "i32" },
  inflateEnd: { args: ["ptr"], returns: "i32" },
});

// z_stream on 64-bit Linux: next_in, avail_in (32 bits, padded), total_in, next_out, avail_out, total_out, ...; 112 bytes.
const STREAM_BYTES = 112;
const NEXT_IN = 0;
const AVAIL_IN = 8;
const NEXT_OUT = 24;
const AVAIL_OUT = 32;

const GZIP_ONLY = 16 + 15;
const VERSION = Buffer.from("1.2.11\0");
const OK = 0;
const STREAM_END = 1;
const BUFFER_ERROR = -5;

/** An error of zlib. */
export class InflateError extends Error {
  constructor(text: string) {
    super(`gzip: ${text}`);
    this.name = "InflateError";
  }
}

/** A streaming decoder of one .gz file (several members one after the other count as one). Dispose it with `using`. */
export class GzipDecoder {
  readonly #stream = new Uint8Array(STREAM_BYTES);
  readonly #view = new DataView(this.#stream.buffer);
  readonly #buffer: Uint8Array;
  #within = false;
  #started = false;

  /** @param chunk size of the output pieces, in bytes. */
  constructor(chunk = 256 * 1024) {
    this.#buffer = new Uint8Array(chunk);
    const code = zlib().inflateInit2_(ptr(this.#stream), GZIP_ONLY, ptr(VERSION), STREAM_BYTES);
    if (code !== OK) throw new InflateError(`error ${code} at the start`);
  }

  /** Decodes a piece. Each chunk given to `sink` is valid only during that call. Throws InflateError. */
  write(input: Uint8Array, sink: (chunk: Uint8Array) => void): void {
    const view = this.#view;
    let at = 0;
    while (at < input.byteLength) {
      if (this.#started && !this.#within) zlib().inflateReset(ptr(this.#stream));
      this.#started = true;
      this.#within = true;
      const rest = input.subarray(at);
      view.setBigUint64(NEXT_IN, BigInt(ptr(rest)), true);
      view.setUint32(AVAIL_IN, rest.byteLength, true);
      for (;;) {
        view.setBigUint64(NEXT_OUT, BigInt(ptr(this.#buffer)), true);
        view.setUint32(AVAIL_OUT, this.#buffer.byteLength, true);
        const code = zlib().inflate(ptr(this.#stream), 0);
        const written = this.#buffer.byteLength - view.getUint32(AVAIL_OUT, true);
        if (written > 0) sink(this.#buffer.subarray(0, written));
        if (code === STREAM_END) {
          this.#within = false;
          break;
        }
        if (code === BUFFER_ERROR) break; // nothing more to do with this input
        if (code !== OK) throw new InflateError("the data is corrupt");
        if (view.getUint32(AVAIL_IN, true) === 0 && written < this.#buffer.byteLength) break;
      }
      at = input.byteLength - view.getUint32(AVAIL_IN, true);
      if (this.#within && at < input.byteLength) throw new InflateError("the data is corrupt");
    }
  }

  /** Says that no input is left. Throws InflateError where the file was cut off. */
  end(): void {
    if (this.#within || !this.#started) throw new InflateError("the data ends too early");
  }

  [Symbol.dispose](): void {
    zlib().inflateEnd(ptr(this.#stream));
  }
}
