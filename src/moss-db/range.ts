// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From a range of keys to the stretch of the environment that holds it. */
import { concat, EMPTY } from "#base/bytes";
import { Failure } from "#base/errors";
import type { Range } from "#moss-db/bucket";
import { encodeId } from "#moss-db/bucket-id";
import { type KeyCodec, MAX_KEY } from "#moss-db/codec";
import type { RangeOptions } from "#moss-db/lmdb";
import type { Session } from "#moss-db/session";

/** Key bytes, refused with `db.key` where they are longer than a key may be. */
export function checkedKey(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength > MAX_KEY) {
    throw new Failure("db.key", `Cannot use a key of ${bytes.byteLength} bytes: expected at most ${MAX_KEY} bytes`);
  }
  return bytes;
}

/** The smallest bytes above all that begin with `prefix`; undefined where there are none (it is all FF). */
function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  if (length === 0) return undefined;
  const out = new Uint8Array(prefix.subarray(0, length));
  out[length - 1] = (out[length - 1] ?? 0) + 1;
  return out;
}

function larger(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Buffer.compare(a, b) >= 0 ? a : b;
}

function smaller(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Buffer.compare(a, b) <= 0 ? a : b;
}

/** What to ask of LMDB for a range of bucket `id`; undefined where the range can hold nothing. */
export function rangeOptions<K, P>(
  session: Session,
  id: number,
  codec: KeyCodec<K, P>,
  range: Range<K, P>,
  values: boolean,
): RangeOptions | undefined {
  let from: Uint8Array = range.from === undefined ? EMPTY : checkedKey(codec.encode(range.from));
  let to = range.to === undefined ? undefined : checkedKey(codec.encode(range.to));
  if (range.prefix !== undefined) {
    if (codec.encodePrefix === undefined) throw new TypeError("Keys of this codec have no prefixes");
    const prefix = checkedKey(codec.encodePrefix(range.prefix));
    from = larger(from, prefix);
    to = smaller(to, afterPrefix(prefix));
  }
  if (range.limit !== undefined && range.limit <= 0) return undefined;
  if (to !== undefined && Buffer.compare(from, to) >= 0) return undefined;
  const prefix = encodeId(id);
  const low = concat([prefix, from]);
  const high = to === undefined ? encodeId(id + 1) : concat([prefix, to]);
  const reverse = range.reverse === true;
  return {
    start: reverse ? high : low,
    end: reverse ? low : high,
    values,
    reverse,
    exclusiveStart: reverse,
    inclusiveEnd: reverse,
    ...(range.limit === undefined ? {} : { limit: range.limit }),
    ...session.options,
  };
}
