// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of the recipe parser: every key and form, and real recipes. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { COMMIT, good, HEAD, parse } from "#tests/support/recipe-text";
import { parseRecipe } from "./parse";

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

test("a path rule that can match nothing is a warning: recipes have them", () => {
  const { recipe, problems } = parseRecipe("stone.yaml", `${HEAD}paths:\n    - usr/bin\n`);
  expect(recipe?.root.paths.map(({ pattern }) => pattern)).toEqual(["usr/bin"]);
  expect(problems.map(({ severity, message }) => [severity, message])).toEqual([
    ["warning", 'The path "usr/bin" matches nothing, expected one that begins with /'],
  ]);
});

test("a recipe chooses the second level of patterns for all of its own rules", () => {
  const keys = 'paths:\n    - /usr/bin/*\npackages:\n    - a:\n        paths:\n            - "!/usr/lib/*"\n';
  const levels = (text: string) => {
    const { syntax, root, packages } = good(text + keys);
    return [syntax, ...[root, ...packages].flatMap(({ paths }) => paths.map(({ level }) => level ?? 1))];
  };
  expect([levels(""), levels("syntax: 1\n"), levels("syntax: 2\n")]).toEqual([
    [1, 1, 1],
    [1, 1, 1],
    [2, 2, 2],
  ]);
  const { recipe, problems } = parse("syntax: 3\n");
  expect([recipe, problems[0]?.place.line]).toEqual([undefined, 6]);
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
