// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Manifests of a build, and what differs from recorded ones. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import {
  compareManifests,
  factsOf,
  formatDifferences,
  type ManifestFacts,
  readFacts,
  verifyManifest,
  writeBuildManifests,
} from "#boulder/package/manifest";
import { packageInstall } from "#boulder/package/package";
import { put, SAMPLE_RECIPE, type SampleBuild, sampleBuild } from "#tests/support/sample-build";

async function packaged(build: SampleBuild) {
  const { packages } = await packageInstall({
    recipe: build.recipe,
    templates: build.templates,
    installFolder: build.install,
    outFolder: join(build.folder, "out"),
    scratchFolder: join(build.folder, "scratch"),
    architecture: "x86_64",
    buildRelease: 7,
  });
  return packages;
}

test("a build agrees with the manifests that it wrote, both forms", async () => {
  using build = sampleBuild(SAMPLE_RECIPE, false);
  const packages = await packaged(build);
  const paths = writeBuildManifests(build.folder, build.recipe, packages);
  const own = factsOf(build.recipe, packages);
  expect(own.packages.get("greet")?.buildDepends).toEqual(["binary(bash)", "pkgconfig(zlib)"]);
  expect(compareManifests(readFacts(paths?.binary ?? ""), own)).toEqual([]);
  expect(compareManifests(readFacts(paths?.report ?? ""), own)).toEqual([]);
  verifyManifest(paths?.binary ?? "", build.recipe, packages);
});

test("a changed build is refused with a diff of providers, dependencies and files", async () => {
  using build = sampleBuild(SAMPLE_RECIPE, false);
  const paths = writeBuildManifests(build.folder, build.recipe, await packaged(build));
  put(build.install, "usr/bin/greet-new", "#!/usr/bin/perl\n", 0o755);
  const packages = await packaged(build);
  try {
    verifyManifest(paths?.binary ?? "", build.recipe, packages);
    throw new Error("it did not fail");
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.code).toBe("manifest.differs");
    expect(error.message.split("\n").slice(1)).toEqual([
      "greet: provides",
      "  + binary(greet-new)",
      "greet: depends",
      "  + binary(perl)",
      "greet: files",
      "  + /usr/bin/greet-new",
    ]);
  }
});

test("missing packages, another release and kinds that the other writer does not know are told apart", () => {
  const facts = (release: string, packages: Record<string, string[]>): ManifestFacts => ({
    name: "x",
    version: "1",
    release,
    packages: new Map(
      Object.entries(packages).map(([name, provides]) => [name, { provides, depends: [], buildDepends: [] }]),
    ),
  });
  const recorded = facts("1", { a: ["binary(a)"], gone: [] });
  const built = facts("2", { a: ["binary(a)", "perl(A)"], come: [] });
  expect(formatDifferences(compareManifests(recorded, built))).toEqual([
    "source: release",
    "  - 1",
    "  + 2",
    "come: package",
    "  + come",
    "gone: package",
    "  - gone",
  ]);
  const knowing = facts("2", { a: ["binary(a)", "perl(B)"], come: [] });
  expect(formatDifferences(compareManifests(knowing, built))).toEqual(["a: provides", "  - perl(B)", "  + perl(A)"]);
});

const fixtures = join(import.meta.dir, "../../../../shared/fixtures/recipes");

test.skipIf(!existsSync(fixtures))("the two recorded forms of every real manifest agree", () => {
  let compared = 0;
  for (const name of readdirSync(fixtures)) {
    const binary = join(fixtures, name, "manifest.x86_64.bin");
    const report = join(fixtures, name, "manifest.x86_64.jsonc");
    if (!existsSync(binary) || !existsSync(report)) continue;
    expect([name, formatDifferences(compareManifests(readFacts(report), readFacts(binary)))]).toEqual([name, []]);
    compared++;
  }
  expect(compared).toBeGreaterThan(30);
});
