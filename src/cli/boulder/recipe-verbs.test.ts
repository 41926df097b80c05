// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `recipe check`, `recipe show` and `recipe macros` as a user runs them. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatReport } from "#stone/manifest-report";
import { run } from "#sys/process";

const base = mkdtempSync(join(tmpdir(), "recipe-verbs-"));
afterAll(() => rmSync(base, { recursive: true }));

const HEAD =
  'name: sample\nversion: "1"\nrelease: 1\nhomepage: https://example.org\nsummary: x\ndescription: x\nlicense: MIT\n';

function recipe(name: string, keys: string): string {
  mkdirSync(join(base, name));
  writeFileSync(join(base, name, "stone.yaml"), HEAD + keys);
  return name;
}

function boulder(...args: string[]) {
  return run([process.execPath, join(import.meta.dir, "../../../bin/boulder.ts"), ...args], { cwd: base });
}

interface Found {
  readonly file: string;
  readonly ok: boolean;
  readonly problems: readonly { severity: string; message: string; place: { line: number }; source: string }[];
}

test("check tells every mistake of every file with its line, those of scripts and tuning too", async () => {
  const args = [
    recipe("good", "build: |\n  true\n"),
    recipe("bad", "tune:\n  - lto\ntuning:\n  - lto: thick\nbuild: |\n  %mak\n"),
  ];
  const { code, stdout } = await boulder("recipe", "check", ...args, "--json");
  expect(code).toBe(1);
  const [good, bad] = JSON.parse(stdout) as Found[];
  expect(good).toMatchObject({ file: "good/stone.yaml", ok: true, problems: [] });
  expect(bad).toMatchObject({ file: "bad/stone.yaml", ok: false });
  expect(bad?.problems.map(({ severity, place, source }) => [severity, place.line, source])).toEqual([
    ["error", 8, "tune:"],
    ["error", 11, "  - lto: thick"],
    ["error", 13, "  %mak"],
  ]);
});

test("check warns of macros that replace shipped ones, and only of those", async () => {
  const own = `macros:
  definitions:
    - flavour: sweet
    - libdir: /usr/lib/else
  actions:
    - make: {description: x, command: make it}
    - bake: {description: x, command: bake it}
build: |
  %make
`;
  const { code, stdout } = await boulder("recipe", "check", recipe("own", own), "--json");
  const [found] = JSON.parse(stdout) as Found[];
  expect([code, found?.ok]).toEqual([0, true]);
  expect(
    found?.problems.map(({ severity, message, place, source }) => [severity, message, place.line, source]),
  ).toEqual([
    [
      "warning",
      expect.stringMatching(/^The definition "libdir" replaces the one of .*base\.yaml:\d+$/),
      11,
      "    - libdir:",
    ],
    ["warning", expect.stringMatching(/^The action "make" replaces the one of .*\.yaml:\d+$/), 13, "    - make:"],
  ]);
});

test("check warns of path rules that the recorded files show to go through folders, unless the recipe says what it means", async () => {
  const rest = `packages:
  - "%(name)-libs":
      paths:
        - /usr/lib/lib*.so.*
        - /usr/share/*.txt
        - /usr/share/all/*
build: |
  true
`;
  const files = ["/usr/lib/liba.so.1", "/usr/lib/libx/p.so.1", "/usr/lib/libx/q.so.2", "/usr/share/all/b/c"];
  for (const [name, more, warned] of [
    ["crossing", "", [["warning", 11, "        - /usr/lib/lib*.so.*"]]],
    ["crossing-2", "syntax: 2\n", []],
  ] as const) {
    const path = recipe(name, more + rest);
    const libs = { name: "sample-libs", buildDepends: [], depends: [], files, provides: [] };
    const report = { sourceName: "sample", sourceRelease: "1", sourceVersion: "1", packages: [libs] };
    writeFileSync(join(base, path, "manifest.x86_64.jsonc"), formatReport(report));
    writeFileSync(join(base, path, "manifest.other.jsonc"), "no manifest");
    const { code, stdout } = await boulder("recipe", "check", path, "--json");
    const [found] = JSON.parse(stdout) as Found[];
    expect(code).toBe(0);
    expect(found?.problems.map(({ severity, place, source }) => [severity, place.line, source])).toEqual(
      warned.map((row) => [...row]),
    );
    if (warned.length > 0) {
      expect(found?.problems[0]?.message).toBe(
        'The path "/usr/lib/lib*.so.*" takes "/usr/lib/libx/p.so.1" and 1 more through folders',
      );
    }
  }
});

test("check goes on past files that cannot be read, or are for machines that nobody knows", async () => {
  mkdirSync(join(base, "latin1"));
  writeFileSync(join(base, "latin1/stone.yaml"), Buffer.from(`${HEAD}builddeps: [caf\xe9]\n`, "latin1"));
  const args = ["absent", "latin1", recipe("vax", "architectures: [vax]\n"), recipe("fine", "build: x\n")];
  const { code, stdout } = await boulder("recipe", "check", ...args);
  expect(code).toBe(1);
  expect(stdout).toContain('Cannot find the recipe "absent"');
  expect(stdout).toContain('Cannot read "latin1/stone.yaml": line 8 is not UTF-8, expected UTF-8 text\n  fix: Save');
  expect(stdout).toMatch(/vax\/stone\.yaml: Cannot build for "vax": no macros for it\n {2}fix: There are macros for /);
  expect(stdout).toContain("fine/stone.yaml: fine");
});

test("changes in a control.kdl beside a recipe are said to have no effect", async () => {
  writeFileSync(join(base, recipe("controlled", "build: x\n"), "control.kdl"), 'override { check "" }\n');
  const { code, stdout } = await boulder("recipe", "check", "controlled");
  expect([code, stdout]).toEqual([0, expect.stringContaining("control.kdl beside the recipe is not read")]);
});

test("show tells a mistake once, and names the file", async () => {
  const { code, stderr } = await boulder("recipe", "show", recipe("wrong", "toolchain: tcc\n"));
  expect(code).toBe(1);
  expect(stderr.match(/The toolchain "tcc" is unknown/g)).toHaveLength(1);
  expect(stderr).toContain("wrong/stone.yaml:8:12: error:");
});

test("macros shows an action, a definition and a tuning group with the flags of both toolchains", async () => {
  const action = await boulder("recipe", "macros", "%make");
  expect(action.stdout + action.stderr).toContain("Needs in the root: binary(make)");
  const definition = await boulder("macros", "%(bindir)");
  expect(definition.stdout + definition.stderr).toContain("%(prefix)/bin");
  const group = await boulder("recipe", "macros", "relr", "--json");
  expect(JSON.parse(group.stdout)).toEqual({
    id: "relr",
    on: true,
    ways: [
      { way: "relr", flags: [{ toolchain: "both", language: "ld", text: "-Wl,-z,pack-relative-relocs" }] },
      { way: "relr: false", flags: [] },
    ],
  });
  const unknown = await boulder("recipe", "macros", "nosemantc");
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('Did you mean "nosemantic"?')]);
});
