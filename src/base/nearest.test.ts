// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of the suggestions for mistyped words. */
import { expect, test } from "bun:test";
import { assert, property, string } from "fast-check";
import { editDistance, nearest } from "#base/nearest";

test("the distance counts inserts, deletes, replacements and swaps", () => {
  expect(editDistance("", "abc")).toBe(3);
  expect(editDistance("tune", "tuning")).toBe(3);
  expect(editDistance("biuld", "build")).toBe(1);
  expect(editDistance("same", "same")).toBe(0);
});

test("the distance is symmetric and zero only for equal words", () => {
  assert(
    property(string({ maxLength: 12 }), string({ maxLength: 12 }), (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
    }),
    { numRuns: 200 },
  );
});

test("a near word is suggested and a far one is not", () => {
  const keys = ["builddeps", "rundeps", "checkdeps"];
  expect(nearest("rundep", keys)).toBe("rundeps");
  expect(nearest("buildeps", keys)).toBe("builddeps");
  expect(nearest("zzz", keys)).toBeUndefined();
});
