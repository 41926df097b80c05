// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of the recipe parser: every key and form, every error with its place and fix, and real recipes. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, property, string } from "fast-check";
import { Failure } from "#base/errors";
import { formatProblem } from "#formats/yaml";
import type { Recipe } from "./model";
import { type ParsedRecipe, parseRecipe } from "./parse";

const HASH = "0123456789abcdef".repeat(4);
const COMMIT = "0123456789".repeat(4);
const HEAD = `name        : sample
version     : "1.10"
release     : 3
homepage    : https://example.org/sample
license     : MIT
`;

function parse(rest: string): ParsedRecipe {
  return parseRecipe("stone.yaml", HEAD + rest);
}

function good(rest: string): Recipe {
  const { recipe, problems } = parse(rest);
  expect(problems.map(formatProblem)).toEqual([]);
  if (recipe === undefined) throw new Error("no recipe");
  return recipe;
}

function problem(rest: string): { message: string; hint: string | undefined; line: number; severity: string } {
  const { problems } = parse(rest);
  const [first] = problems;
  if (first === undefined) throw new Error("no problem was found");
  return { message: first.message, hint: first.hint, line: first.place.line, severity: first.severity };
}

test("the identity, options and their defaults are understood", () => {
  const recipe = good("toolchain: gnu\nemul32: true\nstrip: 'false'\n");
  expect(recipe).toMatchObject({ name: "sample", version: "1.10", release: 3, licenses: ["MIT"] });
  expect(recipe.options).toEqual({
    toolchain: "gnu",
    cspgo: false,
    samplepgo: false,
    debug: true,
    strip: false,
    networking: false,
    compressman: false,
    lastrip: true,
    emul32: true,
    buildrpath: false,
    mold: false,
  });
});

test("an unquoted version keeps the digits that were written, with a warning", () => {
  const { recipe, problems } = parseRecipe("x", HEAD.replace('"1.10"', "1.10"));
  expect(recipe?.version).toBe("1.10");
  expect(problems.map((p) => [p.severity, p.hint])).toEqual([["warning", 'Write version: "1.10".']]);
});

test("texts that look like numbers stay texts", () => {
  const recipe = good(`summary: 2048
upstreams:
  - https://example.org/a.tar.gz: ${"12".repeat(32)}
  - git|https://example.org/b.git: ${COMMIT}
`);
  expect(recipe.root.summary).toBe("2048");
  expect(recipe.upstreams.map((u) => (u.kind === "git" ? u.ref : u.hash))).toEqual(["12".repeat(32), COMMIT]);
});

test("both forms of both kinds of upstream are understood", () => {
  const recipe = good(`upstreams:
    - https://example.org/dl/a%2B1.tar.xz : ${HASH.toUpperCase()}   # a remark
    - https://example.org/v/b.zip:
        hash: ${HASH}
        rename: c.zip
        stripdirs: 0
        unpackdir: deep/er
        mirrors:
            - https://mirror.example.org/b.zip
    - https://example.org/model.bin:
        hash: ${HASH}
        unpack: false
    - git|https://example.org/lib.git : ${COMMIT}
    - git|https://example.org/sub.git:
        ref: ${COMMIT}
        clonedir: third/sub
`);
  expect(recipe.upstreams.map((upstream) => ({ ...upstream, place: undefined }))).toEqual([
    {
      kind: "archive",
      uri: "https://example.org/dl/a%2B1.tar.xz",
      mirrors: [],
      hash: HASH,
      fileName: "a+1.tar.xz",
      unpack: true,
      stripDirs: 1,
      directory: "a+1.tar.xz",
      place: undefined,
    },
    {
      kind: "archive",
      uri: "https://example.org/v/b.zip",
      mirrors: ["https://mirror.example.org/b.zip"],
      hash: HASH,
      fileName: "c.zip",
      unpack: true,
      stripDirs: 0,
      directory: "deep/er",
      place: undefined,
    },
    {
      kind: "archive",
      uri: "https://example.org/model.bin",
      mirrors: [],
      hash: HASH,
      fileName: "model.bin",
      unpack: false,
      stripDirs: 1,
      directory: "model.bin",
      place: undefined,
    },
    {
      kind: "git",
      uri: "https://example.org/lib.git",
      mirrors: [],
      ref: COMMIT,
      fileName: "lib.git",
      directory: "lib.git",
      place: undefined,
    },
    {
      kind: "git",
      uri: "https://example.org/sub.git",
      mirrors: [],
      ref: COMMIT,
      fileName: "sub.git",
      directory: "third/sub",
      place: undefined,
    },
  ]);
});

test("folders of upstreams have the macros of the recipe's identity", () => {
  const recipe = good(`upstreams:
    - https://example.org/b.zip:
        hash: ${HASH}
        unpackdir: "%(name)-%(version)/data"
    - git|https://example.org/sub.git:
        ref: ${COMMIT}
        clonedir: "%(name)/sub"
`);
  expect(recipe.upstreams.map(({ directory }) => directory)).toEqual([
    `${recipe.name}-${recipe.version}/data`,
    `${recipe.name}/sub`,
  ]);
});

