// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of plans: targets, profiles, stages, the root with its reasons, and the mistakes that stop a build early. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeError, Failure } from "#base/errors";
import { scriptText } from "../macros/expand";
import { dataFolders, familyOf, loadMacros } from "../macros/load";
import type { Recipe } from "../recipe/model";
import { parseRecipe } from "../recipe/parse";
import { makePlan, type Plan, type PlanOptions } from "./plan";
import { lookedAt } from "./targets";

const library = loadMacros(dataFolders());
const OPTIONS: PlanOptions = {
  library,
  family: familyOf(library, "serpent"),
  host: "x86_64",
  jobs: 3,
  sourceDateEpoch: 1234567890,
};
const HEAD = `name: sample
version: "1.0"
release: 1
homepage: https://example.org
license: MIT
upstreams:
  - https://example.org/data.bin: {hash: ${"0".repeat(64)}, unpack: false}
  - https://example.org/sample-1.0.tar.xz: ${"0".repeat(64)}
`;

function recipe(rest: string): Recipe {
  const parsed = parseRecipe("stone.yaml", HEAD + rest);
  if (parsed.recipe === undefined) throw new Error(parsed.problems.map((p) => p.message).join("\n"));
  return parsed.recipe;
}

function plan(rest: string, more: Partial<PlanOptions> = {}): Plan {
  return makePlan(recipe(rest), { ...OPTIONS, ...more });
}

function shape(made: Plan): string[] {
  return made.stages.map((s) => `${s.target} ${s.stage}: ${s.phases.map((p) => p.phase).join(" ")}`);
}

const SCRIPTS = "setup: '%configure'\nbuild: '%make'\ninstall: '%make_install'\ncheck: '%make check'\n";

test("a simple recipe has one target, one stage and its phases in order", () => {
  expect(shape(plan(SCRIPTS))).toEqual(["x86_64 none: setup build install check"]);
  expect(shape(plan(SCRIPTS, { noCheck: true }))).toEqual(["x86_64 none: setup build install"]);
});

test("caches of compilers are there where they are asked for, sccache only without the network of the machine", () => {
  const script = (text: string, cache: boolean) =>
    scriptText(plan(text, { cache }).stages[0]?.phases[0]?.lines ?? []).replaceAll('"', "");
  expect(script(SCRIPTS, false)).toContain("SCCACHE_DIR= RUSTC_WRAPPER=\n");
  const cached = script(SCRIPTS, true);
  expect(cached).toContain("SCCACHE_DIR=/mason/sccache RUSTC_WRAPPER=sccache\n");
  expect(cached).toContain("CCACHE_DIR=/mason/ccache ");
  const open = script(`networking: true\n${SCRIPTS}`, true);
  expect(open).toContain("SCCACHE_DIR= RUSTC_WRAPPER=\n");
  expect(open).toContain("CCACHE_DIR=/mason/ccache ");
});

test("projects of Python, Perl and Ruby go where a root of Debian's packages looks for them, linked by the compiler", () => {
  const text = "install: |\n  %python_install\n  %perl_module_build\n  %gem_install\n";
  const script = scriptText(plan(text, { family: familyOf(library, "debian") }).stages[0]?.phases[0]?.lines ?? []);
  expect(script).toContain('setup.py install --install-layout=deb --root="/mason/install"');
  expect(script).toContain('LD="clang" perl Build\n');
  expect(script).toContain("[Gem.default_dir, *Gem.path].find");
  const own = scriptText(plan(text).stages[0]?.phases[0]?.lines ?? []);
  expect(own).toMatch(/setup\.py install +--root="\/mason\/install"/);
});

test("scripts begin in the folder of the first upstream that is unpacked", () => {
  expect(plan(SCRIPTS).stages[0]?.workFolder).toBe("/mason/build/x86_64/sample-1.0.tar.xz");
});

