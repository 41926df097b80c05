// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Texts in lines that fit. */
import { expect, test } from "bun:test";
import { cut, makeStyle, textWidth } from "#cli/style";
import { reflowed, wrapped } from "#cli/wrap";

test("a paragraph is broken between words, and a word that is too long stands alone", () => {
  expect(wrapped("one two three four", 9)).toEqual(["one two", "three", "four"]);
  expect(wrapped("a\n\nb", 9)).toEqual(["a", "", "b"]);
  expect(wrapped("unbreakable-word it", 5)).toEqual(["unbreakable-word", "it"]);
  expect(wrapped("", 5)).toEqual([""]);
});

test("lines of a paragraph or of an item are joined before they are broken anew; other indented lines stay", () => {
  const text = `This was wrapped
by its author at some
other width.

It gives:
 * a first thing that
   goes on
 * a second
- third
  example --option
And ends.
`;
  expect(reflowed(text, 30)).toEqual([
    "This was wrapped by its author",
    "at some other width.",
    "",
    "It gives:",
    " * a first thing that goes on",
    " * a second",
    "- third example --option",
    "And ends.",
  ]);
  expect(reflowed("As in:\n  one two\n  three\nthat is all", 40)).toEqual([
    "As in:",
    "  one two",
    "  three",
    "that is all",
  ]);
  expect(reflowed(" * one two three", 11)).toEqual([" * one two", "   three"]);
  expect(reflowed("", 5)).toEqual([""]);
});

test("a line is cut to a width in columns, and keeps the escape sequences that end its colours", () => {
  expect(cut("short", 10)).toBe("short");
  expect(cut("0123456789abc", 10)).toBe("012345678…");
  const style = makeStyle(true);
  const line = `${style.red("0123456789")} and ${style.bold("more")}`;
  const shorter = cut(line, 8);
  expect(textWidth(shorter)).toBeLessThanOrEqual(8);
  expect(shorter).toContain("\u001b[39m");
  expect(textWidth(cut("漢字漢字漢字", 6))).toBeLessThanOrEqual(6);
});
