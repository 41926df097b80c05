// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Decoding of one payload body, in one pass: stored bytes are read, hashed and decompressed, and the plain bytes come
 * out in pieces. Memory: two buffers and the decoder's window, whatever the size of the payload.
 */
import { DEFAULT_LIMITS, type StoneLimits, stoneFailure } from "#stone/format";
import type { PayloadHeader } from "#stone/header";
import type { ByteSource } from "#stone/source";
import { FRAME_HEADER_MAX, readFrameHeader } from "#stone/zstd-frame";
import { Xxh3_64, xxh3_64 } from "#sys/xxh3";
import { ZstdDecoder, ZstdError } from "#sys/zstd";

const WINDOW_LOG_MAX = 31;
const LARGE_WINDOW = 128 * 2 ** 20;
const PAYLOAD_VERSION = 1;
/** A piece stays in the processor's cache from its decompression to its last hash. */
const CHUNK = 256 * 1024;

/** Buffers that wait for the next payload; a decoder in use has taken its pair. */
const spare: Uint8Array[] = [];

function takeBuffer(): Uint8Array {
  return spare.pop() ?? new Uint8Array(CHUNK);
}

function giveBuffer(buffer: Uint8Array): void {
  if (spare.length < 4) spare.push(buffer);
}

/** A decoder that waits for the next payload: making one costs more than decoding a small payload. */
let idle: ZstdDecoder | undefined;
const KEEP_WINDOW = 8 * 2 ** 20;

/** Runs `work` with a decoder. `work` gives the largest window it met; one that saw a large one is not kept. */
function withDecoder(work: (decoder: ZstdDecoder) => number): void {
  const decoder = idle ?? new ZstdDecoder(WINDOW_LOG_MAX);
  idle = undefined;
  let window = Number.POSITIVE_INFINITY;
  try {
    window = work(decoder);
  } finally {
    if (window <= KEEP_WINDOW && idle === undefined) {
      decoder.reset();
      idle = decoder;
    } else decoder[Symbol.dispose]();
  }
}

/**
 * The window that the frame at the start of `bytes` wants, in bytes. Throws `stone.limit` where it is more memory than
 * the limits allow, `stone.payload` where the frame says that it is larger than what is left of the payload.
 */
function checkFrame(bytes: Uint8Array, plainSize: number, limits: StoneLimits, name: string): number {
  const frame = readFrameHeader(bytes.subarray(0, FRAME_HEADER_MAX));
  if (frame === undefined) return 0;
  // A decoder touches no more of its window than the plain bytes fill.
  const memory = Math.min(frame.window, plainSize);
  if (memory > limits.window) {
    const problem = `a zstd window of ${frame.window} bytes, expected at most ${limits.window}`;
    throw stoneFailure("stone.limit", name, problem);
  }
  // The format's other writers ask for windows as large as the package: better said than killed for it half-way.
  const free = memory > LARGE_WINDOW ? limits.free() : memory;
  if (memory > free) {
    const problem = `it takes ${memory} bytes of memory to unpack, and only ${free} are free, expected more`;
    throw stoneFailure("stone.limit", name, problem, { hint: "Packages made by moss need 8 MiB: make it anew." });
  }
  if (frame.contentSize !== undefined && frame.contentSize > plainSize) {
    const problem = `a payload that decompresses to ${frame.contentSize} bytes, expected ${plainSize}`;
    throw stoneFailure("stone.payload", name, problem);
  }
  return frame.window;
}

/** The first bytes of a frame at position `at`, of which `rest` are at hand; a chunk may end within them. */
function frameHead(source: ByteSource, at: number, rest: Uint8Array, end: number): Uint8Array {
  if (rest.byteLength >= FRAME_HEADER_MAX) return rest;
  const head = new Uint8Array(Math.min(FRAME_HEADER_MAX, end - at));
  readExactly(source, head, at);
  return head;
}