test("the 32-bit side is built first, with its profile's scripts and the top level's for the rest", () => {
  const made = plan(`${SCRIPTS}emul32: true\nprofiles:\n  - emul32:\n      setup: "%cmake"\n`);
  expect(shape(made)).toEqual([
    "emul32/x86_64 none: setup build install check",
    "x86_64 none: setup build install check",
  ]);
  const [first, second] = made.stages.map((s) => scriptText(s.phases[0]?.lines ?? []));
  expect(first).toContain('-DCMAKE_INSTALL_LIBDIR="lib32"');
  expect(first).toContain('export CC="clang -m32"');
  expect(second).toContain("./configure --prefix=/usr");
  expect(made.root.map((d) => d.dependency)).toEqual(
    expect.arrayContaining(["clang-32bit", "binary(cmake)", "binary(autoconf)"]),
  );
});

test("architectures narrow the targets, and none left is an error", () => {
  expect(plan(`${SCRIPTS}emul32: true\narchitectures: [native]\n`).targets).toEqual(["x86_64"]);
  expect(plan(`${SCRIPTS}architectures: [emul32, x86_64]\n`).targets).toEqual(["emul32/x86_64", "x86_64"]);
  expect(() => plan(`${SCRIPTS}architectures: [aarch64]\n`)).toThrow(Failure);
});

test("a workload makes the stages of profile-guided optimisation", () => {
  const work = `${SCRIPTS}workload: ./run\n`;
  expect(shape(plan(work))).toEqual(["x86_64 one: setup build workload", "x86_64 use: setup build install check"]);
  expect(plan(`${work}cspgo: true\n`).stages.map((s) => s.stage)).toEqual(["one", "two", "use"]);
  expect(plan(`${work}cspgo: true\ntoolchain: gnu\n`).stages.map((s) => s.stage)).toEqual(["one", "use"]);
  const script = scriptText(plan(work).stages[0]?.phases[2]?.lines ?? []);
  expect(script).toContain(
    './run\nllvm-profdata merge --failure-mode=any -output="/mason/build/x86_64-pgo/ir.profdata"',
  );
  // What records profiles is a package of its own at Debian, and in the root only where it is needed.
  const debian = { family: familyOf(library, "debian") };
  const recorder = (rest: string) => plan(rest, debian).root.find((d) => d.dependency === "libclang-rt-19-dev");
  expect(recorder(work)?.reasons).toEqual([{ kind: "workload", text: "workload" }]);
  expect([recorder(SCRIPTS), recorder(`${work}toolchain: gnu\n`)]).toEqual([undefined, undefined]);
});

test("each dependency of the root says why it is there, and where", () => {
  const made = plan(
    `${SCRIPTS}builddeps:\n  - binary(make)\ncheckdeps:\n  - tcl\nenvironment: "%export_docbook_catalogs; %install_dir x; %patch y"\n`,
  );
  const reasons = (name: string) => made.root.find((d) => d.dependency === name)?.reasons.map((r) => [r.text, r.line]);
  expect(reasons("bash")).toEqual([["every build", undefined]]);
  expect(reasons("clang")).toEqual([["toolchain llvm", undefined]]);
  expect(reasons("binary(make)")).toEqual([
    ["builddeps", 14],
    ["%make", 10],
    ["%make_install", 11],
    ["%make", 12],
  ]);
  expect(reasons("tcl")).toEqual([["checkdeps", 16]]);
  // Also what the environment uses counts.
  expect(reasons("binary(patch)")).toEqual([["%patch", 17]]);
  expect(plan(`${SCRIPTS}checkdeps:\n  - tcl\n`, { noCheck: true }).root.some((d) => d.dependency === "tcl")).toBe(
    false,
  );
});

test("a family calls implied dependencies by its own names, stated ones stay", () => {
  const text = "build: '%pyproject_build'\nbuilddeps: [python-build]\n";
  const names = plan(text, { family: familyOf(library, "debian") }).root.map((d) => d.dependency);
  expect(names).toEqual(expect.arrayContaining(["python3-build", "python-build", "libc6-dev"]));
  const script = scriptText(plan(text, { family: familyOf(library, "debian") }).stages[0]?.phases[0]?.lines ?? []);
  expect(script).toContain("/usr/lib/x86_64-linux-gnu/pkgconfig");
});

test("the recipe's own macros win, and the lines of a script name the recipe lines", () => {
  const made = plan(`macros:
  definitions:
    - jobs_flag: -k
  actions:
    - make: {description: ours, command: "gmake %(jobs_flag)"}
build: |
  first
  %make all
`);
  const lines = made.stages[0]?.phases[0]?.lines.filter((line) => line.line !== undefined);
  expect(lines?.map((line) => [line.text, line.line, line.via])).toEqual([
    ["first", 15, []],
    ["gmake -k all", 16, ["%make"]],
  ]);
});

