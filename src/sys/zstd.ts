// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * zstd by streaming, from the system's libzstd (1.4 or later). The runtime's own zstd reads 2.5 to 4 times slower, and
 * cannot raise the window limit of a decoder, while stones may use windows above the usual 128 MiB.
 */
import type { Pointer } from "bun:ffi";
import { ptr } from "#sys/libc";
import { lazyLibrary } from "#sys/library";

const zstd = lazyLibrary("libzstd.so.1", "libzstd1 (Debian) or zstd", {
  ZSTD_createDCtx: { args: [], returns: "ptr" },
  ZSTD_freeDCtx: { args: ["ptr"], returns: "usize" },
  ZSTD_DCtx_setParameter: { args: ["ptr", "i32", "i32"], returns: "usize" },
  ZSTD_DCtx_reset: { args: ["ptr", "i32"], returns: "usize" },
  ZSTD_decompressStream: { args: ["ptr", "ptr", "ptr"], returns: "usize" },
  ZSTD_createCCtx: { args: [], returns: "ptr" },
  ZSTD_freeCCtx: { args: ["ptr"], returns: "usize" },
  ZSTD_CCtx_setParameter: { args: ["ptr", "i32", "i32"], returns: "usize" },
  ZSTD_CCtx_setPledgedSrcSize: { args: ["ptr", "u64"], returns: "usize" },
  ZSTD_CCtx_reset: { args: ["ptr", "i32"], returns: "usize" },
  ZSTD_compressStream2: { args: ["ptr", "ptr", "ptr", "i32"], returns: "usize" },
  ZSTD_isError: { args: ["usize"], returns: "u32" },
  ZSTD_getErrorName: { args: ["usize"], returns: "cstring" },
});

/** An error of libzstd, in its words. */
export class ZstdError extends Error {
  constructor(text: string) {
    super(`zstd: ${text}`);
    this.name = "ZstdError";
  }
}

function check(result: number | bigint): number {
  if (zstd().ZSTD_isError(result) !== 0) throw new ZstdError(String(zstd().ZSTD_getErrorName(result)));
  return Number(result);
}

function made(pointer: number | bigint | null): Pointer {
  if (typeof pointer !== "number" || pointer === 0) throw new ZstdError("out of memory");
  return pointer as Pointer;
}

// ZSTD_inBuffer and ZSTD_outBuffer: { void *buffer; size_t size; size_t pos; }
const ADDRESS = 0;
const SIZE = 1;
const POSITION = 2;

const D_WINDOW_LOG_MAX = 100;
const C_LEVEL = 100;
const C_WINDOW_LOG = 101;
const C_CHAIN_LOG = 103;
const C_CONTENT_SIZE_FLAG = 200;
const C_CHECKSUM_FLAG = 201;
const C_WORKERS = 400;
const C_JOB_SIZE = 401;
const RESET_SESSION = 1;
const CONTINUE = 0;
const END = 2;

/** What one step of a decoder did. */
export interface DecodeStep {
  /** Bytes of the input consumed. */
  readonly read: number;
  /** Bytes written to the output. */
  readonly written: number;
  /** True once the frame is complete and all of it has been written. */
  readonly done: boolean;
}

/** A streaming decoder of one frame at a time. Dispose it with `using`. */
export class ZstdDecoder {
  readonly #context: Pointer;
  readonly #in = new BigUint64Array(3);
  readonly #out = new BigUint64Array(3);

