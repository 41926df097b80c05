// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Build roots between builds: which are shared, and how their room is given back. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { HAVE_TINY, TinyBoulder } from "#tests/support/tiny-boulder";

let tiny: TinyBoulder;
beforeAll(async () => {
  if (HAVE_TINY) tiny = await new TinyBoulder().begin();
});
afterAll(() => tiny?.[Symbol.dispose]());

const EMPTY = 'build: |\n    echo built\npackages:\n    - "%(name)":\n        empty: true\n';
const rootsKept = () => readdirSync(join(tiny.cache, "roots")).filter((name) => /^[0-9a-f]{64}$/.test(name));

interface BuildInfo {
  readonly tree: string;
  readonly root: readonly { readonly release: number; readonly sha256: string }[];
}
const buildInfo = async () => (await Bun.file(join(tiny.out, "sample.x86_64.buildinfo.json")).json()) as BuildInfo;

test.skipIf(!HAVE_TINY)("packages with the same files share one root, known by the hash of its tree", async () => {
  tiny.recipe(EMPTY);
  expect((await tiny.build()).stderr).toContain("made now; 1 package new to the store");
  const first = await buildInfo();
  expect(rootsKept()).toEqual([first.tree]);
  // The same files in another release: other packages, no other root.
  await tiny.publish(2);
  const again = await tiny.build(["-u"]);
  expect([again.code, again.stderr]).toEqual([0, expect.stringContaining("the same as one that is kept")]);
  const second = await buildInfo();
  expect([first.root[0]?.release, second.root[0]?.release]).toEqual([1, 2]);
  expect([second.tree, rootsKept()]).toEqual([first.tree, [first.tree]]);
  expect((await tiny.build()).stderr).toContain("found ready");
});
