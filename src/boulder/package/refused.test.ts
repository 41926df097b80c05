// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What packaging refuses: search paths into the build folder, and a build that left nothing. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import type { PackagingEvent } from "#boulder/package/model";
import { packageInstall } from "#boulder/package/package";
import { haveCompiler, put, SAMPLE_RECIPE, type SampleBuild, sampleBuild } from "#tests/support/sample-build";

async function packaged(build: SampleBuild): Promise<Failure | PackagingEvent[]> {
  const events: PackagingEvent[] = [];
  try {
    await packageInstall({
      recipe: build.recipe,
      templates: build.templates,
      installFolder: build.install,
      outFolder: join(build.folder, "out"),
      scratchFolder: join(build.folder, "scratch"),
      architecture: "x86_64",
      buildRelease: 1,
      jobs: 1,
      owner: () => ({ uid: 0, gid: 0 }),
      onEvent: (event) => events.push(event),
    });
    return events;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** Links a program with these search paths into the install folder. */
function program(build: SampleBuild, name: string, searchPath: string, ...options: string[]): void {
  put(build.folder, "main.c", "int main(void) { return 0; }\n");
  mkdirSync(join(build.install, "usr/bin"), { recursive: true });
  const out = join(build.install, "usr/bin", name);
  const words = ["-o", out, "main.c", `-Wl,-rpath,${searchPath}`, ...options];
  const done = spawnSync("gcc", words, { cwd: build.folder, encoding: "utf8" });
  if (done.status !== 0) throw new Error(done.stderr);
}

test.skipIf(!haveCompiler)("search paths into the build folder are refused, by file and path", async () => {
  using build = sampleBuild(SAMPLE_RECIPE, false);
  program(build, "fine", "/usr/lib/greet:$ORIGIN/../lib/greet:/masonry/lib");
  expect(await packaged(build)).toBeArray();
  program(build, "runpath", "/usr/lib:/mason/build/x86_64/lib", "-Wl,--enable-new-dtags");
  program(build, "rpath", "/mason/install/usr/lib", "-Wl,--disable-new-dtags");
  program(build, "origin", "$ORIGIN/../../mason/build");
  const error = await packaged(build);
  if (!(error instanceof Failure)) throw new Error("it was packaged");
  expect([error.code, error.message.split("\n").slice(1).sort()]).toEqual([
    "package.analysis",
    [
      "  /usr/bin/origin: $ORIGIN/../../mason/build",
      "  /usr/bin/rpath: /mason/install/usr/lib",
      "  /usr/bin/runpath: /mason/build/x86_64/lib",
    ],
  ]);
});

test.skipIf(!haveCompiler)("a recipe may allow them, and is warned", async () => {
  using build = sampleBuild(`${SAMPLE_RECIPE}buildrpath: true\n`, false);
  program(build, "tool", "/mason/build/x86_64/lib");
  const events = await packaged(build);
  if (events instanceof Failure) throw events;
  expect(events).toContainEqual({
    type: "warning",
    path: "/usr/bin/tool",
    text: 'the search path "/mason/build/x86_64/lib" leads out of /usr',
  });
});

test("a build that installed nothing fails, unless a package is said to be empty", async () => {
  const packages = SAMPLE_RECIPE.indexOf("packages:\n");
  using build = sampleBuild(SAMPLE_RECIPE.slice(0, packages), false);
  rmSync(join(build.install, "usr"), { recursive: true, force: true });
  mkdirSync(build.install, { recursive: true });
  const error = await packaged(build);
  if (!(error instanceof Failure)) throw new Error("it was packaged");
  expect([error.code, readdirSync(build.folder)]).toEqual(["package.empty", expect.not.arrayContaining(["out"])]);
  using meta = sampleBuild(`${SAMPLE_RECIPE.slice(0, packages)}empty: true\n`, false);
  rmSync(join(meta.install, "usr"), { recursive: true, force: true });
  mkdirSync(meta.install, { recursive: true });
  expect(await packaged(meta)).toBeArray();
  expect(readdirSync(join(meta.folder, "out"))).toContain("greet-1.2-3-1-x86_64.stone");
});

test("what a project put into /usr/local is packaged with a warning", async () => {
  using build = sampleBuild(SAMPLE_RECIPE, false);
  put(build.install, "usr/local/bin/tool", "#!/bin/sh\n");
  put(build.install, "usr/local/share/text", "x");
  const events = await packaged(build);
  if (events instanceof Failure) throw events;
  const told = events.filter((event) => event.type === "warning" && event.text.includes("/usr/local"));
  const text = "installed to /usr/local, which is for the administrator (2 files): the prefix /usr is meant";
  expect(told).toEqual([{ type: "warning", path: "/usr/local/bin/tool", text }]);
});
