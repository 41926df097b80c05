// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Build manifests: the real ones of the recipes beside the checkout, and ours. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatCapability, parseCapability } from "#model/dependency";
import type { PackageMeta } from "#model/package";
import { readManifest, writeManifest, writeManifests } from "#stone/manifest";
import { formatReport, parseReport, readReport } from "#stone/manifest-report";
import { decodePlainly } from "#tests/support/plain-stone";

const folder = mkdtempSync(join(tmpdir(), "stone-manifest-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RECIPES = join(import.meta.dir, "../../../shared/fixtures/recipes");
const recipes = existsSync(RECIPES)
  ? readdirSync(RECIPES).filter((name) => existsSync(join(RECIPES, name, "manifest.x86_64.bin")))
  : [];
const both = recipes.filter((name) => existsSync(join(RECIPES, name, "manifest.x86_64.jsonc")));

describe.skipIf(recipes.length === 0)("the real manifests", () => {
  test("all decode, and hold packages of one source", () => {
    for (const name of recipes) {
      const entries = readManifest(join(RECIPES, name, "manifest.x86_64.bin"));
      expect(new Set(entries.map(({ meta }) => meta.sourceId)).size).toBe(1);
    }
  });

  for (const name of both) {
    test(`of ${name}: both say the same, and ours of them are the same`, () => {
      const binary = join(RECIPES, name, "manifest.x86_64.bin");
      const text = readFileSync(join(RECIPES, name, "manifest.x86_64.jsonc"), "utf8");
      const entries = readManifest(binary);
      const report = parseReport(text, "manifest.x86_64.jsonc");
      expect(formatReport(report)).toBe(text);
      expect(entries.map(({ meta }) => meta.name)).toEqual(report.packages.map((item) => item.name));
      for (const [i, { meta, buildDepends }] of entries.entries()) {
        const told = report.packages[i];
        const written = (items: readonly string[] = []) =>
          new Set(items.map((item) => formatCapability(parseCapability(item))));
        expect(meta.sourceId).toBe(report.sourceName);
        expect(`${meta.release}`).toBe(report.sourceRelease);
        expect(meta.version).toBe(report.sourceVersion);
        expect(meta.buildRelease).toBe(0);
        expect(new Set(meta.depends.map(formatCapability))).toEqual(written(told?.depends));
        expect(new Set(meta.provides.map(formatCapability))).toEqual(written(told?.provides));
        expect(new Set(buildDepends.map(formatCapability))).toEqual(written(told?.buildDepends));
      }
      // Written anew by us, the records are the same ones in the same order.
      const own = join(folder, `${name}.bin`);
      const packages = entries.map(({ meta }, i) => {
        const told = report.packages[i];
        return { meta, buildDepends: told?.buildDepends ?? [], files: [] };
      });
      writeManifest(own, packages);
      expect(decodePlainly(readFileSync(own)).metas).toEqual(decodePlainly(readFileSync(binary)).metas);
    });
  }
});

const meta = (name: string): PackageMeta => ({
  name,
  version: "1.2",
  release: 3,
  buildRelease: 9,
  architecture: "emul32/x86_64",
  summary: "s",
  description: "d",
  homepage: "h",
  sourceId: "sample",
  licenses: ["MIT"],
  depends: [{ kind: "soname", name: "libc.so.6(x86_64)" }],
  provides: [
    { kind: "name", name },
    { kind: "binary", name },
  ],
  conflicts: [],
});

test("ours leave debug packages out, sort the rest, and name the files after the architecture", () => {
  const paths = writeManifests(join(folder, "out"), [
    { meta: meta("sample-devel"), buildDepends: ["zlib", "binary(cc)", "zlib"], files: ["include/b", "include/a"] },
    { meta: meta("sample-dbginfo"), buildDepends: [], files: [] },
    { meta: meta("sample"), buildDepends: ["zlib"], files: ["bin/sample"], depends: ["bash", "soname(x)"] },
  ]);
  expect(readdirSync(join(folder, "out")).sort((a, b) => a.localeCompare(b))).toEqual([
    "manifest.emul32-x86_64.bin",
    "manifest.emul32-x86_64.jsonc",
  ]);
  const entries = readManifest(paths?.binary ?? "");
  expect(entries.map((entry) => [entry.meta.name, entry.meta.buildRelease])).toEqual([
    ["sample", 0],
    ["sample-devel", 0],
  ]);
  expect(entries[1]?.buildDepends.map(formatCapability)).toEqual(["binary(cc)", "name(zlib)"]);
  expect(readReport(paths?.report ?? "").packages).toEqual([
    {
      name: "sample",
      buildDepends: ["zlib"],
      depends: ["bash", "soname(x)"],
      files: ["/usr/bin/sample"],
      provides: ["binary(sample)"],
    },
    {
      name: "sample-devel",
      buildDepends: ["binary(cc)", "zlib"],
      depends: ["soname(libc.so.6(x86_64))"],
      files: ["/usr/include/a", "/usr/include/b"],
      provides: ["binary(sample-devel)"],
    },
  ]);
});

test("a report that is not one is refused with its name and the place", () => {
  expect(() => parseReport("no json", "m.jsonc")).toThrow(/Cannot read "m.jsonc": not JSON/);
  expect(() => parseReport('{"manifest-version":"0.1"}', "m.jsonc")).toThrow(/Cannot read "m.jsonc": manifest-version/);
});
