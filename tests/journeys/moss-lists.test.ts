// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Journeys with the moss program: lists of files beside an index, and what they answer before anything is fetched. */
import { afterAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { FileListEncoder } from "#stone/file-list";
import { FileListsWriter } from "#stone/file-lists";
import { readIndex, writeIndex } from "#stone/repository";
import { ask, installed, moss, must, prepare, type Sample, SYSTEM, stone, Workshop } from "./moss.ts";

setDefaultTimeout(60_000);
const shop = new Workshop();
afterAll(() => shop[Symbol.dispose]());

let asked: string[] = [];
beforeEach(() => {
  asked = [];
});
/** Stones that were asked for. */
const stones = () => asked.filter((name) => name.endsWith(".stone"));

/** Serves a folder; tells what was asked for. */
function serve(pool: string) {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const name = basename(new URL(request.url).pathname);
      asked.push(name);
      if (!existsSync(join(pool, name))) return new Response("no", { status: 404 });
      const bytes = readFileSync(join(pool, name));
      const etag = `"${Bun.hash(bytes)}"`;
      if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304 });
      return new Response(bytes, { headers: { etag } });
    },
  });
}

let pools = 0;
/** A root with a served collection of the small system and of these. */
async function served(samples: readonly Sample[]) {
  const pool = shop.collection(`served ${++pools}`, [...SYSTEM, ...samples]);
  await must(["index", pool, "--no-collisions"]);
  const server = serve(pool);
  const root = shop.root();
  await must(["remote", "add", "-D", root, "served", server.url.href]);
  return { pool, root, [Symbol.dispose]: () => void server.stop(true) };
}

const both = (one: string, other: string): Sample[] => [
  { name: "alpha", files: { "share/both": one, "bin/alpha": "a" } },
  { name: "beta", files: { "share/both": other, "bin/beta": "b" } },
];

