// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Decoding of .xz by streaming, from the system's liblzma (dpkg itself needs it, so every Debian has it).
 * Neither the runtime nor Node has an xz decoder of its own.
 */
import { ptr } from "#sys/libc";
import { lazyLibrary } from "#sys/library";

const lzma = lazyLibrary("liblzma.so.5", "liblzma5 (Debian) or xz", {
  lzma_stream_decoder: { args: ["ptr", "u64", "u32"], returns: "i32" },
  lzma_code: { args: ["ptr", "i32"], returns: "i32" },
  lzma_end: { args: ["ptr"], returns: "void" },
});

// lzma_stream: next_in, avail_in, total_in, next_out, avail_out, total_out, then private and reserved fields; 136 bytes.
const STREAM_WORDS = 17;
const NEXT_IN = 0;
const AVAIL_IN = 1;
const NEXT_OUT = 3;
const AVAIL_OUT = 4;

const RUN = 0;
const FINISH = 3;
const OK = 0;
const STREAM_END = 1;
const CONCATENATED = 0x08;

const ERRORS: Readonly<Record<number, string>> = {
  5: "out of memory",
  6: "it needs more memory than the limit",
  7: "not in the xz format",
  8: "options that this decoder does not know",
  9: "the data is corrupt",
  10: "the data ends too early",
};

/** An error of liblzma, in words. */
export class XzError extends Error {
  constructor(code: number) {
    super(`xz: ${ERRORS[code] ?? `error ${code}`}`);
    this.name = "XzError";
  }
}

/** A streaming decoder of one .xz file (several streams one after the other count as one). Dispose it with `using`. */
export class XzDecoder {
  readonly #stream = new BigUint64Array(STREAM_WORDS);
  readonly #buffer: Uint8Array;

  /**
   * @param memoryLimit bytes that the decoder may take (`xz -9` needs 65 MiB).
   * @param chunk size of the output pieces, in bytes.
   */
  constructor(memoryLimit = 256 * 1024 * 1024, chunk = 256 * 1024) {
    this.#buffer = new Uint8Array(chunk);
    const code = lzma().lzma_stream_decoder(ptr(this.#stream), BigInt(memoryLimit), CONCATENATED);
    if (code !== OK) throw new XzError(code);
  }

  /** Decodes a piece. Each chunk given to `sink` is valid only during that call. Throws XzError. */
  write(input: Uint8Array, sink: (chunk: Uint8Array) => void): void {
    this.#run(input, RUN, sink);
  }

  /** Says that no input is left. Throws XzError where the file was cut off. */
  end(sink: (chunk: Uint8Array) => void): void {
    this.#run(new Uint8Array(1).subarray(0, 0), FINISH, sink);
  }

  #run(input: Uint8Array, action: number, sink: (chunk: Uint8Array) => void): void {
    const stream = this.#stream;
    stream[NEXT_IN] = input.byteLength === 0 ? 0n : BigInt(ptr(input));
    stream[AVAIL_IN] = BigInt(input.byteLength);
    for (;;) {
      stream[NEXT_OUT] = BigInt(ptr(this.#buffer));
      stream[AVAIL_OUT] = BigInt(this.#buffer.byteLength);
      const code = lzma().lzma_code(ptr(stream), action);
      const written = this.#buffer.byteLength - Number(stream[AVAIL_OUT]);
      if (written > 0) sink(this.#buffer.subarray(0, written));
      if (code === STREAM_END) return;
      if (code !== OK) throw new XzError(code);
      if (action === RUN && stream[AVAIL_IN] === 0n && written < this.#buffer.byteLength) return;
    }
  }

  [Symbol.dispose](): void {
    lzma().lzma_end(ptr(this.#stream));
  }
}
