// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Which package a path belongs to. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadMacros } from "#boulder/macros/load";
import { packageTemplates } from "#boulder/macros/templates";
import { Collector, definitionsOf, splitPaths } from "#boulder/package/collect";
import { mergePackages } from "#boulder/package/packages";
import { readRecipe } from "#boulder/recipe/load";
import { parseRecipe } from "#boulder/recipe/parse";
import { analyse } from "#capabilities/analyse";
import { settle } from "#capabilities/settle";
import { formatCapability } from "#model/dependency";
import { parseReport } from "#stone/manifest-report";
import { memoryFile, memorySurroundings } from "#tests/support/package-file";
import { recipeOf } from "#tests/support/sample-build";

const RECIPE = `name: app
version: "1"
release: 1
homepage: https://example.org
license: MIT
summary: An app
description: It does things.
paths:
  - /usr/share/gtk-doc/own
packages:
  - "%(name)-libs":
      paths:
        - /usr/lib/libapp.so.*
        - /usr/lib/app: symlink
        - /usr/lib/never/*.x
        - /usr/lib/[
  - "%(name)-devel":
      rundeps:
        - pkgconfig(zlib)
      rundeps-exclude:
        - ^python
      paths:
        - /usr/lib/libapp.so.special
        - /usr/lib/app/tool: exe
        - /usr/include
`;

function definitions() {
  const { recipe, templates } = recipeOf(RECIPE);
  return { recipe, all: definitionsOf(templates, recipe) };
}

test("the last matching rule wins: recipe's packages over the root package over templates", () => {
  const split = splitPaths(definitions().all, [
    "/usr/bin/app",
    "/usr/share/gtk-doc/x",
    "/usr/share/gtk-doc/own/y",
    "/usr/lib/libapp.so",
    "/usr/lib/libapp.so.1",
    "/usr/lib/libapp.so.special",
    "/usr/lib/debug/.build-id/ab/c.debug",
    "/etc/app.conf",
  ]);
  expect(Object.fromEntries(split.paths)).toEqual({
    "/usr/bin/app": "app",
    "/usr/share/gtk-doc/x": "app-docs",
    "/usr/share/gtk-doc/own/y": "app",
    "/usr/lib/libapp.so": "app-devel",
    "/usr/lib/libapp.so.1": "app-libs",
    "/usr/lib/libapp.so.special": "app-devel",
    "/usr/lib/debug/.build-id/ab/c.debug": "app-dbginfo",
  });
  expect(split.refused).toEqual(["/etc/app.conf"]);
});

test("typed rules take only their kind, and any path whose kind is not known", () => {
  const collector = new Collector(definitions().all);
  expect(collector.find("/usr/lib/app", "symlink")?.package).toBe("app-libs");
  expect(collector.find("/usr/lib/app", "directory")?.package).toBe("app");
  expect(collector.find("/usr/lib/app/tool", "exe")?.package).toBe("app-devel");
  expect(collector.find("/usr/lib/app/tool", "file")?.package).toBe("app");
  expect(collector.find("/usr/lib/app/tool")?.package).toBe("app-devel");
});

test("all rules for a path are told, the winner first, with the line they stand on", () => {
  const collector = new Collector(definitions().all);
  const rules = collector.candidates("/usr/lib/libapp.so.special").map((rule) => `${rule.package} ${rule.pattern}`);
  expect(rules).toEqual(["app-devel /usr/lib/libapp.so.special", "app-libs /usr/lib/libapp.so.*", "app *"]);
  expect(collector.candidates("/usr/lib/libapp.so.special")[0]?.place).toMatchObject({ file: "stone.yaml", line: 23 });
});

test("rules that match nothing, that others shadow, and that cannot match are told apart", () => {
  const collector = new Collector(definitions().all);
  const paths = ["/usr/lib/libapp.so.special", "/usr/include/a.h", "/usr/lib/app/tool"];
  for (const path of paths) collector.find(path);
  const idle = collector.idle("stone.yaml", paths).map(({ rule, shadowed }) => [rule.pattern, shadowed]);
  expect(idle).toEqual([
    ["/usr/share/gtk-doc/own", false],
    ["/usr/lib/libapp.so.*", true],
    ["/usr/lib/app", true],
    ["/usr/lib/never/*.x", false],
  ]);
  expect(collector.invalid().map((rule) => rule.pattern)).toEqual(["/usr/lib/["]);
});

