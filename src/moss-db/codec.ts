// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Codecs: how values become bytes and back. A type is stored by giving it an encode/decode pair; a pair whose bytes
 * sort as its values do is a `KeyCodec` and can also serve as key, as bucket name, and inside tuples.
 */
import { Failure } from "#base/errors";
import { copyBytes } from "#moss-db/copy";

export interface Codec<T> {
  /** Bytes of a value. The library does not change or keep them beyond the call that stores them. */
  encode(value: T): Uint8Array;
  /** The value of bytes. They are a private copy: a decoder may keep them or give them out. */
  decode(bytes: Uint8Array): T;
  /**
   * Optional short cut of `decode` that spares the copy: reads `source[start, end)`, which is valid only during the
   * call, so nothing of it may be kept.
   */
  read?(source: Buffer, start: number, end: number): T;
}

/** A codec whose encoded bytes, compared byte by byte, sort as its values do. `P` is what a prefix of a key is given as. */
export interface KeyCodec<T, P = never> extends Codec<T> {
  readonly ordered: true;
  /** Bytes of every encoded value, where that is a constant. */
  readonly width?: number;
  /** The bytes that the encoding of every key with this prefix begins with. */
  encodePrefix?(prefix: P): Uint8Array;
}

/** Longest key in bytes, after encoding, without the few bytes that name its bucket. LMDB's own limit is 1,978. */
export const MAX_KEY = 1960;

function badKey(value: unknown, expected: string): Failure {
  return new Failure("db.key", `Cannot encode the key ${quote(value)}: expected ${expected}`);
}

function quote(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** A failure for stored bytes that are not what a codec expects. */
export function badBytes(bytes: { readonly length: number }, expected: string): Failure {
  return new Failure("db.decode", `Cannot decode ${bytes.length} stored bytes: expected ${expected}`, {
    hint: "The database was written by something else, or is damaged.",
  });
}

const utf8Strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text, ordered by its UTF-8 bytes. Unpaired surrogates are refused: they have no UTF-8 form. */
export const text: KeyCodec<string, string> = {
  ordered: true,
  encode(value) {
    if (!value.isWellFormed()) throw badKey(value, "text without unpaired surrogates");
    return Buffer.from(value);
  },
  decode(bytes) {
    try {
      return utf8Strict.decode(bytes);
    } catch {
      throw badBytes(bytes, "UTF-8 text");
    }
  },
  encodePrefix(prefix) {
    return text.encode(prefix);
  },
};

/** Bytes as they are, ordered byte by byte. */
export const bytes: KeyCodec<Uint8Array, Uint8Array> = {
  ordered: true,
  encode: (value) => value,
  decode: (stored) => stored,
  read: copyBytes,
  encodePrefix: (prefix) => prefix,
};

/** Exactly `width` bytes, such as a digest. */
export function fixedBytes(width: number): KeyCodec<Uint8Array, Uint8Array> {
  return {
    ordered: true,
    width,
    encode(value) {
      if (value.byteLength !== width) throw badKey(`${value.byteLength} bytes`, `${width} bytes`);
      return value;
    },
    decode(stored) {
      if (stored.byteLength !== width) throw badBytes(stored, `${width} bytes`);
      return stored;
    },
    encodePrefix: (prefix) => prefix,
  };
}

/** `width` bytes written as lower-case hexadecimal digits (a SHA-256: `hexText(32)`), stored as the bytes. */
export function hexText(width: number): KeyCodec<string> {
  const shape = /^[0-9a-f]*$/;
  return {
    ordered: true,
    width,
    encode(value) {
      if (value.length !== width * 2 || !shape.test(value)) throw badKey(value, `${width * 2} hexadecimal digits`);
      return Buffer.from(value, "hex");
    },
    decode(stored) {
      if (stored.byteLength !== width) throw badBytes(stored, `${width} bytes`);
      return Buffer.from(stored.buffer, stored.byteOffset, width).toString("hex");
    },
    read(source, start, end) {
      if (end - start !== width) throw badBytes({ length: end - start }, `${width} bytes`);
      return source.toString("hex", start, end);
    },
  };
}

/** An integer from 0 to 2^32 - 1, in 4 bytes. */
export const u32: KeyCodec<number> = {
  ordered: true,
  width: 4,
  encode(value) {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw badKey(value, "an integer of 32 bits");
    const out = Buffer.allocUnsafe(4);
    out.writeUInt32BE(value, 0);
    return out;
  },
  decode(stored) {
    return readU32(stored, 0, stored.length);
  },
  read: readU32,
};

function readU32(source: Uint8Array, start: number, end: number): number {
  if (end - start !== 4) throw badBytes({ length: end - start }, "4 bytes");
  const at = (i: number) => source[start + i] ?? 0;
  return ((at(0) << 24) | (at(1) << 16) | (at(2) << 8) | at(3)) >>> 0;
}

/** An integer from 0 to 2^64 - 1, in 8 bytes. */
export const u64: KeyCodec<bigint> = {
  ordered: true,
  width: 8,
  encode(value) {
    if (value < 0n || value > 0xffffffffffffffffn) throw badKey(value, "an integer of 64 bits");
    const out = Buffer.allocUnsafe(8);
    out.writeBigUInt64BE(value, 0);
    return out;
  },
  decode(stored) {
    if (stored.byteLength !== 8) throw badBytes(stored, "8 bytes");
    return new DataView(stored.buffer, stored.byteOffset, 8).getBigUint64(0);
  },
};

const BIAS = 1n << 63n;

/** Any safe integer of JavaScript, negative ones too, in 8 bytes: ids, sizes, times. */
export const integer: KeyCodec<number> = {
  ordered: true,
  width: 8,
  encode(value) {
    if (!Number.isSafeInteger(value)) throw badKey(value, "a safe integer");
    return u64.encode(BigInt(value) + BIAS);
  },
  decode(stored) {
    const value = Number(u64.decode(stored) - BIAS);
    if (!Number.isSafeInteger(value)) throw badBytes(stored, "a safe integer");
    return value;
  },
};

/** The value of a bucket that is a set: its keys are all there is. */
export const nothing: Codec<true> = {
  encode: () => EMPTY,
  decode(stored) {
    if (stored.byteLength !== 0) throw badBytes(stored, "no bytes");
    return true;
  },
};
const EMPTY = new Uint8Array(0);

/**
 * Values stored as JSON. `parse` checks what was read and gives it its type; what it throws becomes the cause of a
 * `db.decode` failure.
 */
export function json<T>(parse: (value: unknown) => T): Codec<T> {
  return {
    encode(value) {
      const written = JSON.stringify(value) as string | undefined;
      if (written === undefined) throw new TypeError("This value has no JSON form");
      return Buffer.from(written);
    },
    decode: (stored) => parse(JSON.parse(text.decode(stored))),
    read: (source, start, end) => parse(JSON.parse(source.toString("utf8", start, end))),
  };
}
