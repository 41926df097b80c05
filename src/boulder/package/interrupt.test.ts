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

/** Packages the build, and ends that as soon as `out`, or a folder in it, has such a name. */
async function endedAt(build: SampleBuild, out: string, seen: RegExp): Promise<unknown> {
  const controller = new AbortController();
  const look = setInterval(() => {
    const names = readdirSync(out, { recursive: true, encoding: "utf8" });
    if (names.some((name) => seen.test(name))) controller.abort(new Failure("interrupted", "it was interrupted"));
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
  // One that is whole already goes too, and what an earlier build made stays.
  for (const seen of [/\.stone\..*\.part$/, /\.stone$/]) {
    writeFileSync(join(out, "greet-1.1-2-1-x86_64.stone.old"), "");
    const error = await endedAt(build, out, seen);
    expect(error instanceof Failure ? error.code : error).toBe("interrupted");
    expect(readdirSync(out)).toEqual(["greet-1.1-2-1-x86_64.stone.old"]);
    expect(readdirSync(build.folder)).not.toContain("scratch");
  }
}, 60_000);

test("what a killed build left half written goes with the next one", async () => {
  using build = sampleBuild(SAMPLE_RECIPE, false);
  const out = join(build.folder, "out");
  mkdirSync(out);
  // No process has a number as high.
  writeFileSync(join(out, "greet-1.2-3-1-x86_64.stone.4194305-1-mwvwcseb.part"), "half");
  mkdirSync(join(out, ".boulder-emit.1.4194305.part"));
  writeFileSync(join(out, ".boulder-emit.1.4194305.part/greet-1.2-3-1-x86_64.stone"), "whole");
  expect(await endedAt(build, out, /^never$/)).toBeUndefined();
  expect(readdirSync(out).filter((name) => name.endsWith(".part"))).toEqual([]);
});
