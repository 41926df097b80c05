// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Journeys with the moss program: indexes that do not tell the truth of their stones. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseCapability } from "#model/dependency";
import type { PackageMeta } from "#model/package";
import { indexFolder, readIndex, writeIndex } from "#stone/repository";
import { installed, moss, must, SYSTEM, Workshop } from "./moss.ts";

setDefaultTimeout(60_000);
const shop = new Workshop();
afterAll(() => shop[Symbol.dispose]());

let count = 0;

/** A root whose collection says of nano what is not so. */
async function liar(lie: (meta: PackageMeta) => Partial<PackageMeta>): Promise<string> {
  const root = shop.root();
  const pool = shop.collection(`liar ${++count}`, SYSTEM);
  const path = join(pool, "stone.index");
  await indexFolder(pool, { out: path });
  const offers = readIndex(path).map((offer) =>
    offer.meta.name === "nano" ? { ...offer, meta: { ...offer.meta, ...lie(offer.meta) } } : offer,
  );
  writeIndex(path, offers);
  await must(["remote", "add", "-D", root, "liar", pool]);
  return root;
}

test("a stone that is another package than its index says, or needs what the index hides, is not installed", async () => {
  const lies: [(meta: PackageMeta) => Partial<PackageMeta>, string, string][] = [
    [() => ({ name: "which" }), "which", "its stone is nano 7.2-1-1"],
    [() => ({ release: 9 }), "nano", "its stone is nano 7.2-1-1"],
    [() => ({ depends: [] }), "nano", "its stone needs soname("],
    [({ provides }) => ({ provides: [...provides, parseCapability("binary(vi)")] }), "binary(vi)", "give binary(vi)"],
    [() => ({ replaces: ["dash"] }), "nano", "its stone does not replace dash"],
  ];
  for (const [lie, word, found] of lies) {
    const root = await liar(lie);
    const refused = await moss(["install", "-D", root, "-y", word]);
    expect(refused.stderr).toContain(found);
    expect([refused.code, existsSync(`${root}/usr`)]).toEqual([1, false]);
    const tree = join(root, "tree");
    expect((await moss(["install", "-D", root, "-y", word, "--to", tree])).stderr).toContain(found);
    expect(existsSync(join(tree, "usr"))).toBe(false);
  }
});

test("an index that asks for more than the stone does no harm", async () => {
  const root = await liar(({ depends }) => ({
    depends: [...depends, parseCapability("name(dash)")],
    summary: "other words",
  }));
  await must(["install", "-D", root, "-y", "nano"]);
  expect(await installed(root)).toContain("dash 1");
});