test("all mistakes in scripts and tuning stop the plan at once", () => {
  let message = "";
  try {
    plan("build: '%mke'\ninstall: 'date +%s'\ntuning: [ltoo]\n");
  } catch (error) {
    message = describeError(error);
  }
  for (const part of ["%mke", "Did you mean %make?", "write %%s", '"ltoo"', 'Did you mean "lto"?']) {
    expect(message).toContain(part);
  }
});

test("a plan is the same however often it is made", () => {
  expect(JSON.stringify(plan(SCRIPTS))).toBe(JSON.stringify(plan(SCRIPTS)));
});

const FIXTURES = join(import.meta.dir, "../../../../shared/fixtures/recipes");

test.skipIf(!existsSync(FIXTURES))("real recipes can be planned over either family", () => {
  for (const name of readdirSync(FIXTURES)) {
    const parsed = parseRecipe(name, readFileSync(join(FIXTURES, name, "stone.yaml"), "utf8"));
    if (parsed.recipe === undefined) throw new Error(name);
    for (const family of library.families.values()) {
      const made = makePlan(parsed.recipe, { ...OPTIONS, family });
      expect(made.stages.length).toBeGreaterThan(0);
      expect(made.warnings).toEqual([]);
    }
  }
});

test("one target can be chosen, of this architecture or of another", () => {
  const script = "emul32: true\nbuild: |\n    make\n";
  const emul = plan(script, { target: "emul32/x86_64" });
  expect([emul.architecture, shape(emul)]).toEqual(["x86_64", ["emul32/x86_64 none: build"]]);
  const kinds = (made: Plan) => new Set(made.root.flatMap((item) => item.reasons.map((reason) => reason.kind)));
  expect([kinds(emul).has("emul32"), kinds(plan(script)).has("emul32")]).toEqual([true, true]);
  const native = plan(script, { target: "x86_64" });
  expect([shape(native), kinds(native).has("emul32")]).toEqual([["x86_64 none: build"], false]);
  const other = plan(script, { target: "aarch64" });
  expect([other.architecture, shape(other)]).toEqual(["aarch64", ["aarch64 none: build"]]);
  expect(other.stages[0]?.flags.c).toContain("-march=armv8-a");
  expect(other.stages[0]?.flags.c).not.toContain("x86-64");
});

test("a recipe for other machines only is looked at for the first of them", () => {
  const look = (words: string) => lookedAt(recipe(words), "x86_64");
  expect(look("")).toBe("x86_64");
  expect(look("architectures: [aarch64, x86_64]\n")).toBe("x86_64");
  expect(look("architectures: [emul32]\n")).toBe("x86_64");
  expect(look("architectures: [emul32/x86_64]\n")).toBe("x86_64");
  expect(look("architectures: [aarch64]\n")).toBe("aarch64");
});

test("the processor that a recipe is for can be another one by its own definitions", () => {
  const own = "macros:\n  definitions:\n    - march: x86-64-v3\n    - mtune: haswell\nbuild: |\n    make\n";
  const [stage] = plan(own).stages;
  expect(stage?.flags.c).toContain("-march=x86-64-v3 -mtune=haswell");
  expect(stage?.flags.rust).toContain("target-cpu=x86-64-v3");
});

test("a target that the recipe or the macros do not know is refused", () => {
  const message = (rest: string, target: string): string => {
    try {
      return plan(rest, { target }).targets.join(" ");
    } catch (error) {
      return error instanceof Failure ? error.message : String(error);
    }
  };
  expect(message("", "emul32/x86_64")).toContain("it has no 32-bit side");
  expect(message("architectures: [aarch64]\n", "x86_64")).toContain("it is for aarch64, expected that target");
  expect(message("architectures: [native, emul32]\n", "aarch64")).toBe("aarch64");
  expect(message("architectures: [native, emul32]\n", "emul32/x86_64")).toBe("emul32/x86_64");
  expect(message("architectures: [native]\n", "emul32/x86_64")).toContain("it is for native");
  expect(message("", "vax")).toContain('Cannot build for "vax": no macros for it');
});