test("a path rule that can match nothing is a warning: recipes have them", () => {
  const { recipe, problems } = parseRecipe("stone.yaml", `${HEAD}paths:\n    - usr/bin\n`);
  expect(recipe?.root.paths.map(({ pattern }) => pattern)).toEqual(["usr/bin"]);
  expect(problems.map(({ severity, message }) => [severity, message])).toEqual([
    ["warning", 'The path "usr/bin" matches nothing, expected one that begins with /'],
  ]);
});

test("a pattern that is none and a homepage that is none are warned of", () => {
  const text = HEAD.replace(/^homepage.*$/m, "homepage: the web");
  const { recipe, problems } = parseRecipe("stone.yaml", `${text}paths:\n    - /usr/[ab\n    - /usr/[[]\n`);
  expect(recipe).toBeDefined();
  expect(problems.map(({ severity, message }) => [severity, message])).toEqual([
    ["warning", 'The homepage "the web" is no address'],
    ["warning", 'The path "/usr/[ab" is no pattern and matches nothing'],
  ]);
});

test("packages expand the identity in every text, and have all keys", () => {
  const recipe = good(`packages:
    - "%(name)-libs":
        summary: Libraries of %(name) %(version)-%(release), 100%% of them
        description: |
            Text
        license: [MIT, Zlib]
        homepage: https://example.org
        rundeps:
            - "%(name)"
            - pkgconfig(zlib)
        rundeps-exclude: ['^python\\(']
        conflicts: ["old-%(name)"]
        paths:
            - /usr/lib/lib%(name).so.*
            - /usr/bin/x: exe
    - meta:
        empty: true
`);
  const [libs, meta] = recipe.packages;
  expect(libs).toMatchObject({
    name: "sample-libs",
    summary: "Libraries of sample 1.10-3, 100% of them",
    description: "Text",
    licenses: ["MIT", "Zlib"],
    homepage: "https://example.org",
    empty: false,
  });
  expect(libs?.rundeps.map((d) => d.text)).toEqual(["sample", "pkgconfig(zlib)"]);
  expect(libs?.conflicts.map((d) => d.text)).toEqual(["old-sample"]);
  expect(libs?.paths.map((p) => [p.pattern, p.type])).toEqual([
    ["/usr/lib/libsample.so.*", "any"],
    ["/usr/bin/x", "exe"],
  ]);
  expect(meta).toMatchObject({ name: "meta", empty: true, rundeps: [] });
});

test("each line of a script knows its line in the recipe", () => {
  const recipe = good(`setup       : |
    # a comment of the script

    %configure
environment : export
  FOLDED=1
build       : make
profiles    :
    - emul32:
        setup : |
            %cmake
`);
  expect(recipe.build.scripts.setup).toEqual({
    text: "# a comment of the script\n\n%configure\n",
    lines: [7, 8, 9, 10],
    indent: 4,
  });
  expect(recipe.build.environment).toEqual({ text: "export FOLDED=1", lines: [10], indent: 14 });
  expect(recipe.build.scripts.build?.lines).toEqual([12]);
  expect(recipe.profiles.map((p) => [p.target, p.build.scripts.setup?.lines[0]])).toEqual([["emul32", 16]]);
});

test("the three forms of a tuning entry are understood", () => {
  const recipe = good("tuning:\n  - polly\n  - lto: full\n  - icf: false\n  - harden: true\n");
  expect(recipe.tuning.map((t) => [t.group, t.value])).toEqual([
    ["polly", true],
    ["lto", { choice: "full" }],
    ["icf", false],
    ["harden", true],
  ]);
});

test("a recipe brings macros of its own", () => {
  const recipe = good(`macros:
    definitions:
        - flavour: sweet
    actions:
        - bake:
            description: Bakes
            command: |
                oven %(flavour)
            dependencies:
                - binary(oven)
`);
  expect(recipe.definitions.map((d) => [d.id, d.value.text])).toEqual([["flavour", "sweet"]]);
  expect(recipe.actions.map((a) => [a.id, a.command.text, a.command.lines])).toEqual([
    ["bake", "oven %(flavour)\n", [13, 14]],
  ]);
});

test("empty values are absent values", () => {
  const recipe = good(
    "upstreams:\n# - https://example.org/a.tar.gz : x\nsummary: ~\nenvironment: (null)\nbuilddeps:\n",
  );
  expect(recipe.upstreams).toEqual([]);
  expect(recipe.root.summary).toBeUndefined();
  expect(recipe.build.environment).toBeUndefined();
});

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

const FIXTURES = join(import.meta.dir, "../../../../shared/fixtures/recipes");

test.skipIf(!existsSync(FIXTURES))(
  "real recipes parse, and only keys without effect and unknown licences are warned of",
  () => {
    const names = readdirSync(FIXTURES);
    expect(names.length).toBeGreaterThan(40);
    const warnings: string[] = [];
    for (const name of names) {
      const { recipe, problems } = parseRecipe(name, readFileSync(join(FIXTURES, name, "stone.yaml"), "utf8"));
      expect([name, recipe === undefined]).toEqual([name, false]);
      warnings.push(...problems.map((p) => `${name}: ${p.message}`));
    }
    expect(warnings).toEqual([
      'containerd: Unknown key "tune" in the recipe, it has no effect',
      'qt5-declarative: Unknown key "staging" in a git repository, it has no effect',
      'sqlite: SPDX knows no licence "Public Domain"',
      'swtpm: SPDX knows no licence "TCGL"',
    ]);
  },
);
