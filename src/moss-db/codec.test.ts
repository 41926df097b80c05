// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Codecs give back what they were given, and the bytes of keys sort as the keys do. */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { compareBytes } from "#base/bytes";
import { Failure } from "#base/errors";
import { compareText } from "#base/order";
import { decodeId, encodeId, MAX_BUCKET_ID } from "#moss-db/bucket-id";
import { bytes, fixedBytes, hexText, integer, json, type KeyCodec, nothing, text, u32, u64 } from "#moss-db/codec";
import { tuple } from "#moss-db/tuple";

const sign = (n: number) => Math.sign(n);
const wellFormed = fc.string({ unit: "binary" }).filter((s) => s.isWellFormed());

function holds<T>(codec: KeyCodec<T, unknown>, values: fc.Arbitrary<T>, compare: (a: T, b: T) => number): void {
  fc.assert(
    fc.property(values, values, (a, b) => {
      expect(codec.decode(codec.encode(a).slice())).toEqual(a);
      expect(sign(compareBytes(codec.encode(a), codec.encode(b)))).toBe(sign(compare(a, b)));
      if (codec.width !== undefined) expect(codec.encode(a).byteLength).toBe(codec.width);
      if (codec.read !== undefined) {
        const stored = Buffer.concat([Buffer.from("xx"), codec.encode(a), Buffer.from("y")]);
        expect(codec.read(stored, 2, stored.length - 1)).toEqual(a);
      }
    }),
    { numRuns: 500 },
  );
}

const order = <T extends number | bigint>(a: T, b: T) => (a < b ? -1 : a > b ? 1 : 0);

test("text sorts by its UTF-8 bytes", () => holds(text, wellFormed, compareText));
test("bytes sort byte by byte", () => holds(bytes, fc.uint8Array(), compareBytes));
test("u32 sorts by value", () => holds(u32, fc.nat({ max: 0xffffffff }), order));
test("u64 sorts by value", () => holds(u64, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), order));
test("integer sorts by value, below zero too", () => holds(integer, fc.maxSafeInteger(), order));
test("digests of constant width sort byte by byte", () => {
  const digest = fc.uint8Array({ minLength: 16, maxLength: 16 });
  holds(fixedBytes(16), digest, compareBytes);
  holds(
    hexText(16),
    digest.map((d) => Buffer.from(d).toString("hex")),
    compareText,
  );
});

test("tuples sort by their first part, then by their second, whatever bytes the parts hold", () => {
  const parts = fc.tuple(fc.uint8Array({ max: 2, maxLength: 4 }), fc.nat({ max: 3 }), fc.uint8Array({ maxLength: 3 }));
  holds(
    tuple(bytes, u32, bytes),
    parts,
    (a, b) => compareBytes(a[0], b[0]) || order(a[1], b[1]) || compareBytes(a[2], b[2]),
  );
});

test("the encoding of a shorter tuple is a prefix of every tuple that begins with it, and of no other", () => {
  const codec = tuple(text, text, u32);
  const word = fc.string({ unit: fc.constantFrom("a", "\0", "\u0001", "\u00ff"), maxLength: 3 });
  fc.assert(
    fc.property(word, word, word, fc.nat({ max: 0xffffffff }), (wanted, first, second, n) => {
      const key = codec.encode([first, second, n]);
      const prefix = codec.encodePrefix?.([wanted]) ?? new Uint8Array();
      expect(compareBytes(key.slice(0, prefix.length), prefix) === 0).toBe(first === wanted);
    }),
    { numRuns: 1000 },
  );
});

test("numbers of buckets sort by value, and none is a prefix of another", () => {
  const id = fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 40_000 }), fc.nat({ max: MAX_BUCKET_ID }));
  fc.assert(
    fc.property(id, id, (a, b) => {
      const [x, y] = [encodeId(a), encodeId(b)];
      expect(decodeId(x)).toEqual({ id: a, length: x.length });
      expect(sign(compareBytes(x, y))).toBe(sign(a - b));
      if (a !== b) expect(compareBytes(x, y.slice(0, x.length))).not.toBe(0);
    }),
    { numRuns: 2000 },
  );
  expect(() => encodeId(MAX_BUCKET_ID + 1)).toThrow(RangeError);
  expect(decodeId(new Uint8Array([0xf0]))).toBeUndefined();
  expect(decodeId(new Uint8Array([0x80]))).toBeUndefined();
});

function codeOf(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return "no failure";
}

test("keys that a codec cannot hold are refused with db.key", () => {
  expect(codeOf(() => text.encode("\ud800"))).toBe("db.key");
  expect(codeOf(() => u32.encode(-1))).toBe("db.key");
  expect(codeOf(() => u32.encode(2 ** 32))).toBe("db.key");
  expect(codeOf(() => u64.encode(2n ** 64n))).toBe("db.key");
  expect(codeOf(() => integer.encode(0.5))).toBe("db.key");
  expect(codeOf(() => fixedBytes(2).encode(new Uint8Array(3)))).toBe("db.key");
  expect(codeOf(() => hexText(2).encode("ABCD"))).toBe("db.key");
});

test("stored bytes that are no value of a codec are refused with db.decode", () => {
  expect(codeOf(() => text.decode(new Uint8Array([0xff])))).toBe("db.decode");
  expect(codeOf(() => u32.decode(new Uint8Array(3)))).toBe("db.decode");
  expect(codeOf(() => u64.decode(new Uint8Array(3)))).toBe("db.decode");
  expect(codeOf(() => integer.decode(new Uint8Array(8).fill(0xff)))).toBe("db.decode");
  expect(codeOf(() => nothing.decode(new Uint8Array(1)))).toBe("db.decode");
  expect(codeOf(() => tuple(text, text).decode(new Uint8Array([65, 0, 2])))).toBe("db.decode");
  expect(codeOf(() => tuple(u32, u32).decode(new Uint8Array(9)))).toBe("db.decode");
});

test("JSON values pass through the check of their type", () => {
  const codec = json((value) => {
    if (typeof value !== "number") throw new TypeError("no number");
    return value;
  });
  expect(codec.decode(codec.encode(7))).toBe(7);
  expect(() => codec.decode(Buffer.from('"seven"'))).toThrow("no number");
});
