// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of tuning: groups, choices, stages, what an old root cannot do; and of the shipped macro data. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sortedTexts } from "#base/order";
import type { TuningEntry } from "../recipe/model";
import { expandScript, expandValue } from "./expand";
import { dataFolders, familyOf, loadMacros, macrosFor } from "./load";
import { packageTemplates } from "./templates";
import { compareNumbers, resolveTuning, type TuningInput } from "./tuning";

const library = loadMacros(dataFolders());
const macros = macrosFor(library, "x86_64", familyOf(library, "serpent"));
const BASE: TuningInput = {
  macros,
  toolchain: "gnu",
  entries: [],
  stage: "none",
  samplePgo: false,
  mold: false,
  facts: new Map(),
};

function entry(group: string, value: boolean | string): TuningEntry {
  const place = { file: "stone.yaml", line: 1, column: 1 };
  return { group, value: typeof value === "string" ? { choice: value } : value, place };
}

function flags(entries: readonly TuningEntry[], more: Partial<TuningInput> = {}) {
  const result = resolveTuning({ ...BASE, entries, ...more });
  expect(result.problems).toEqual([]);
  return result.flags;
}

test("default groups are on, and a recipe switches them off", () => {
  expect(flags([]).ld).toContain("-Wl,-z,pack-relative-relocs");
  expect(flags([entry("relr", false)]).ld).not.toContain("pack-relative-relocs");
  expect(flags([entry("harden", false)]).c).toContain("-fno-stack-protector");
});

test("a choice takes the place of the default choice", () => {
  expect(flags([entry("optimize", "speed")]).c).toMatch(/^-O3 /);
  expect(flags([entry("optimize", "size")]).c).toContain("-ffunction-sections");
  expect(flags([entry("lto", "full")], { toolchain: "llvm" }).ld).toContain("-flto=full");
  expect(flags([entry("lto", true)], { toolchain: "llvm" }).ld).toContain("-flto=thin");
});

test("the toolchain decides which column counts", () => {
  expect(flags([entry("icf", "all")], { toolchain: "llvm" }).ld).toContain("--icf=all");
  expect(flags([entry("icf", "all")]).ld).not.toContain("--icf");
});

test("the order of the recipe's list changes nothing", () => {
  const list = [entry("optimize", "speed"), entry("lto", "full"), entry("polly", true), entry("fortify", false)];
  expect(flags(list)).toEqual(flags(list.toReversed()));
});

test("stages add their profile flags", () => {
  const stages = (["one", "two", "use"] as const).map((stage) => flags([], { toolchain: "llvm", stage }).c);
  expect(stages[0]).toContain("-fprofile-generate=%(pgo_dir)/IR");
  expect(stages[1]).toContain("-fcs-profile-generate=%(pgo_dir)/CS");
  expect(stages[2]).toContain("-fprofile-use=%(pgo_dir)/combined.profdata");
  expect(flags([], { toolchain: "llvm", stage: "use", samplePgo: true }).c).toContain("-fprofile-sample-accurate");
  expect(flags([], { stage: "use" }).c).toContain("-fprofile-use ");
});

test("mold is linked with at the end", () => {
  expect(flags([], { mold: true }).c).toEndWith(" -fuse-ld=mold");
});

test("unknown groups and choices are errors with a suggestion", () => {
  const { problems } = resolveTuning({
    ...BASE,
    entries: [entry("hardn", true), entry("lto", "thick"), entry("polly", "x")],
  });
  expect(problems.map((p) => [p.message, p.hint])).toEqual([
    ['Unknown tuning group "hardn"', 'Did you mean "harden"?'],
    ['The tuning group "lto" has no choice "thick"', "Choices: full, thin."],
    ['The tuning group "polly" has no choice "x"', "It has no choices; write true or false."],
  ]);
});

test("flags that the root is too old for are left out or replaced, with a warning", () => {
  const facts = new Map([
    ["binary(ld.lld)", "1:14.0-55.7~deb12u1"],
    ["binary(clang)", "1:14.0-55.7~deb12u1"],
    ["libc", "2.36-9+deb12u10"],
  ]);
  const { flags: found, problems } = resolveTuning({ ...BASE, toolchain: "llvm", facts });
  expect(found.ld).not.toContain("pack-relative-relocs");
  expect(found.ld).toContain("--compress-debug-sections=zlib");
  expect(found.c).not.toContain("gnu2");
  expect(problems.every((p) => p.severity === "warning")).toBe(true);
  expect(sortedTexts(problems.map((p) => /flag "([^"]+)"/.exec(p.message)?.[1] ?? ""))).toEqual([
    "compress-debug-zstd",
    "fat-lto",
    "relr",
    "tls-gnu",
  ]);
  const gnu = resolveTuning({
    ...BASE,
    facts: new Map([
      ["binary(ld.bfd)", "2.40-2"],
      ["libc", "2.36-9"],
    ]),
  });
  expect(gnu.problems).toEqual([]);
  expect(gnu.flags.ld).toContain("pack-relative-relocs");
});

