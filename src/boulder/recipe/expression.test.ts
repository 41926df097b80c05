// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Regular expressions that recipes write for another engine. */
import { expect, test } from "bun:test";
import { compileExpression } from "./expression";

test("what JavaScript writes in another way is translated", () => {
  const rows: [expression: string, text: string, matches: boolean][] = [
    ["^python", "python(a)", true],
    ["^python", "Python(a)", false],
    ["(?i)^python", "Python(a)", true],
    ["a.b", "a\nb", false],
    ["(?s)a.b", "a\nb", true],
    ["(?is)A.b", "a\nB", true],
    ["^b", "a\nb", false],
    ["(?m)^b", "a\nb", true],
    ["(?x) a b  # two letters\n c", "abc", true],
    ["(?x)a\\ b[ #]", "a b#", true],
    ["(?P<kind>perl)\\(", "perl(", true],
    ["\\Aa\\z", "a", true],
    ["\\Aa\\z", "a\n", false],
    ["(?m)\\Aa\\z", "b\na", false],
    ["^[[:digit:]_]+$", "12_3", true],
    ["^[[:digit:]_]+$", "a", false],
    ["^[:a]+$", ":a", true],
    ["\\[[:]x\\]", "[:x]", true],
    ["[(?P<]", "P", true],
  ];
  for (const [expression, text, matches] of rows) {
    expect([expression, text, compileExpression(expression).test(text)]).toEqual([expression, text, matches]);
  }
});

test("what cannot be translated is told", () => {
  expect(() => compileExpression("(?U)a+")).toThrow('the flag "U" of "(?U)" is not supported');
  expect(() => compileExpression("(?-i)a")).toThrow('the flag "-"');
  expect(() => compileExpression("[[:^digit:]]")).toThrow('the class "[:^digit:]" is not supported');
  expect(() => compileExpression("(a")).toThrow(SyntaxError);
});
