// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** How payloads are compressed: by named profile, always in one way for one input. */
import { concat, EMPTY } from "#base/bytes";
import { Failure } from "#base/errors";
import { type Amount, DEFAULT_LIMITS, type RecordKind } from "#stone/format";
import { encodePayloadHeader } from "#stone/header";
import { xxh3_64 } from "#sys/xxh3";
import { ZstdEncoder, type ZstdEncoderOptions } from "#sys/zstd";

export type Profile = "fast" | "default" | "max";

interface ProfileOptions {
  readonly level: number;
  readonly windowLog: number;
  readonly chainLog?: number;
  /** Whether the content may be cut into jobs for several threads. */
  readonly jobs: boolean;
}

/**
 * Windows stay at 8 MiB and below, so any decoder reads them, and an encoder takes at most 64 MiB beside its window. That
 * is why `max` is held to a smaller chain table than its level has, and to one thread (figures: docs/formats/stone.md).
 */
export const PROFILES: Readonly<Record<Profile, ProfileOptions>> = {
  fast: { level: 3, windowLog: 21, jobs: true },
  default: { level: 9, windowLog: 23, jobs: true },
  max: { level: 19, windowLog: 23, chainLog: 23, jobs: false },
};

/** Content above this is cut into jobs of this size; whether it is depends on nothing but the package. */
const JOB_SIZE = 4 * 2 ** 20;

/** Encoder options for content of `size` plain bytes. `threads` changes the speed and the memory, never the bytes. */
export function contentOptions(profile: Profile, size: number, threads: number): ZstdEncoderOptions {
  const { jobs, ...options } = PROFILES[profile];
  if (!jobs || size <= JOB_SIZE) return { ...options, size };
  return { ...options, size, threads: Math.max(1, Math.trunc(threads)), jobSize: JOB_SIZE };
}

function checkAmount(what: string, bytes: number, records: number, most: Amount): void {
  if (bytes <= most.bytes && records <= most.records) return;
  const problem = `${records} of ${bytes} bytes, expected at most ${most.records} of ${most.bytes}`;
  throw new Failure("stone.limit", `Cannot pack ${what} records: ${problem}`);
}

/** Compresses record payloads with one encoder: a repository has 65,535 of them. Dispose it with `using`. */
export class RecordEncoder {
  readonly #encoder: ZstdEncoder;
  #bytes = 0;
  #records = 0;

  constructor(profile: Profile) {
    const { jobs: _, ...options } = PROFILES[profile];
    this.#encoder = new ZstdEncoder(options);
  }

  /**
   * Header and compressed body of one payload, ready for the file. Throws `stone.limit` for more than our own reader takes,
   * in one payload or in all of a file.
   */
  encode(kind: RecordKind, plain: Uint8Array, records: number): Uint8Array[] {
    this.#bytes += plain.byteLength;
    this.#records += records;
    checkAmount(kind, plain.byteLength, records, DEFAULT_LIMITS.records[kind]);
    checkAmount("all", this.#bytes, this.#records, DEFAULT_LIMITS.several);
    const parts: Uint8Array[] = [];
    const keep = (chunk: Uint8Array) => void parts.push(chunk.slice());
    this.#encoder.reset(plain.byteLength);
    this.#encoder.write(plain, keep);
    this.#encoder.end(keep);
    const body = parts.length === 1 ? (parts[0] ?? EMPTY) : concat(parts);
    const header = encodePayloadHeader({
      storedSize: body.byteLength,
      plainSize: plain.byteLength,
      checksum: xxh3_64(body),
      records,
      kind,
      compression: "zstd",
    });
    return [header, body];
  }

  [Symbol.dispose](): void {
    this.#encoder[Symbol.dispose]();
  }
}