  /** @param windowLogMax largest accepted window, as a power of two (10..31). */
  constructor(windowLogMax = 27) {
    this.#context = made(zstd().ZSTD_createDCtx());
    check(zstd().ZSTD_DCtx_setParameter(this.#context, D_WINDOW_LOG_MAX, windowLogMax));
  }

  /** Makes the decoder ready for a new frame, dropping what it was doing. */
  reset(): void {
    check(zstd().ZSTD_DCtx_reset(this.#context, RESET_SESSION));
  }

  /** Decodes from `input` to `output`; call until `done`. Throws ZstdError. */
  step(input: Uint8Array, output: Uint8Array): DecodeStep {
    const source = this.#in;
    const target = this.#out;
    source[ADDRESS] = input.byteLength === 0 ? 0n : BigInt(ptr(input));
    source[SIZE] = BigInt(input.byteLength);
    source[POSITION] = 0n;
    target[ADDRESS] = output.byteLength === 0 ? 0n : BigInt(ptr(output));
    target[SIZE] = BigInt(output.byteLength);
    target[POSITION] = 0n;
    const left = check(zstd().ZSTD_decompressStream(this.#context, ptr(target), ptr(source)));
    return { read: Number(source[POSITION]), written: Number(target[POSITION]), done: left === 0 };
  }

  [Symbol.dispose](): void {
    zstd().ZSTD_freeDCtx(this.#context);
  }
}

export interface ZstdEncoderOptions {
  readonly level: number;
  /** Window as a power of two; the level's default where absent. */
  readonly windowLog?: number;
  /** Size of the match finder's chain table as a power of two; the level's default where absent. */
  readonly chainLog?: number;
  /**
   * Threads of libzstd, each compressing jobs of `jobSize` bytes; 0 (where absent) compresses in the caller's thread.
   * The output depends on `jobSize`, not on how many threads there are, but 0 and 1 give different bytes.
   */
  readonly threads?: number;
  readonly jobSize?: number;
  /** Exact number of bytes that will be written; recorded in the frame header. */
  readonly size?: number;
}

/** A streaming encoder of one frame; the same input and options give the same bytes. Dispose it with `using`. */
export class ZstdEncoder {
  readonly #context: Pointer;
  readonly #in = new BigUint64Array(3);
  readonly #out = new BigUint64Array(3);
  readonly #buffer: Uint8Array;

  /** @param chunk size of the output pieces, in bytes. */
  constructor(options: ZstdEncoderOptions, chunk = 256 * 1024) {
    this.#buffer = new Uint8Array(chunk);
    this.#context = made(zstd().ZSTD_createCCtx());
    const set = (parameter: number, value: number) =>
      check(zstd().ZSTD_CCtx_setParameter(this.#context, parameter, value));
    set(C_LEVEL, options.level);
    if (options.windowLog !== undefined) set(C_WINDOW_LOG, options.windowLog);
    if (options.chainLog !== undefined) set(C_CHAIN_LOG, options.chainLog);
    if (options.threads !== undefined && options.threads > 0) {
      set(C_WORKERS, options.threads);
      if (options.jobSize !== undefined) set(C_JOB_SIZE, options.jobSize);
    }
    set(C_CONTENT_SIZE_FLAG, 1);
    set(C_CHECKSUM_FLAG, 0);
    if (options.size !== undefined) check(zstd().ZSTD_CCtx_setPledgedSrcSize(this.#context, BigInt(options.size)));
  }

  /** Makes the encoder ready for a new frame of `size` bytes, dropping what it was doing; other options stay. */
  reset(size?: number): void {
    check(zstd().ZSTD_CCtx_reset(this.#context, RESET_SESSION));
    if (size !== undefined) check(zstd().ZSTD_CCtx_setPledgedSrcSize(this.#context, BigInt(size)));
  }

  /** Encodes a piece. Each chunk given to `sink` is valid only during that call. */
  write(input: Uint8Array, sink: (chunk: Uint8Array) => void): void {
    this.#run(input, CONTINUE, sink);
  }

  /** Ends the frame. */
  end(sink: (chunk: Uint8Array) => void): void {
    this.#run(new Uint8Array(0), END, sink);
  }

  #run(input: Uint8Array, directive: number, sink: (chunk: Uint8Array) => void): void {
    const source = this.#in;
    const target = this.#out;
    source[ADDRESS] = input.byteLength === 0 ? 0n : BigInt(ptr(input));
    source[SIZE] = BigInt(input.byteLength);
    source[POSITION] = 0n;
    for (;;) {
      target[ADDRESS] = BigInt(ptr(this.#buffer));
      target[SIZE] = BigInt(this.#buffer.byteLength);
      target[POSITION] = 0n;
      const left = check(zstd().ZSTD_compressStream2(this.#context, ptr(target), ptr(source), directive));
      const written = Number(target[POSITION]);
      if (written > 0) sink(this.#buffer.subarray(0, written));
      if (directive === END ? left === 0 : Number(source[POSITION]) === input.byteLength) return;
    }
  }

  [Symbol.dispose](): void {
    zstd().ZSTD_freeCCtx(this.#context);
  }
}