test("a rule with a mark takes its package's word back, of the template too, and what stands after it counts again", () => {
  const text = `name: app
version: "1"
release: 1
homepage: https://example.org
license: MIT
summary: An app
description: It does things.
packages:
  - "%(name)-devel":
      paths:
        - "!/usr/include/app/private"
        - /usr/include/app/private/keep.h
        - "!/usr/lib/lib*.so": exe
        - "!/usr/share/nothing"
        - "!/usr/bin/app"
  - "%(name)-plugins":
      paths:
        - /usr/lib/app/*.so
        - "!/usr/lib/app/core*"
`;
  const { recipe, problems } = parseRecipe("stone.yaml", text);
  if (recipe === undefined) throw new Error("the recipe does not parse");
  expect(problems).toEqual([]);
  const library = loadMacros([join(import.meta.dir, "../../../data")]);
  const collector = new Collector(definitionsOf(packageTemplates(library, ["x86_64"], recipe), recipe));
  const rows: [path: string, kind: "file" | "exe" | "symlink", owner: string][] = [
    ["/usr/include/app/a.h", "file", "app-devel"],
    ["/usr/include/app/private/b.h", "file", "app"],
    ["/usr/include/app/private/keep.h", "file", "app-devel"],
    ["/usr/lib/libapp.so", "symlink", "app-devel"],
    ["/usr/lib/libapp.so", "exe", "app"],
    ["/usr/lib/app/plug.so", "file", "app-plugins"],
    ["/usr/lib/app/core.so", "file", "app"],
    ["/usr/bin/app", "exe", "app"],
  ];
  for (const [path, kind, owner] of rows) {
    expect([path, kind, collector.find(path, kind)?.package]).toEqual([path, kind, owner]);
  }
  const private_ = "/usr/include/app/private/b.h";
  expect(collector.candidates(private_).map((rule) => rule.package)).toEqual(["app"]);
  expect(collector.exclusions(private_).map(({ excludedBy }) => excludedBy.place.line)).toEqual([11]);
  const idle = collector
    .idle(
      "stone.yaml",
      rows.map(([path]) => path),
    )
    .map(({ rule, shadowed }) => [rule.pattern, shadowed]);
  expect(idle).toEqual([
    ["!/usr/share/nothing", false],
    ["!/usr/bin/app", true],
  ]);
});

test("a package of the recipe adds to the template of its name and keeps what it does not say", () => {
  const { recipe, all } = definitions();
  const devel = mergePackages(recipe, all).get("app-devel");
  expect(devel?.summary).toBe("Development files for app");
  expect(devel?.rundeps.map(formatCapability)).toEqual(["name(app)", "pkgconfig(zlib)"]);
  expect(devel?.rundepsExclude.map(({ source }) => source)).toEqual(["^python"]);
  const libs = mergePackages(recipe, all).get("app-libs");
  expect(libs?.homepage).toBe("https://example.org");
});

const fixtures = join(import.meta.dir, "../../../../shared/fixtures/recipes");

test.skipIf(!existsSync(fixtures))("every path of the recorded manifests goes to the package that they record", () => {
  const library = loadMacros([join(import.meta.dir, "../../../data")]);
  let paths = 0;
  const wrong: string[] = [];
  for (const name of readdirSync(fixtures)) {
    const manifest = join(fixtures, name, "manifest.x86_64.jsonc");
    if (!existsSync(manifest)) continue;
    const { recipe } = readRecipe(join(fixtures, name, "stone.yaml"));
    if (recipe === undefined) throw new Error(`${name} does not parse`);
    const report = parseReport(readFileSync(manifest, "utf8"), manifest);
    const all = definitionsOf(packageTemplates(library, ["emul32/x86_64", "x86_64"], recipe), recipe);
    for (const { name: owner, files } of report.packages) {
      const split = splitPaths(all, files);
      for (const path of files) {
        paths++;
        if (split.paths.get(path) !== owner) wrong.push(`${path}: ${split.paths.get(path)}, expected ${owner}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(paths).toBeGreaterThan(5000);
});

test.skipIf(!existsSync(fixtures))("the providers that paths alone give are those that the manifests record", () => {
  const around = memorySurroundings();
  const fromPaths = /^(?:binary|sysbinary|pkgconfig|pkgconfig32|cmake)\(/;
  let compared = 0;
  for (const name of readdirSync(fixtures)) {
    const manifest = join(fixtures, name, "manifest.x86_64.jsonc");
    if (!existsSync(manifest)) continue;
    const { recipe } = readRecipe(join(fixtures, name, "stone.yaml"));
    if (recipe === undefined) throw new Error(`${name} does not parse`);
    const merged = mergePackages(recipe, definitionsOf([], recipe));
    for (const item of parseReport(readFileSync(manifest, "utf8"), name).packages) {
      const files = item.files.map((path) => ({ path, analysis: analyse(memoryFile(path, ""), around) }));
      const settled = settle(files, { name: item.name, providesExclude: merged.get(item.name)?.providesExclude ?? [] });
      const found = settled.provides.map(formatCapability).filter((text) => fromPaths.test(text));
      expect([item.name, found]).toEqual([item.name, item.provides.filter((text) => fromPaths.test(text))]);
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(60);
});

test("the second level holds for the recipe's own rules, templates keep the first", () => {
  const of = (keys: string): (string | undefined)[] => {
    const text = RECIPE.replace("summary:", `${keys}summary:`).replace("/usr/lib/never/*.x", "/usr/lib/lib*.so.*");
    const { recipe, templates } = recipeOf(text);
    const paths = ["/usr/lib/liba.so.1", "/usr/lib/libexec/plug.so.1", "/usr/lib/deep/x.a"];
    const { paths: split } = splitPaths(definitionsOf(templates, recipe), paths);
    return paths.map((path) => split.get(path));
  };
  // The template's /usr/lib/*.a reaches into folders either way.
  expect(of("")).toEqual(["app-libs", "app-libs", "app-devel"]);
  expect(of("syntax: 2\n")).toEqual(["app-libs", "app", "app-devel"]);
});