test("rustc older than 1.65 is not told how to split debug information, and gcc's linker never gets LLVM's own form", () => {
  const rust = (toolchain: "gnu" | "llvm", version: string) =>
    resolveTuning({ ...BASE, toolchain, facts: new Map([["binary(rustc)", version]]) }).flags;
  expect(rust("llvm", "1.63.0+dfsg1-2").rust).not.toContain("split-debuginfo");
  expect(rust("llvm", "1.63.0+dfsg1-2").rust).toContain("debuginfo=2");
  expect(rust("llvm", "1.63.0+dfsg1-2").c).toBe(rust("llvm", "1.90.0").c);
  expect(rust("gnu", "1.63.0+dfsg1-2").c).toBe(rust("gnu", "1.90.0").c);
  expect(rust("llvm", "1.90.0").rust).toContain("-C split-debuginfo=off");
  expect(rust("llvm", "1.90.0").rust).toContain("-C linker-plugin-lto");
  expect(rust("gnu", "1.90.0").rust).not.toContain("linker-plugin-lto");
  expect(rust("gnu", "1.90.0").rust).toContain("-C lto=thin");
});

test("a loader older than packed relocations switches them off for both toolchains", () => {
  const facts = new Map([["libc", "2.35-1"]]);
  for (const toolchain of ["gnu", "llvm"] as const) {
    expect(resolveTuning({ ...BASE, toolchain, facts }).flags.ld).not.toContain("pack-relative-relocs");
  }
});

test("versions are compared by their leading numbers", () => {
  expect(compareNumbers("1:14.0-55", "15")).toBeLessThan(0);
  expect(compareNumbers("2.40-2", "2.38")).toBeGreaterThan(0);
  expect(compareNumbers("2.36", "2.36.0")).toBe(0);
});

test("every shipped tuning group names flags that exist", () => {
  for (const group of macros.tuning.values()) {
    const options = [group, ...group.options.values()];
    for (const id of options.flatMap((option) => [...option.enabled, ...option.disabled])) {
      expect([group.id, id, macros.flags.has(id)]).toEqual([group.id, id, true]);
    }
  }
  for (const id of macros.defaultGroups) expect(macros.tuning.has(id)).toBe(true);
});

const NAMES = ["name", "version", "release", "jobs", "pkgdir", "sourcedir", "installroot", "buildroot", "workdir"];
const TOOLS = ["c", "cxx", "objc", "objcxx", "cpp", "objcpp", "objcxxcpp", "d", "ar", "ld", "objcopy", "nm", "ranlib"];
const VALUES = ["sourcedateepoch", "pgo_stage", "pgo_dir", "rustc_wrapper", "scompiler_cache"];
const CACHES = ["cache", "go_cache", "go_mod_cache", "cargo_cache", "zig_cache", "strip", "path"];
const FLAGS = ["cflags", "cxxflags", "fflags", "ldflags", "dflags", "rustflags", "valaflags", "goflags"];

test("every shipped action and definition expands for every architecture and family", () => {
  const builtins = new Map(
    [...NAMES, ...VALUES, ...FLAGS, ...[...TOOLS, ...CACHES].map((id) => `compiler_${id}`)].map((id) => [id, "x"]),
  );
  for (const target of ["x86_64", "emul32/x86_64", "x86", "aarch64"]) {
    for (const family of library.families.values()) {
      const set = macrosFor(library, target, family);
      const all = [
        ...[...set.actions.keys()].map((id) => `%${id}`),
        ...[...set.definitions.keys()].map((id) => `%(${id})`),
      ];
      const block = { text: all.join("\n"), lines: all.map((_, i) => i), indent: 0 };
      const { problems } = expandScript(block, { macros: set, builtins }, "all");
      expect(problems.map((p) => `${target}: ${p.source}: ${p.message}`)).toEqual([]);
    }
  }
});

test("templates carry the recipe's name, and those of a target come after those of the base", () => {
  const templates = packageTemplates(library, ["x86_64"], { name: "zip", version: "3.0", release: 1 });
  expect(templates.map((t) => t.name)).toEqual(
    ["", "-docs", "-devel", "-dbginfo", "-libs", "-32bit", "-32bit-devel", "-32bit-dbginfo", "-demos"].map(
      (s) => `zip${s}`,
    ),
  );
  expect(templates.find((t) => t.name === "zip-devel")?.rundeps.map((d) => d.text)).toEqual(["zip"]);
});

const SPEC = join(import.meta.dir, "../../../../shared/spec/boulder.md");

test.skipIf(!existsSync(SPEC))("the default flags of llvm are those that were computed elsewhere", () => {
  const { flags: found } = resolveTuning({ ...BASE, toolchain: "llvm" });
  const text = readFileSync(SPEC, "utf8");
  for (const language of ["c", "ld", "rust", "go", "f", "d", "vala"] as const) {
    const value = expandValue(found[language], { macros, builtins: new Map() }).text;
    expect([language, value, text.includes(`\`${value}\``)]).toEqual([language, value, true]);
  }
});