function zstdFailure(cause: unknown, name: string): unknown {
  return cause instanceof ZstdError
    ? stoneFailure("stone.zstd", name, "a payload is not valid zstd, expected whole frames", { cause })
    : cause;
}

function wrongSize(found: string, payload: PayloadHeader, name: string): Error {
  return stoneFailure("stone.payload", name, `${found} bytes in a payload, expected ${payload.plainSize}`);
}

function wrongChecksum(payload: PayloadHeader, name: string): Error {
  const hash = payload.checksum.toString(16).padStart(16, "0");
  return stoneFailure("stone.checksum", name, `a damaged ${payload.kind} payload, expected checksum ${hash}`);
}

/** Exactly `size` bytes of the source, in its own memory where they are, else in `buffer`. Throws `stone.truncated`. */
function chunkOf(source: ByteSource, at: number, size: number, buffer: Uint8Array): Uint8Array {
  const held = source.view?.(at, size);
  if (held?.byteLength === size) return held;
  const chunk = buffer.subarray(0, size);
  readExactly(source, chunk, at);
  return chunk;
}

/** Reads exactly `target` from the source. Throws `stone.truncated`. */
export function readExactly(source: ByteSource, target: Uint8Array, at: number): void {
  const count = source.read(target, at);
  if (count !== target.byteLength) {
    const problem = `it ends at byte ${at + count}, expected ${target.byteLength - count} more`;
    throw stoneFailure("stone.truncated", source.name, problem);
  }
}

function checkPayload(payload: PayloadHeader, name: string): void {
  if (payload.version !== PAYLOAD_VERSION) {
    const problem = `a ${payload.kind} payload of version ${payload.version}, expected ${PAYLOAD_VERSION}`;
    throw stoneFailure("stone.version", name, problem);
  }
  if (payload.compression === "unknown") {
    const problem = `a payload compressed by method ${payload.compressionId}, expected none (1) or zstd (2)`;
    throw stoneFailure("stone.payload", name, problem);
  }
}

/**
 * Streams a payload's plain bytes to `sink`; a piece is valid only during the call. Verifies the stored bytes'
 * XXH3-64 at the end, so nothing that `sink` was given may be relied on before this returns.
 * Throws `stone.zstd`, `stone.payload` (wrong plain size), `stone.checksum`, `stone.limit`, `stone.truncated`.
 */
export function streamPayload(
  source: ByteSource,
  payload: PayloadHeader,
  sink: (chunk: Uint8Array) => void,
  limits: StoneLimits = DEFAULT_LIMITS,
): void {
  checkPayload(payload, source.name);
  if (payload.plainSize > limits.content) {
    const problem = `a payload of ${payload.plainSize} bytes, expected at most ${limits.content}`;
    throw stoneFailure("stone.limit", source.name, problem);
  }
  using hash = new Xxh3_64();
  if (payload.compression === "none") copyPlain(source, payload, hash, sink);
  else decompress(source, payload, hash, sink, limits);
  if (hash.digest() !== payload.checksum) throw wrongChecksum(payload, source.name);
}

/** Passes `size` bytes from position `at` to `sink` in pieces, each valid only during the call. Throws `stone.truncated`. */
export function readInChunks(source: ByteSource, at: number, size: number, sink: (chunk: Uint8Array) => void): void {
  const buffer = takeBuffer();
  try {
    for (let done = 0; done < size; done += CHUNK) {
      sink(chunkOf(source, at + done, Math.min(CHUNK, size - done), buffer));
    }
  } finally {
    giveBuffer(buffer);
  }
}

function copyPlain(source: ByteSource, payload: PayloadHeader, hash: Xxh3_64, sink: (chunk: Uint8Array) => void): void {
  readInChunks(source, payload.bodyOffset, payload.storedSize, (chunk) => {
    hash.update(chunk);
    sink(chunk);
  });
}

