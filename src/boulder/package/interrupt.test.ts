// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Packaging that is ended from outside: while stones are written too, and nothing is left half written. */
import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { packageInstall } from "#boulder/package/package";
import { put, SAMPLE_RECIPE, type SampleBuild, sampleBuild } from "#tests/support/sample-build";

/** Packages the build, and ends that as soon as `out` has a file whose name ends so. */
async function endedAt(build: SampleBuild, out: string, end: string): Promise<unknown> {
  const controller = new AbortController();
  const look = setInterval(() => {
    const names = readdirSync(out);
    if (names.some((name) => name.endsWith(end))) controller.abort(new Failure("interrupted", "it was interrupted"));
  }, 1);
  try {
    await packageInstall({
      recipe: build.recipe,
      templates: build.templates,
      installFolder: build.install,
      outFolder: out,
      scratchFolder: join(build.folder, "scratch"),
      architecture: "x86_64",
      buildRelease: 1,
      owner: () => ({ uid: 0, gid: 0 }),
      signal: controller.signal,
    });
    return undefined;
  } catch (error) {
    return error;
  } finally {
    clearInterval(look);
  }
}

test("an interrupt while a stone is written ends it, and leaves nothing half written", async () => {
  using build = sampleBuild(SAMPLE_RECIPE, false);
  for (let i = 0; i < 4; i++) put(build.install, `usr/share/greet/${i}`, randomBytes(16 << 20));
  const out = join(build.folder, "out");
  mkdirSync(out);
  const error = await endedAt(build, out, ".part");
  expect(error instanceof Failure ? error.code : error).toBe("interrupted");
  expect(readdirSync(out).filter((name) => name.endsWith(".part") || name.startsWith("greet-1.2"))).toEqual([]);
  expect(readdirSync(build.folder)).not.toContain("scratch");
}, 60_000);

test("what a killed build left half written goes with the next one", async () => {
  using build = sampleBuild(SAMPLE_RECIPE, false);
  const out = join(build.folder, "out");
  mkdirSync(out);
  // No process has a number as high.
  writeFileSync(join(out, "greet-1.2-3-1-x86_64.stone.4194305-1-mwvwcseb.part"), "half");
  expect(await endedAt(build, out, ".never")).toBeUndefined();
  expect(readdirSync(out).filter((name) => name.endsWith(".part"))).toEqual([]);
});
