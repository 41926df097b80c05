// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The matcher by itself; what patterns of recipes mean is tested where they are read. */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { Automaton, type Pattern } from "#base/automaton";

const letter = (char: string): Pattern => ({ kind: "one", of: (code) => code === char.codePointAt(0) });
const sequence = (...parts: Pattern[]): Pattern => ({ kind: "sequence", parts });
const repeat = (part: Pattern, least: number, most = Number.POSITIVE_INFINITY): Pattern => ({
  kind: "repeat",
  part,
  least,
  most,
});
const END: Pattern = { kind: "edge", edge: "end" };

test("a match begins at the start or anywhere, behind what is not looked at, and need not reach the end", () => {
  const pattern = sequence(letter("a"), letter("😀"));
  const fixed = new Automaton(pattern, false);
  expect(["a😀", "a😀b", "ba😀", "a"].map((text) => fixed.test(text))).toEqual([true, true, false, false]);
  expect(fixed.test("ba😀", 1)).toBe(true);
  const loose = new Automaton(sequence(pattern, END), true);
  expect(["a😀", "a😀b", "ba😀"].map((text) => loose.test(text))).toEqual([true, false, true]);
});

test("what is too large is refused, also where it repeats nothing", () => {
  for (const part of [letter("a"), sequence()]) {
    expect(() => new Automaton(repeat(repeat(part, 1000, 1000), 1000), false)).toThrow(RangeError);
  }
});

test("answers are the same whatever states were remembered, and forgotten, before", () => {
  // "An a, and so many others behind it": twice as many states with each.
  const both: Pattern = { kind: "either", parts: [letter("a"), letter("b")] };
  const pattern = sequence(letter("a"), repeat(both, 11, 11), END);
  const used = new Automaton(pattern, true);
  fc.assert(
    fc.property(fc.stringMatching(/^[ab]{0,60}$/), (text) => {
      expect([text, used.test(text)]).toEqual([text, text.at(-12) === "a"]);
    }),
    { numRuns: 1000 },
  );
});
