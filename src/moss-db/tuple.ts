// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Tuples as keys: several parts in one key, sorted by the first, then by the second, and so on.
 *
 * A part of constant width stands as it is, and so does the last part. Any other is written with each 00 byte as 00 FF
 * and ends with 00 01: a shorter part sorts before a longer one that begins with it, whatever follows.
 */
import { concat } from "#base/bytes";
import { badBytes, type KeyCodec } from "#moss-db/codec";

type Parts = readonly KeyCodec<unknown, unknown>[];
type ValueOf<C> = C extends { decode(bytes: Uint8Array): infer T } ? T : never;
type Values<C extends Parts> = { [I in keyof C]: ValueOf<C[I]> };

const END = new Uint8Array([0x00, 0x01]);

/**
 * The codec of a tuple. A prefix of such a key is a shorter tuple: `{ prefix: ["nano"] }` finds every key whose first
 * part is exactly `nano`.
 */
export function tuple<const C extends Parts>(...parts: C): KeyCodec<Values<C>, Partial<Values<C>>> {
  const last = parts.length - 1;
  const widths = parts.map((part) => part.width);
  const width = widths.every((w) => w !== undefined) ? widths.reduce((sum, w) => sum + w, 0) : undefined;

  // Plain loops: a new root writes thousands of keys, once.
  function encodeParts(values: readonly unknown[]): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (let index = 0; index < values.length; index++) {
      const part = parts[index];
      if (part === undefined) throw new RangeError(`A tuple of ${parts.length} has no part ${index}`);
      const bytes = part.encode(values[index]);
      if (index === last || part.width !== undefined) pieces.push(bytes);
      else pieces.push(escape(bytes), END);
    }
    return concat(pieces);
  }

  return {
    ordered: true,
    ...(width === undefined ? {} : { width }),
    encode(values) {
      if (values.length !== parts.length) throw new RangeError(`A key of ${parts.length} parts got ${values.length}`);
      return encodeParts(values);
    },
    encodePrefix: encodeParts,
    decode(bytes) {
      const values: unknown[] = [];
      let at = 0;
      parts.forEach((part, index) => {
        if (part.width !== undefined) {
          if (at + part.width > bytes.byteLength) throw badBytes(bytes, `a tuple of ${parts.length} parts`);
          values.push(part.decode(bytes.slice(at, at + part.width)));
          at += part.width;
        } else if (index === last) {
          values.push(part.decode(bytes.slice(at)));
          at = bytes.byteLength;
        } else {
          const end = findEnd(bytes, at);
          values.push(part.decode(unescape(bytes, at, end)));
          at = end + END.byteLength;
        }
      });
      if (at !== bytes.byteLength) throw badBytes(bytes, `a tuple of ${parts.length} parts and nothing after it`);
      return values as Values<C>;
    },
  };
}

function escape(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(0)) return bytes;
  const out: number[] = [];
  for (const byte of bytes) {
    out.push(byte);
    if (byte === 0) out.push(0xff);
  }
  return Uint8Array.from(out);
}

/** Index of the 00 01 that ends the part beginning at `from`. */
function findEnd(bytes: Uint8Array, from: number): number {
  let at = bytes.indexOf(0, from);
  while (at >= 0) {
    const next = bytes[at + 1];
    if (next === 0x01) return at;
    if (next !== 0xff) break;
    at = bytes.indexOf(0, at + 2);
  }
  throw badBytes(bytes, "the end of a part of a tuple");
}

function unescape(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const out = new Uint8Array(end - start);
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    out[length++] = byte;
    if (byte === 0) at += 1;
  }
  return out.slice(0, length);
}
