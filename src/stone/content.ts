// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Slices the stream of a content payload into bodies and verifies each. This is the hot loop of every installation:
 * no objects are made for a body except views.
 */
import { equalBytes, hex } from "#base/bytes";
import { type StoneLimits, stoneFailure } from "#stone/format";
import type { PayloadHeader } from "#stone/header";
import { bodiesInOrder, type IndexRecord } from "#stone/index-records";
import { streamPayload } from "#stone/payload";
import type { ByteSource } from "#stone/source";
import { Xxh3_128 } from "#sys/xxh3";

/** Receives bodies one after another: `begin`, any number of `data`, `end`. Must not keep a chunk after the call. */
export interface ContentSink {
  begin(record: IndexRecord): void;
  /** `chunk` is valid only during the call. */
  data(chunk: Uint8Array): void;
  /** The body is complete and its XXH3-128 is that of the record. */
  end(record: IndexRecord): void;
}

class Slicer {
  readonly #bodies: readonly IndexRecord[];
  readonly #sink: ContentSink;
  readonly #name: string;
  readonly #hash: Xxh3_128;
  #next = 0;
  #current: IndexRecord | undefined;
  #position = 0;

  constructor(bodies: readonly IndexRecord[], sink: ContentSink, name: string, hash: Xxh3_128) {
    this.#bodies = bodies;
    this.#sink = sink;
    this.#name = name;
    this.#hash = hash;
    while (this.#bodies[this.#next]?.end === this.#bodies[this.#next]?.start && this.#next < this.#bodies.length) {
      this.#begin();
      this.#end();
    }
  }

  #begin(): void {
    const record = this.#bodies[this.#next++];
    if (record === undefined) return;
    this.#current = record;
    this.#hash.reset();
    this.#sink.begin(record);
  }

  #end(): void {
    const record = this.#current;
    if (record === undefined) return;
    const digest = this.#hash.digest();
    if (!equalBytes(digest, record.digest)) {
      const problem = `a body whose XXH3-128 is ${hex(digest)}, expected ${hex(record.digest)}`;
      throw stoneFailure("stone.digest", this.#name, problem);
    }
    this.#current = undefined;
    this.#sink.end(record);
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.byteLength) {
      if (this.#current === undefined) {
        const start = this.#bodies[this.#next]?.start;
        // Bytes that belong to no body are passed over; the payload's checksum covers them.
        const gap =
          start === undefined ? chunk.byteLength - at : Math.min(start - this.#position, chunk.byteLength - at);
        at += gap;
        this.#position += gap;
        if (start !== this.#position) continue;
        this.#begin();
        continue;
      }
      const size = Math.min(this.#current.end - this.#position, chunk.byteLength - at);
      const piece = size === chunk.byteLength ? chunk : chunk.subarray(at, at + size);
      this.#hash.update(piece);
      this.#sink.data(piece);
      at += size;
      this.#position += size;
      if (this.#position === this.#current.end) this.#end();
    }
  }
}

/**
 * Passes every body of a content payload to `sink`, once, in the order of the file. Throws `stone.digest` for a body
 * that is not what the index says, `stone.index` for overlapping bodies, and what `streamPayload` throws.
 */
export function streamContent(
  source: ByteSource,
  payload: PayloadHeader,
  index: readonly IndexRecord[],
  sink: ContentSink,
  limits: StoneLimits,
): void {
  using hash = new Xxh3_128();
  const slicer = new Slicer(bodiesInOrder(index, source.name), sink, source.name, hash);
  streamPayload(source, payload, (chunk) => slicer.push(chunk), limits);
}
