// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Writes the content payload: bodies back to back through one encoder, each verified against its digest on the way. */
import { closeSync, openSync, readSync } from "node:fs";
import { equalBytes, hex } from "#base/bytes";
import { Failure } from "#base/errors";
import type { BodySource } from "#stone/bodies";
import { contentOptions, type Profile } from "#stone/compression";
import { PAYLOAD_HEADER_SIZE } from "#stone/format";
import { encodePayloadHeader } from "#stone/header";
import type { StoneOutput } from "#stone/output";
import { Xxh3_64, Xxh3_128 } from "#sys/xxh3";
import { ZstdEncoder } from "#sys/zstd";

export interface OrderedBody {
  readonly digest: Uint8Array;
  readonly source: BodySource;
  readonly size: number;
  /** A path that it is installed at, for messages. */
  readonly path: string;
}

export interface ContentOptions {
  readonly profile: Profile;
  readonly threads: number;
}

const CHUNK = 1024 * 1024;

/** Gathers bodies in one buffer, so that thousands of small files cost few calls of the encoder. */
class Gatherer {
  readonly #buffer = new Uint8Array(CHUNK);
  readonly #hash: Xxh3_128;
  readonly #flush: (chunk: Uint8Array) => void;
  #used = 0;

  constructor(hash: Xxh3_128, flush: (chunk: Uint8Array) => void) {
    this.#hash = hash;
    this.#flush = flush;
  }

  /** Takes a body; each step gives the bytes of one piece of it. */
  *add(body: OrderedBody): Generator<number> {
    this.#hash.reset();
    let size = 0;
    const { source } = body;
    for (const piece of "bytes" in source ? this.#addBytes(source.bytes) : this.#addFile(source.file)) {
      size += piece;
      yield piece;
    }
    const digest = this.#hash.digest();
    if (size !== body.size || !equalBytes(digest, body.digest)) {
      const problem = `its body has ${size} bytes and XXH3-128 ${hex(digest)}`;
      const expected = `${body.size} bytes and ${hex(body.digest)}`;
      throw new Failure("stone.write", `Cannot pack "${body.path}": ${problem}, expected ${expected}`, {
        hint: "The file changed while it was packed, or its digest was wrong.",
      });
    }
  }

  #room(): Uint8Array {
    if (this.#used === CHUNK) this.end();
    return this.#buffer.subarray(this.#used);
  }

  #took(count: number): number {
    this.#hash.update(this.#buffer.subarray(this.#used, this.#used + count));
    this.#used += count;
    return count;
  }

  *#addBytes(bytes: Uint8Array): Generator<number> {
    for (let at = 0; at < bytes.byteLength; ) {
      const room = this.#room();
      const part = bytes.subarray(at, at + room.byteLength);
      room.set(part);
      at += part.byteLength;
      yield this.#took(part.byteLength);
    }
  }

  *#addFile(path: string): Generator<number> {
    const fd = openSync(path, "r");
    try {
      for (let at = 0; ; ) {
        const room = this.#room();
        const count = readSync(fd, room, 0, room.byteLength, at);
        if (count === 0) return;
        at += count;
        yield this.#took(count);
      }
    } finally {
      closeSync(fd);
    }
  }

  end(): void {
    if (this.#used > 0) this.#flush(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}

/**
 * Appends the content payload to a stone, piece by piece; each step gives the plain bytes done so far. Throws
 * `stone.write` where a body is not what its digest says.
 */
export function* contentSteps(
  output: StoneOutput,
  bodies: readonly OrderedBody[],
  options: ContentOptions,
): Generator<number> {
  const plainSize = bodies.reduce((sum, body) => sum + body.size, 0);
  const headerAt = output.size;
  output.write(new Uint8Array(PAYLOAD_HEADER_SIZE));
  const bodyAt = output.size;
  using stored = new Xxh3_64();
  using hash = new Xxh3_128();
  using encoder = new ZstdEncoder(contentOptions(options.profile, plainSize, options.threads));
  const sink = (chunk: Uint8Array) => {
    stored.update(chunk);
    output.write(chunk);
  };
  const gatherer = new Gatherer(hash, (chunk) => encoder.write(chunk, sink));
  let done = 0;
  for (const body of bodies) {
    for (const size of gatherer.add(body)) yield (done += size);
  }
  gatherer.end();
  encoder.end(sink);
  const header = encodePayloadHeader({
    storedSize: output.size - bodyAt,
    plainSize,
    checksum: stored.digest(),
    records: 0,
    kind: "content",
    compression: "zstd",
  });
  output.patch(header, headerAt);
}