test("packages that would collide are refused before anything is fetched", async () => {
  using at = await served(both("of alpha", "of beta's"));
  const { root } = at;
  expect(asked).toEqual(["stone.index", "stone.files"]);
  for (const more of [["-y"], ["--dry-run"]]) {
    const refused = await moss(["install", "-D", root, ...more, "alpha", "beta"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('Cannot place "usr/share/both": "alpha" has a file');
    expect(refused.stderr).toContain('"beta" a file');
  }
  expect(stones()).toEqual([]);
  // With what is installed, and stays.
  await must(["install", "-D", root, "-y", "alpha"]);
  expect(stones()).toEqual(["alpha-1.stone"]);
  const refused = await moss(["install", "-D", root, "-y", "beta"]);
  expect([refused.code, stones().length]).toEqual([1, 1]);
  expect(refused.stderr).toContain('"alpha" has a file');
  // What leaves is in nobody's way.
  await must(["remove", "-D", root, "-y", "alpha"]);
  await must(["install", "-D", root, "-y", "beta"]);
  expect(stones()).toEqual(["alpha-1.stone", "beta-1.stone"]);
});

test("equal files are shared, also with what is installed; other modes, and equal sizes of other bytes, are not", async () => {
  using at = await served([
    ...both("the same", "the same"),
    { name: "gamma", files: { "share/both": "The same" } },
    { name: "delta", files: { "share/both": { body: "the same", mode: 0o755 } } },
    { name: "epsilon", files: { "share/both/below": "x" } },
  ]);
  const { root } = at;
  await must(["install", "-D", root, "-y", "alpha"]);
  for (const name of ["gamma", "delta", "epsilon"]) {
    const refused = await moss(["install", "-D", root, "-y", name]);
    expect([name, refused.code, refused.stderr.includes('"alpha" has a file')]).toEqual([name, 1, true]);
  }
  await must(["install", "-D", root, "-y", "beta"]);
  expect(stones()).toEqual(["alpha-1.stone", "beta-1.stone"]);
  expect((await must(["owns", "-D", root, "/usr/share/both"])).stdout).toContain("alpha, beta");
});

test("files below a folder that is a link elsewhere are compared where they stand", async () => {
  using at = await served([
    { name: "plain", files: { "share/real/file": "same" } },
    { name: "linked", files: { "share/link": { link: "real" }, "share/link/file": "same" } },
    { name: "other", files: { "share/link": { link: "real" }, "share/link/file": "else" } },
  ]);
  const { root } = at;
  await must(["install", "-D", root, "-y", "plain"]);
  const refused = await moss(["install", "-D", root, "-y", "other"]);
  expect(refused.stderr).toContain('Cannot place "usr/share/real/file"');
  expect(stones()).toEqual(["plain-1.stone"]);
  await must(["install", "-D", root, "-y", "linked"]);
  expect(await installed(root)).toEqual(["linked 1", "plain 1"]);
});

test("a symlink that leaves with an upgrade is not followed when its newer build is looked at", async () => {
  const old: Sample = { name: "turn", files: { "share/a": { link: "x" }, "share/a/x": { link: "x" }, "share/c": "c" } };
  using at = await served([old]);
  const { root, pool } = at;
  await must(["install", "-D", root, "-y", "turn"]);
  const files = { "share/b": { link: "a" }, "share/a/g": "g", "share/b/x/g": "g of x" };
  stone(pool, { name: "turn", version: "2", release: 2, files });
  await must(["index", pool]);
  await must(["upgrade", "-D", root, "-y"]);
  expect(await installed(root)).toEqual(["turn 2"]);
});

test("a stone that was given by its path takes part", async () => {
  using at = await served(both("of alpha", "of beta's"));
  const { root, pool } = at;
  const refused = await moss(["install", "-D", root, "-y", join(pool, "alpha-1.stone"), "beta"]);
  expect([refused.code, stones()]).toEqual([1, []]);
  expect(refused.stderr).toContain('Cannot place "usr/share/both"');
});

test("an upgrade that would collide is refused before anything is fetched; a package does not collide with its older self", async () => {
  using at = await served(both("of alpha", "of alpha"));
  const { root, pool } = at;
  await must(["install", "-D", root, "-y", "alpha", "beta"]);
  stone(pool, { name: "alpha", version: "2", release: 2, files: { "share/both": "other", "bin/alpha": "a2" } });
  await must(["index", pool, "--no-collisions"]);
  asked = [];
  const refused = await moss(["upgrade", "-D", root, "-y"]);
  expect([refused.code, stones()]).toEqual([1, []]);
  expect(refused.stderr).toContain('Cannot place "usr/share/both"');
  stone(pool, { name: "beta", version: "2", release: 2, files: { "share/both": "other" } });
  await must(["index", pool]);
  await must(["upgrade", "-D", root, "-y"]);
  expect(await installed(root)).toEqual(["alpha 2", "beta 2"]);
});

test("files of packages that are neither installed nor at hand are found", async () => {
  using at = await served([
    { name: "data", files: { "share/data/words.txt": "hello", "share/data/l": { link: "x" } } },
  ]);
  const { root } = at;
  const list = "/usr/share/data/l -> x\n/usr/share/data/words.txt\n";
  expect((await must(["files", "data", "-D", root])).stdout).toBe(list);
  const [value] = await ask<{ installed: boolean; files: { size?: number }[] }[]>(["files", "data", "-D", root]);
  expect(value).toMatchObject({ installed: false, files: [{ kind: "symlink" }, { kind: "file", size: 5 }] });
  expect((await must(["owns", "/usr/share/data/words.txt", "-D", root])).stdout).toBe(
    "/usr/share/data/words.txt: not installed, data would bring it\n",
  );
  expect((await must(["sf", "words.t", "-D", root])).stdout).toBe(
    "/usr/share/data/words.txt from data (not installed)\n",
  );
  expect((await must(["sf", "-i", "words.t", "-D", root])).stdout).toBe("");
  expect(await ask<object[]>(["search", "/usr/share/data/words.txt", "-D", root])).toMatchObject([{ name: "data" }]);
  expect((await moss(["owns", "/usr/share/data/word", "-D", root])).code).toBe(5);
  // Of many paths at once, in the order in which they were given.
  const none = Array.from({ length: 9 }, (_, i) => `/usr/share/none-${i}`);
  const many = await moss(["owns", "/usr/bin/dash", "/usr/share/data/l", ...none, "/usr/bin/sh", "-D", root]);
  expect(many.lines).toEqual([
    "/usr/bin/dash: not installed, dash would bring it",
    "/usr/share/data/l: not installed, data would bring it",
    "/usr/bin/sh: not installed, dash would bring it",
  ]);
  expect([many.code, many.stderr.includes('none-8"')]).toEqual([5, true]);
  expect(stones()).toEqual([]);
  await must(["install", "-y", "/usr/share/data/words.txt", "-D", root]);
  expect(await installed(root)).toEqual(["data 1"]);
  expect((await must(["install", "-y", "/usr/share/data/words.txt", "-D", root])).stdout).toContain(
    "Installed already",
  );
  expect((await must(["owns", "/usr/share/data/words.txt", "-D", root])).stdout).toContain("words.txt: data\n");
});

test("a collection without lists, or with lists that are not the index's, works as before; they are tried again", async () => {
  using at = await served(both("one", "two"));
  const { root, pool } = at;
  const lists = readFileSync(join(pool, "stone.files"));
  for (const bytes of [undefined, lists.subarray(0, -1), Buffer.concat([lists, lists]), Buffer.alloc(lists.length)]) {
    if (bytes === undefined) rmSync(join(pool, "stone.files"));
    else writeFileSync(join(pool, "stone.files"), bytes);
    const update = await must(["remote", "update", "-D", root, "--force"]);
    expect(update.stderr).toContain("served comes without lists of files");
    expect((await moss(["files", "alpha", "-D", root])).stderr).toContain("no list of its files");
  }
  // Found after unpacking, as before; nothing is installed.
  const late = await moss(["install", "-D", root, "-y", "alpha", "beta"]);
  expect([late.code, late.stderr.includes('Cannot place "usr/share/both"')]).toEqual([1, true]);
  expect(stones().sort()).toEqual(["alpha-1.stone", "beta-1.stone"]);
  writeFileSync(join(pool, "stone.files"), lists);
  asked = [];
  expect((await must(["remote", "update", "-D", root])).stderr).not.toContain("without lists");
  expect((await must(["files", "alpha", "-D", root])).stdout).toBe("/usr/bin/alpha\n/usr/share/both\n");
  expect(asked).toEqual(["stone.index", "stone.files"]);
  // What is here is not fetched again.
  await must(["remote", "update", "-D", root]);
  expect(asked).toEqual(["stone.index", "stone.files", "stone.index"]);
  // An index of another program, which names no lists.
  const index = join(pool, "stone.index");
  writeIndex(index, readIndex(index));
  const plain = await must(["remote", "update", "-D", root]);
  expect(plain.stderr).not.toContain("without lists");
  expect((await moss(["files", "alpha", "-D", root])).code).toBe(0); // its stone was fetched above
  expect((await moss(["sf", "both", "-D", root])).stdout).toBe("");
});

test("a stone given by its path has the size of its files, its name in a refusal, and a dry run that refuses what the change would", async () => {
  const { root } = await prepare(shop, ["nano"]);
  const folder = join(shop.folder, "loose stones");
  mkdirSync(folder);
  const fine = stone(folder, { name: "fine", depends: ["binary(nano)"], files: { "bin/fine": "fine" } });
  const clash = stone(folder, { name: "clash", files: { "bin/nano": "another" } });
  const lonely = stone(folder, { name: "lonely", depends: ["binary(nothing)"], files: { "bin/lonely": "l" } });
  expect((await must(["install", "-D", root, "--dry-run", fine])).stdout).toContain("/usr grows by 4 B");
  const refused = await moss(["install", "-D", root, "--dry-run", clash]);
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  expect(refused.stderr).toContain('Cannot place "usr/bin/nano"');
  expect((await moss(["install", "-D", root, "-y", lonely])).stderr).toContain('Cannot install "lonely"');
});

test("lists that hide a collision hide it only until the stones are here", async () => {
  using at = await served(both("one", "two"));
  const { root, pool } = at;
  const index = join(pool, "stone.index");
  {
    using lists = new FileListsWriter(join(pool, "stone.files"));
    using encoder = new FileListEncoder("fast");
    for (const { id } of readIndex(index)) lists.add(id, encoder.encode([], [], id));
    writeIndex(index, readIndex(index), "fast", lists.finish());
  }
  await must(["remote", "update", "-D", root]);
  const refused = await moss(["install", "-D", root, "-y", "alpha", "beta"]);
  expect([refused.code, refused.stderr.includes('Cannot place "usr/share/both"')]).toEqual([1, true]);
  expect([stones().length, existsSync(`${root}/usr`)]).toEqual([2, false]);
});
