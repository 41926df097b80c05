// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Regular expressions of recipes: what they mean, what is none, and that no text takes them long. */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { compileExpression } from "./expression";

test("an expression means what it means in Rust", () => {
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
    ["(?-i)A", "a", false],
    ["a(?i)b|c", "aB", true],
    ["a(?i)b|c", "C", true],
    ["(?i:a)b", "AB", false],
    ["(?i)[^a]", "A", false],
    ["(?i)\\p{Lu}", "a", true],
    ["(?i)straße", "STRAßE", true],
    ["(?<n>a)|", "", true],
    ["^a{2}$", "aa", true],
    ["^a{2}$", "aaa", false],
    ["^a{2,}$", "aaaa", true],
    ["^a{1,3}?$", "aaaa", false],
    ["^(?:ab?)*$", "aaba", true],
    ["^(?:a*)*b$", "aac", false],
    ["\\blib\\b", "soname(lib-x)", true],
    ["\\blib\\b", "soname(libx)", false],
    ["\\Blib", "mylib", true],
    ["^\\d+$", "१२", true],
    ["^\\w+$", "größe_1", true],
    ["^\\W$", "ö", false],
    ["^[^\\d\\s]+$", "a-b", true],
    ["^\\p{Greek}+\\P{Greek}\\pL$", "αβab", true],
    ["^[[:^digit:]]$", "1", false],
    ["^[a[b-d]]+$", "abcd", true],
    ["^[]a-]+$", "]-a", true],
    ["^\\x41\\x{1F600}\\u0042$", "A😀B", true],
    ["^.$", "😀", true],
    ["a]}", "a]}", true],
    ["(?m)^b$", "a\nb\nc", true],
    ["c++$", "cc", true],
  ];
  for (const [expression, text, matches] of rows) {
    expect([expression, text, compileExpression(expression).test(text)]).toEqual([expression, text, matches]);
  }
});

test("what is no expression, or asks for what takes unbounded time, is told", () => {
  const rows: [expression: string, message: string][] = [
    ["(?R)a+", 'the flag "R" of "(?R)" is not supported'],
    ["(?=a)", 'a group that begins with "(?=a"'],
    ["(?<!a)b", 'a group that begins with "(?<!"'],
    ["(a)\\1", '"\\1" has no meaning here'],
    ["[[:vowel:]]", 'the class "[:vowel:]" is not known'],
    ["\\p{Klingon}", "is no known set of characters"],
    ["[a&&b]", '"&&" between sets is not supported'],
    ["[z-a]", "runs backwards"],
    ["[a", "not closed"],
    ["(a", "a bracket is not closed"],
    ["a)", "a closing bracket has no opening one"],
    ["*a", '"*" has nothing to repeat'],
    ["a{2,1}", "asks for more than it allows"],
    ["a{x}", 'a "{" is followed by no number'],
    ["\\", '"\\" has no meaning here'],
    ["(?:a{1000}){1000}", "it is too large"],
    ["(?:(?:){1000}){1000}", "it is too large"],
    [`${"(".repeat(500)}${")".repeat(500)}`, "more than 200 groups"],
    [`${"[".repeat(500)}a${"]".repeat(500)}`, "more than 100 sets"],
    [`a${"*".repeat(100_000)}`, "it is too large"],
  ];
  for (const [expression, message] of rows) {
    let found = "";
    try {
      compileExpression(expression);
    } catch (error) {
      found = error instanceof Error ? error.message : "";
    }
    expect([expression.slice(0, 20), found]).toEqual([expression.slice(0, 20), expect.stringContaining(message)]);
  }
});

test("expressions that other engines never come to an end with are answered", () => {
  const text = `${"a".repeat(3000)}!`;
  for (const expression of ["^(a+)+$", "^(a|a)*$", "^(a*)*b", "(.*)(.*)(.*)(.*)[xyz]$", "^(?:a?){500}a{500}$"]) {
    expect([expression, compileExpression(expression).test(text)]).toEqual([expression, false]);
  }
  // More states than are remembered.
  const many = compileExpression("(?:a|b)*a(?:a|b){12}c");
  const seeds = Array.from({ length: 20_000 }, (_, i) => ((i * i * 31) % 7 < 3 ? "a" : "b")).join("");
  expect(many.test(seeds)).toBe(false);
  expect(many.test(`${seeds}a${"ab".repeat(6)}c`)).toBe(true);
});

test("expressions that both engines know match alike", () => {
  const part = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "(?:a|b)", "(?:ab)", "^", "$", "\\b", "(?:|a)", "\\n");
  const piece = fc.tuple(part, fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,2}")).map(([one, often]) => {
    return often !== "" && /^(?:\^|\$|\\b)$/.test(one) ? one : one + often;
  });
  const expression = fc.array(fc.array(piece, { maxLength: 4 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(expression, fc.stringMatching(/^[ab \n]{0,8}$/), fc.boolean(), (ways, text, multiline) => {
      const source = ways.map((way) => way.join("")).join("|");
      const found = compileExpression(multiline ? `(?m)${source}` : source).test(text);
      expect([source, text, found]).toEqual([source, text, new RegExp(source, multiline ? "m" : "").test(text)]);
    }),
    { numRuns: 2000 },
  );
});
