// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The compiled executable needs nothing of this repository, and none of Node, Bun or their packages. */
import { afterAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROGRAMS } from "#cli/names";
import { run } from "#sys/process";
import { makeStone } from "#tests/crash/stones";
import { buildExecutable, compile } from "../../tools/build.ts";

const base = mkdtempSync(join(tmpdir(), "executable-"));
afterAll(() => rmSync(base, { recursive: true }));

const fixture = join(import.meta.dir, "executable.fixture.ts");
const probe = join(base, "probe");
await compile(fixture, probe);

const work = join(base, "work");
mkdirSync(work);
const hasBubblewrap = (await run(["bwrap", "--ro-bind", "/", "/", "true"]).catch(() => ({ code: 1 }))).code === 0;

/** A root with Debian's libraries and nothing else: no shell, no /tmp, no programs. */
function inEmptyRoot(executable: string, ...args: string[]) {
  const libraries = ["/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64"].flatMap((folder) => [
    "--ro-bind-try",
    folder,
    folder,
  ]);
  const root = ["bwrap", "--unshare-all", "--die-with-parent", "--clearenv", "--tmpfs", "/", ...libraries];
  const binds = ["--ro-bind", executable, "/program", "--bind", work, "/work", "--proc", "/proc", "--dev", "/dev"];
  return run([...root, ...binds, "/program", ...args]);
}

test.skipIf(!hasBubblewrap)(
  "it opens a database and compresses in a root that holds only Debian's libraries",
  async () => {
    for (const runs of [1, 2]) {
      const result = await inEmptyRoot(probe, "/work/db");
      expect(result.stderr).toBe("");
      expect(JSON.parse(result.stdout)).toEqual({ runs, small: true, sha256: 64, xxh3: 16 });
    }
  },
  60_000,
);

test.skipIf(!hasBubblewrap)(
  "moss in such a root indexes stones, installs them on several threads and verifies them",
  async () => {
    const executable = await buildExecutable(join(base, "empty-root"));
    const stones = join(work, "stones");
    mkdirSync(join(work, "root"));
    const bodies = ["one", "two", "three"].map((name) => [name, randomBytes(3_000_000)] as const);
    for (const [name, body] of bodies) makeStone(stones, name, { [`share/${name}/body`]: body });
    for (const words of [
      ["index", "/work/stones"],
      ["collection", "add", "-D", "/work/root", "-y", "local", "/work/stones"],
      ["install", "-D", "/work/root", "-y", ...bodies.map(([name]) => name)],
      ["verify", "-D", "/work/root"],
    ]) {
      const result = await inEmptyRoot(executable, ...words);
      expect([words[0], result.code, result.code === 0 ? "" : result.stderr]).toEqual([words[0], 0, ""]);
    }
    for (const [name, body] of bodies) {
      expect(readFileSync(join(work, `root/usr/share/${name}/body`)).equals(body)).toBe(true);
    }
  },
  120_000,
);

test("it leaves no file in the folder for temporary files, nor needs one", async () => {
  const temporary = join(base, "tmp");
  mkdirSync(temporary);
  for (const folder of [temporary, "/proc/none"]) {
    const result = await run([probe, join(base, "db")], { env: { TMPDIR: folder, HOME: "/proc/none" } });
    expect([result.stderr, result.code]).toEqual(["", 0]);
  }
  expect(readdirSync(temporary)).toEqual([]);
});

test("it takes no settings from the folder that it is run in", async () => {
  const folder = join(base, "hostile");
  mkdirSync(folder);
  await Bun.write(join(folder, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
  await Bun.write(join(folder, "evil.ts"), 'console.log("evil");\n');
  await Bun.write(join(folder, ".env"), "TMPDIR=/evil\n");
  const result = await run([probe, join(base, "db")], { cwd: folder });
  expect(result.stdout).not.toContain("evil");
  expect(result.code).toBe(0);
});

test("the same sources give the same bytes, and no path of this checkout is in them", async () => {
  const again = join(base, "again");
  await compile(fixture, again);
  const [first, second] = [readFileSync(probe), readFileSync(again)];
  expect(first.equals(second)).toBe(true);
  expect(first.includes(join(import.meta.dir, "../.."))).toBe(false);
}, 60_000);

test("one executable is every program, by the name that it is called by", async () => {
  const out = join(base, "build");
  const executable = await buildExecutable(out);
  expect(readdirSync(out).sort()).toEqual([...new Set(["moss", ...PROGRAMS])].sort());
  for (const name of PROGRAMS) {
    const result = await run([join(out, name), "--help"], { cwd: "/" });
    expect(result.stdout + result.stderr).toContain(`Usage: ${name} `);
  }
  expect(readFileSync(executable).subarray(0, 4).toString("latin1")).toBe("\x7fELF");

  // Reading macros costs a fifth of a small build, so the executable keeps what it made of them.
  const cache = join(base, "boulder-cache");
  const macros = () => run([join(out, "boulder"), "--cache-dir", cache, "recipe", "macros"], { cwd: "/" });
  const first = await macros();
  expect(readdirSync(cache)).toEqual(["macros"]);
  expect(await macros()).toEqual(first);
  expect(first.code).toBe(0);
}, 60_000);