function decompress(
  source: ByteSource,
  payload: PayloadHeader,
  hash: Xxh3_64,
  sink: (chunk: Uint8Array) => void,
  limits: StoneLimits,
): void {
  const { storedSize, plainSize, bodyOffset } = payload;
  const { name } = source;
  const input = takeBuffer();
  const output = takeBuffer();
  let plain = 0;
  let done = true; // no frame is open
  try {
    withDecoder((decoder) => {
      let window = 0;
      for (let at = 0; at < storedSize; ) {
        const chunk = chunkOf(source, bodyOffset + at, Math.min(CHUNK, storedSize - at), input);
        hash.update(chunk);
        at += chunk.byteLength;
        let used = 0;
        // One more turn with no input left empties what the decoder still holds.
        for (let more = true; more; ) {
          const rest = chunk.subarray(used);
          if (done && rest.byteLength > 0) {
            const head = frameHead(source, bodyOffset + at - rest.byteLength, rest, bodyOffset + storedSize);
            window = Math.max(window, checkFrame(head, plainSize - plain, limits, name));
            done = false;
          }
          const step = decoder.step(rest, output);
          used += step.read;
          plain += step.written;
          if (plain > plainSize) throw wrongSize(`more than ${plainSize}`, payload, name);
          if (step.written > 0) sink(output.subarray(0, step.written));
          done = step.done;
          more = used < chunk.byteLength || (!done && step.written === output.byteLength);
        }
      }
      return window;
    });
  } catch (cause) {
    throw zstdFailure(cause, name);
  } finally {
    giveBuffer(input);
    giveBuffer(output);
  }
  if (!done) throw stoneFailure("stone.zstd", name, "a zstd frame that is not complete, expected all of it");
  if (plain !== plainSize) throw wrongSize(`${plain}`, payload, name);
}

/** XXH3-64 of the stored bytes of a payload. */
export function storedChecksum(source: ByteSource, payload: PayloadHeader): bigint {
  using hash = new Xxh3_64();
  copyPlain(source, payload, hash, () => {});
  return hash.digest();
}

/**
 * A whole record payload in memory. Its sizes were bounded when the stone was opened (`#stone/amounts`); the checksum is
 * verified before anything is decompressed. Throws as `streamPayload` does.
 */
export function loadPayload(source: ByteSource, payload: PayloadHeader, limits: StoneLimits): Uint8Array {
  const { storedSize } = payload;
  const { name } = source;
  checkPayload(payload, name);
  const stored = new Uint8Array(storedSize);
  readExactly(source, stored, payload.bodyOffset);
  if (xxh3_64(stored) !== payload.checksum) throw wrongChecksum(payload, name);
  if (payload.compression === "none") return stored;
  try {
    return decompressWhole(stored, payload, limits, name);
  } catch (cause) {
    throw zstdFailure(cause, name);
  }
}

function decompressWhole(stored: Uint8Array, payload: PayloadHeader, limits: StoneLimits, name: string): Uint8Array {
  const { plainSize } = payload;
  // One byte more than promised: a bomb is seen by its first byte too many.
  const output = new Uint8Array(plainSize + 1);
  let used = 0;
  let plain = 0;
  let done = true;
  withDecoder((decoder) => {
    let window = 0;
    while (used < stored.byteLength) {
      if (done) window = Math.max(window, checkFrame(stored.subarray(used), plainSize - plain, limits, name));
      const step = decoder.step(stored.subarray(used), output.subarray(plain));
      used += step.read;
      plain += step.written;
      done = step.done;
      if (plain > plainSize) throw wrongSize(`more than ${plainSize}`, payload, name);
      if (!done && step.read === 0 && step.written === 0) break;
    }
    return window;
  });
  if (!done) throw stoneFailure("stone.zstd", name, "a zstd frame that is not complete, expected all of it");
  if (plain !== plainSize) throw wrongSize(`${plain}`, payload, name);
  return output.subarray(0, plainSize);
}
