// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Two roots, one with lists of files and one without, are asked the same: lists may refuse earlier, never anything else. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { readIndex, writeIndex } from "#stone/repository";
import { type MossResult, moss, must, type Sample, stone, Workshop } from "./moss.ts";

setDefaultTimeout(120_000);
const shop = new Workshop();
afterAll(() => shop[Symbol.dispose]());

/** A generator of numbers that are the same in each run. */
function numbers(seed: number) {
  let state = seed;
  return (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

const FOLDERS = ["a", "b", "c", "a/x", "b/x"] as const;
const TARGETS = ["a", "b", "c", "../share/b", "x", "../b"] as const;
const NAMES = ["p", "q", "r", "s"] as const;

/** Files and symlinks in a few folders, some of which are symlinks in other packages. */
function filesOf(next: (below: number) => number): Sample["files"] {
  const pick = <T>(from: readonly T[], other: T): T => from[next(from.length)] ?? other;
  const files: Record<string, Sample["files"][string]> = {};
  for (let left = 1 + next(4); left > 0; left--) {
    const kind = next(10);
    const folder = `share/${pick(FOLDERS, "a")}`;
    if (kind < 2) files[folder] = { link: pick(TARGETS, "a") };
    else if (kind < 3) files[`${folder}/l`] = { link: pick(["f", "g"], "f") };
    else files[`${folder}/${pick(["f", "g", "l"], "f")}`] = pick(["one", "two", { body: "one", mode: 0o755 }], "one");
  }
  return files;
}

/** The collections of a run, served; `with` has lists. */
function collections(run: number) {
  const pools = { with: shop.collection(`with${run}`, []), without: shop.collection(`without${run}`, []) };
  let fetched = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const path = join(shop.folder, new URL(request.url).pathname);
      if (path.endsWith(".stone")) fetched += 1;
      return existsSync(path) ? new Response(readFileSync(path)) : new Response("no", { status: 404 });
    },
  });
  const add = (name: string, release: number, files: Sample["files"]) => {
    for (const pool of Object.values(pools)) stone(pool, { name, version: String(release), release, files });
  };
  const index = async () => {
    for (const pool of Object.values(pools)) await must(["index", pool, "--no-collisions"]);
    const path = join(pools.without, "stone.index");
    writeIndex(path, readIndex(path));
    rmSync(join(pools.without, "stone.files"));
  };
  const url = (pool: keyof typeof pools) => `${server.url.href}${basename(pools[pool])}/`;
  return { add, index, url, fetched: () => fetched, [Symbol.dispose]: () => void server.stop(true) };
}

/** What was refused: the path, and whose it is. Digests are left out: lists know others than trees. */
const refused = ({ stderr }: MossResult) =>
  stderr
    .split("\n")
    .find((line) => line.includes("Cannot"))
    ?.replace(/a file [0-9a-f]{12}/g, "a file");

let early = 0;
// The ninth is one that was refused for a symlink that leaves.
for (const run of [2, 5, 9, 11]) {
  test(`packages at random, run ${run}`, async () => {
    const next = numbers(run * 7919);
    using at = collections(run);
    const release = (number: number) => {
      for (const name of NAMES) if (number === 1 || next(3) > 0) at.add(name, number, filesOf(next));
    };
    release(1);
    await at.index();
    const roots = { with: shop.root(), without: shop.root() };
    for (const one of ["with", "without"] as const)
      await must(["remote", "add", "-D", roots[one], "some", at.url(one)]);
    const both = async (verb: string, ...names: string[]) => {
      const before = at.fetched();
      const one = await moss([verb, "-D", roots.with, "-y", ...names]);
      if (one.code === 1 && at.fetched() === before) early += 1;
      const other = await moss([verb, "-D", roots.without, "-y", ...names]);
      const words = [verb, ...names].join(" ");
      expect([words, one.code, refused(one)]).toEqual([words, other.code, refused(other)]);
    };
    for (let i = 0; i < 3; i++) {
      const some = NAMES.filter(() => next(2) === 0);
      if (some.length > 0) await both("install", ...some);
    }
    release(2);
    await at.index();
    for (const root of Object.values(roots)) await must(["remote", "update", "-D", root]);
    await both("upgrade");
    await both("install", ...NAMES);
  });
}

test("some of them were refused before anything was fetched", () => {
  expect(early).toBeGreaterThan(0);
});
