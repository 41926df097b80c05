// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** How payloads are compressed: by named profile, always in one way for one input. */
import { concat, EMPTY } from "#base/bytes";
import type { PayloadKind } from "#stone/format";
import { encodePayloadHeader } from "#stone/header";
import { xxh3_64 } from "#sys/xxh3";
import { ZstdEncoder, type ZstdEncoderOptions } from "#sys/zstd";

export type Profile = "fast" | "default" | "max";

/** Level and window (power of two) of each profile; windows stay at 8 MiB and below, so any decoder reads them. */
export const PROFILES = {
  fast: { level: 3, windowLog: 21 },
  default: { level: 9, windowLog: 23 },
  max: { level: 19, windowLog: 23 },
} as const satisfies Record<Profile, { level: number; windowLog: number }>;

/** Encoder options for a payload of `size` plain bytes. */
export function encoderOptions(profile: Profile, size: number): ZstdEncoderOptions {
  return { ...PROFILES[profile], size };
}

/** Compresses record payloads with one encoder: a repository has 65,535 of them. Dispose it with `using`. */
export class RecordEncoder {
  readonly #encoder: ZstdEncoder;

  constructor(profile: Profile) {
    this.#encoder = new ZstdEncoder(PROFILES[profile]);
  }

  /** Header and compressed body of one payload, ready for the file. */
  encode(kind: PayloadKind, plain: Uint8Array, records: number): Uint8Array[] {
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
