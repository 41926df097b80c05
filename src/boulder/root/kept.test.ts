// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of how roots are kept: shared by their tree, held while somebody is in them, gone when nobody needs them. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BuildRoot, KeptRoots } from "./kept";

const TREE = "ab".repeat(32);
const [ONE, TWO] = ["1".repeat(64), "2".repeat(64)];

let folder: string;
let roots: KeptRoots;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kept-"));
  roots = new KeptRoots(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Makes a root as the exporter does. */
function make(set: string, tree: string): { readonly root: BuildRoot; readonly existed: boolean } {
  using made = roots.begin(set);
  mkdirSync(join(made.folder, "usr"), { recursive: true });
  writeFileSync(join(made.folder, "usr/by"), set);
  writeFileSync(join(made.folder, ".moss-tree"), "");
  return roots.keep(set, made, tree);
}

const names = () => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();

test("two sets of packages with one tree share a root, and each finds it", () => {
  const first = make(ONE, TREE);
  const second = make(TWO, TREE);
  expect([first.existed, second.existed]).toEqual([false, true]);
  expect(second.root.folder).toBe(first.root.folder);
  for (const { root } of [first, second]) root[Symbol.dispose]();
  for (const set of [ONE, TWO]) {
    using root = roots.find(set);
    expect(root?.tree).toBe(TREE);
  }
  expect(roots.find("3".repeat(64))).toBeUndefined();
  expect(names()).toEqual(
    [TREE, `${TREE}/.moss-tree`, `${TREE}/usr`, `${TREE}/usr/by`, `${TREE}.use`]
      .concat(["packages", `packages/${ONE}`, `packages/${TWO}`])
      .sort(),
  );
});

test("a root that is held is not removed; one that was not used for long goes with what is known of it", () => {
  const { root } = make(ONE, TREE);
  const long = Date.now() / 1000 - 15 * 86_400;
  utimesSync(join(root.folder, ".moss-tree"), long, long);
  roots.sweep();
  expect(roots.remove(root)).toBe(false);
  expect(existsSync(join(root.folder, "usr/by"))).toBe(true);
  root[Symbol.dispose]();
  roots.sweep();
  expect(names()).toEqual(["packages"]);
  expect(roots.find(ONE)).toBeUndefined();
});

test("finding a root counts as using it", () => {
  const { root } = make(ONE, TREE);
  root[Symbol.dispose]();
  const long = Date.now() / 1000 - 15 * 86_400;
  utimesSync(join(root.folder, ".moss-tree"), long, long);
  roots.find(ONE)?.[Symbol.dispose]();
  roots.sweep();
  expect(existsSync(root.folder)).toBe(true);
});

test("what an attempt left that was killed is swept; what one is at is left alone", () => {
  const left = join(folder, "making-1-dead");
  writeFileSync(join(folder, "making-2-dead.use"), "");
  mkdirSync(join(left, "usr"), { recursive: true });
  using running = roots.begin(TWO);
  mkdirSync(running.folder);
  roots.sweep();
  expect([existsSync(left), existsSync(running.folder)]).toEqual([false, true]);
  expect(readdirSync(folder).filter((name) => name.includes("-dead"))).toEqual([]);
});

test("a set whose root is gone is not found", () => {
  const { root } = make(ONE, TREE);
  root[Symbol.dispose]();
  expect(roots.remove(root)).toBe(true);
  expect(roots.find(ONE)).toBeUndefined();
});
