// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of the recipe parser: every mistake with its place and fix, and texts of any kind. */
import { expect, test } from "bun:test";
import { assert, property, string } from "fast-check";
import { Failure } from "#base/errors";
import { formatProblem } from "#formats/yaml";
import { COMMIT, HASH, HEAD, parse, problem } from "#tests/support/recipe-text";
import { parseRecipe } from "./parse";

test("an unknown key is a warning with a suggestion, at every level", () => {
  for (const [text, hint] of [
    ["rundep: [a]\n", 'Did you mean "rundeps"?'],
    ["tune: [lto]\n", 'Did you mean "tuning"?'],
    ["test: x\n", 'Did you mean "check"?'],
    ["packages:\n  - a:\n      sumary: x\n", 'Did you mean "summary"?'],
    ["profiles:\n  - emul32:\n      instal: x\n", 'Did you mean "install"?'],
    [`upstreams:\n  - https://e.org/a.gz:\n      hash: ${HASH}\n      extract: false\n`, 'Did you mean "unpack"?'],
    [
      `upstreams:\n  - git|https://e.org/a:\n      ref: ${COMMIT}\n      staging: false\n`,
      'Remove "staging": it has no effect.',
    ],
  ] as const) {
    const found = problem(text);
    expect([found.severity, found.hint]).toEqual(["warning", hint]);
    expect(parse(text).problems[0]?.code).toBe("recipe.unknown-key");
    expect(parse(text).recipe).toBeDefined();
  }
});

const ERRORS: readonly (readonly [string, string, number])[] = [
  ["release: 3\n", "Map keys must be unique", 6],
  ["networking: yes\n", '"networking" is "yes", expected true or false', 6],
  ["toolchain: clang\n", 'The toolchain "clang" is unknown', 6],
  [
    "builddeps:\n  - pkgconf(zlib)\n",
    'Cannot read the dependency "pkgconf(zlib)": unknown kind "pkgconf", expected kind(name)',
    7,
  ],
  ["builddeps:\n  - a:\n      b\n", 'An item of "builddeps" is a mapping, expected a text', 7],
  ["builddeps: {a: b}\n", '"builddeps" is a mapping, expected a list', 6],
  ["builddeps:\n  -\n  - a\n", '"builddeps" has an empty item', 7],
  ["rundeps-exclude:\n  - '('\n", '"rundeps-exclude" has "(", which is no regular expression', 7],
  ['rundeps:\n  - "%(prefix)"\n', "The macro %(prefix) has no value here", 7],
  ["paths:\n  - /usr/bin: file\n", '"file" is no type of a path', 7],
  ["packages:\n  - a: {}\n    b: {}\n", 'A package has a second key "b", expected one key an item', 8],
  ["packages:\n  - a/b: {}\n", '"a/b" cannot name a package', 7],
  [
    "upstreams:\n  - https://e.org/a.gz: 1234\n",
    "The hash of an upstream has 4 digits, expected 64 hexadecimal digits",
    7,
  ],
  ["upstreams:\n  - https://e.org/a.gz:\n", "An archive has no hash, expected its SHA-256", 7],
  [`upstreams:\n  - a.gz: ${HASH}\n`, 'The upstream "a.gz" is not an address of a known kind', 7],
  [
    `upstreams:\n  - https://e.org/a.gz:\n      hash: ${HASH}\n      unpackdir: ../x\n`,
    'The folder "../x" leaves the build folder',
    7,
  ],
  [
    `upstreams:\n  - https://e.org/a.gz:\n      hash: ${HASH}\n      rename: a/b\n`,
    'The upstream has no usable file name ("a/b")',
    7,
  ],
  [
    `upstreams:\n  - git|https://e.org/a:\n      ref: ${COMMIT}\n      hash: x\n`,
    'The key "hash" does not belong to a git repository',
    9,
  ],
  ["upstreams:\n  - git|https://e.org/a:\n", "A git upstream has no ref, expected a commit", 7],
  ["macros:\n  actions:\n    - a-b: {command: x}\n", '"a-b" cannot name a macro', 8],
  ["macros:\n  actions:\n    - ab: {description: x}\n", 'The action "ab" has no command', 8],
];

test("each mistake is reported with its line and what was expected", () => {
  for (const [text, message, line] of ERRORS) {
    const { recipe, problems } = parse(text);
    expect(recipe).toBeUndefined();
    const found = problems.filter((p) => p.severity === "error").map((p) => [p.message, p.place.line]);
    expect(found).toContainEqual([message, line]);
  }
});

test("all mistakes of a file are reported at once, in its order", () => {
  const { problems } = parse("strip: 1\nlastrip: 2\nbuildeps: []\n");
  expect(problems.map((p) => [p.place.line, p.severity])).toEqual([
    [6, "error"],
    [7, "error"],
    [8, "warning"],
  ]);
});

test("missing mandatory keys are named", () => {
  const { recipe, problems } = parseRecipe("x", "name: a\n");
  expect(recipe).toBeUndefined();
  expect(problems.map((p) => p.message)).toEqual([
    'The recipe has no "version"',
    'The recipe has no "release"',
    'The recipe has no "license"',
    'The recipe has no "homepage"',
  ]);
});

test("a problem shows the line, a mark below the word and the fix", () => {
  const [found] = parse("tune        :\n    - lto\n").problems;
  expect(found && formatProblem(found)).toBe(
    [
      'stone.yaml:6:1: warning: Unknown key "tune" in the recipe, it has no effect [recipe.unknown-key]',
      "  6 | tune        :",
      "    | ^^^^",
      '  fix: Did you mean "tuning"?',
    ].join("\n"),
  );
});

test("anything at all is either parsed or refused with problems, never a crash", () => {
  const check = (text: string) => {
    const { recipe, problems } = parseRecipe("fuzz", text);
    if (recipe === undefined) expect(problems.some((p) => p.severity === "error")).toBe(true);
  };
  assert(property(string({ unit: "binary", maxLength: 200 }), check), { numRuns: 300 });
  assert(
    property(string({ maxLength: 40 }), (piece) => check(`${HEAD}packages:\n  - ${piece}\nbuild: |\n  ${piece}\n`)),
    { numRuns: 300 },
  );
});

test("a text that is too large is refused before it is parsed", () => {
  expect(() => parseRecipe("big", "a".repeat(9 << 20))).toThrow(Failure);
});
