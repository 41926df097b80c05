// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** How payloads are compressed: by named profile, always in one way for one input. */
import { EMPTY } from "#base/bytes";
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

/** A record payload: header and compressed body, ready for the file. */
export function encodeRecordPayload(
  kind: PayloadKind,
  plain: Uint8Array,
  records: number,
  profile: Profile,
): Uint8Array[] {
  const parts: Uint8Array[] = [];
  using encoder = new ZstdEncoder(encoderOptions(profile, plain.byteLength));
  encoder.write(plain, (chunk) => parts.push(chunk.slice()));
  encoder.end((chunk) => parts.push(chunk.slice()));
  const body = parts.length === 1 ? (parts[0] ?? EMPTY) : Buffer.concat(parts);
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
