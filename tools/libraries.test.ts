// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The check of a root's libraries beside what the machine's own loader says, on copies of its programs. */
import { afterAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { checkLibraries } from "./libraries.ts";

const base = mkdtempSync(join(tmpdir(), "libraries-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** What the loader of this machine maps for a program: names, paths. */
function loaderSays(program: string): { name: string; path: string }[] {
  const out = spawnSync("ldd", [program], { encoding: "utf8" }).stdout;
  return [...out.matchAll(/^\s*(\S+)(?: => (\S+))? \(0x/gm)]
    .map(([, name = "", path]) => ({ name, path: path ?? name }))
    .filter(({ path }) => path.startsWith("/"));
}

/** A root with a program and its libraries, each at the place where the loader found it. */
function rootOf(name: string, program: string): { root: string; libraries: { name: string; path: string }[] } {
  const root = join(base, name);
  for (const folder of ["usr/bin", "usr/lib", "usr/lib64"]) mkdirSync(join(root, folder), { recursive: true });
  for (const folder of ["bin", "lib", "lib64"]) symlinkSync(`usr/${folder}`, join(root, folder));
  copyFileSync(program, join(root, "usr/bin", basename(program)));
  const libraries = loaderSays(program);
  for (const { path } of libraries) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    copyFileSync(realpathSync(path), join(root, path));
  }
  return { root, libraries };
}

const program = realpathSync("/bin/ls");

test("a root with everything that the loader maps has nothing missing", () => {
  const { root, libraries } = rootOf("whole", program);
  expect(libraries.length).toBeGreaterThan(1);
  const check = checkLibraries(root);
  expect(check.missing).toEqual([]);
  expect(check.unsearched).toEqual([]);
  expect(check.files).toBe(libraries.length + 1);
  expect(check.programs).toBe(1);
});

test("each library that is taken away is named, and so is the loader", () => {
  const { libraries } = rootOf("named", program);
  for (const [i, { name, path }] of libraries.entries()) {
    const { root } = rootOf(`without-${i}`, program);
    rmSync(join(root, path));
    expect(checkLibraries(root).missing.map((item) => item.needs)).toContain(name);
  }
});

test("a library off every search path is told apart", () => {
  const { root, libraries } = rootOf("moved", program);
  const library = libraries.find(({ name }) => name.startsWith("libc.so"));
  if (library === undefined) throw new Error("a program without libc");
  mkdirSync(join(root, "usr/lib/private"));
  copyFileSync(join(root, library.path), join(root, "usr/lib/private", library.name));
  rmSync(join(root, library.path));
  const check = checkLibraries(root);
  expect(check.missing).toEqual([]);
  expect(check.unsearched.map((item) => item.elsewhere)).toContain(`/usr/lib/private/${library.name}`);
});

test("absolute links stay in the root", () => {
  const { root, libraries } = rootOf("links", program);
  const library = libraries.find(({ name }) => name.startsWith("libc.so"));
  if (library === undefined) throw new Error("a program without libc");
  rmSync(join(root, library.path));
  // On this machine the target is there; in the root it is not.
  const outside = join(base, "outside.so");
  copyFileSync(realpathSync(library.path), outside);
  symlinkSync(outside, join(root, library.path));
  expect(checkLibraries(root).missing.map((item) => item.needs)).toContain(library.name);
});
