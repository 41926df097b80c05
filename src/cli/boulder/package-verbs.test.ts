// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `split` and `explain` as a user runs them. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { packageInstall } from "#boulder/package/package";
import { readPathList } from "#cli/boulder/split";
import { run } from "#sys/process";
import { put, SAMPLE_RECIPE, type SampleBuild, sampleBuild } from "#tests/support/sample-build";

function boulder(args: readonly string[], input = "") {
  const cwd = join(import.meta.dir, "../../..");
  return run([process.execPath, "bin/boulder.ts", ...args], { cwd, input });
}

/** The sample with its recipe on disk, packaged. */
async function built(out = "."): Promise<SampleBuild> {
  const build = sampleBuild(SAMPLE_RECIPE, false);
  put(build.folder, "stone.yaml", SAMPLE_RECIPE);
  await packageInstall({
    recipe: build.recipe,
    templates: build.templates,
    installFolder: build.install,
    outFolder: join(build.folder, out),
    scratchFolder: join(build.folder, "scratch"),
    architecture: "x86_64",
    buildRelease: 1,
    owner: () => ({ uid: 0, gid: 0 }),
  });
  return build;
}

test("a list of paths is a path a line or a JSON array, all absolute", () => {
  expect(readPathList("/usr/a\n\n/usr/b c\r\n/usr/d")).toEqual(["/usr/a", "/usr/b c", "/usr/d"]);
  expect(readPathList('["/usr/a", "/usr/b\\n"]')).toEqual(["/usr/a", "/usr/b\n"]);
  expect(() => readPathList("/usr/a\nusr/b")).toThrow(Failure);
  expect(() => readPathList("[1]")).toThrow(Failure);
});

test("split says the package of each path, from stdin and as JSON, and refuses what lies outside /usr", async () => {
  using build = await built();
  const list = "/usr/lib/libgreet.so.1\n/usr/include/greet.h\n";
  const good = await boulder(["split", build.folder, "--paths", "-", "--json"], list);
  expect(good.code).toBe(0);
  expect(JSON.parse(good.stdout)).toEqual({
    paths: { "/usr/lib/libgreet.so.1": "greet-libs", "/usr/include/greet.h": "greet-devel" },
  });
  const bad = await boulder(["split", build.folder, "--paths", "-"], `${list}/etc/x\n`);
  expect(bad.code).toBe(1);
  expect(bad.stdout).toBe("/usr/lib/libgreet.so.1\tgreet-libs\n/usr/include/greet.h\tgreet-devel\n");
  expect(bad.stderr).toContain('"/etc/x" lies outside /usr');
});

test("a long answer reaches a slow reader of a pipe whole and once", async () => {
  using build = await built();
  const paths = Array.from({ length: 5000 }, (_, i) => `/usr/share/greet/a-file-with-a-long-name-${i}`);
  const list = put(build.folder, "list", JSON.stringify(paths));
  const script = `"$0" bin/boulder.ts split "$1" --paths "$2" --json | (sleep 0.5; cat)`;
  const cwd = join(import.meta.dir, "../../..");
  const { stdout } = await run(["sh", "-c", script, process.execPath, build.folder, list], { cwd });
  expect(JSON.parse(stdout)).toEqual({ paths: Object.fromEntries(paths.map((path) => [path, "greet"])) });
});

test("explain names the rule of a path, and the file of a dependency", async () => {
  using build = await built();
  const path = await boulder(["explain", "/usr/lib/libgreet.so.1", build.folder]);
  expect(path.stdout).toContain('goes to greet-libs: "/usr/lib/libgreet.so.*" at ');
  expect(path.stdout).toContain('before it: "*" of greet at ');
  const need = await boulder(["explain", "python(requests)", build.folder]);
  expect(need.stdout).toBe(
    "greet-python needs python(requests)\n  from /usr/lib/python3.11/site-packages/greet-1.2.dist-info/METADATA (python)\n",
  );
  const stated = await boulder(["explain", "greet-libs", build.folder, "--json"]);
  expect(JSON.parse(stated.stdout)).toEqual({
    capability: "name(greet-libs)",
    found: [
      {
        package: "greet-python",
        text: "name(greet-libs)",
        role: "depends",
        from: [{ path: "", handler: "recipe" }],
      },
    ],
  });
  const none = await boulder(["explain", "soname(none)", build.folder]);
  expect(none.code).toBe(1);
  const noneForPrograms = await boulder(["explain", "soname(none)", build.folder, "--json"]);
  expect([noneForPrograms.code, JSON.parse(noneForPrograms.stdout)]).toEqual([1, expect.anything()]);
});

test("explain finds what was built into the local collection", async () => {
  using build = await built("cache/collections/local-x86_64");
  const cache = join(build.folder, "cache");
  const { code, stdout } = await boulder(["--cache-dir", cache, "explain", "python(requests)", build.folder]);
  expect([code, stdout]).toEqual([0, expect.stringContaining("greet-python needs python(requests)")]);
});
