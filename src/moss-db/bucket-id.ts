// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The numbers of buckets, as the first bytes of every key: 1 byte up to 127, then as many as needed. No encoding is a
 * prefix of another, and they sort as the numbers do, so the keys of one bucket lie together.
 *
 *   0xxxxxxx | 10xxxxxx +1 byte | 110xxxxx +2 bytes | 1110xxxx +3 bytes
 */
const LIMITS = [1 << 7, 1 << 14, 1 << 21, 1 << 28] as const;
const MARKS = [0x00, 0x80, 0xc0, 0xe0] as const;

/** How many buckets one database may have had in its life. */
export const MAX_BUCKET_ID = (1 << 28) - 1;

/** The encoding of a bucket's number. */
export function encodeId(id: number): Uint8Array {
  const extra = LIMITS.findIndex((limit) => id < limit);
  if (id < 0 || extra < 0) throw new RangeError(`${id} is no bucket number`);
  const out = new Uint8Array(extra + 1);
  let rest = id;
  for (let i = extra; i >= 0; i--) {
    out[i] = rest & 0xff;
    rest >>>= 8;
  }
  out[0] = (out[0] ?? 0) | (MARKS[extra] ?? 0);
  return out;
}

/** The bucket's number at the beginning of `bytes`, and how many bytes it takes; undefined where there is none. */
export function decodeId(bytes: Uint8Array): { readonly id: number; readonly length: number } | undefined {
  const first = bytes[0];
  if (first === undefined || first >= 0xf0) return undefined;
  const extra = first < 0x80 ? 0 : first < 0xc0 ? 1 : first < 0xe0 ? 2 : 3;
  if (bytes.byteLength <= extra) return undefined;
  let id = first - (MARKS[extra] ?? 0);
  for (let i = 1; i <= extra; i++) id = id * 256 + (bytes[i] ?? 0);
  return { id, length: extra + 1 };
}
