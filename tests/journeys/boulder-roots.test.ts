// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Build roots between builds: which are shared, and how their room is given back. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "#sys/process";
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

interface Cleaned {
  readonly bytes: number;
  readonly removed: readonly { readonly area: string; readonly name: string }[];
  readonly busy: readonly { readonly area: string; readonly name: string }[];
}
const cache = async <T>(...words: string[]): Promise<T> => {
  const { code, stdout, stderr } = await run([...tiny.command, "cache", ...words, "--json"]);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as T;
};
interface Sizes {
  readonly bytes: number;
  readonly areas: readonly { readonly area: string; readonly items: number; readonly bytes: number }[];
}
const areasOf = (items: Cleaned["removed"]) => [...new Set(items.map((item) => item.area))];

test.skipIf(!HAVE_TINY)(
  "the cache tells its parts, a file that roots share counted once, and gives them back",
  async () => {
    const hash = tiny.mirror(Buffer.alloc(3_000_000, "x"));
    tiny.recipe(`upstreams:\n    - https://example.org/a.bin: {hash: ${hash}, unpack: false}\n${EMPTY}`);
    expect((await tiny.build(["-c"])).code).toBe(0);
    const before = await cache<Sizes>("size");
    const bytesOf = (sizes: Sizes, area: string) => sizes.areas.find((item) => item.area === area)?.bytes ?? -1;
    expect(before.areas.map((item) => item.area)).toEqual(["store", "roots", "sources", "compilers", "builds"]);
    expect(bytesOf(before, "sources")).toBeGreaterThanOrEqual(3_000_000);
    // bash and busybox are files of the store, to which the root has but links.
    expect(bytesOf(before, "store")).toBeGreaterThan(1_000_000);
    expect(bytesOf(before, "roots")).toBeLessThan(500_000);
    expect(before.bytes).toBe(before.areas.reduce((sum, area) => sum + area.bytes, 0));

    const looked = await cache<Cleaned>("clean", "--dry-run");
    expect(areasOf(looked.removed)).toEqual(["store", "roots", "sources", "compilers", "builds"]);
    expect(await cache<Sizes>("size")).toEqual(before);
    // While the root is kept, nothing of the store goes but what no root has.
    expect((await cache<Cleaned>("clean", "-n", "store")).bytes).toBeLessThan(500_000);

    const some = await cache<Cleaned>("clean", "sources", "builds");
    expect(areasOf(some.removed)).toEqual(["sources", "builds"]);
    expect(some.bytes).toBeGreaterThanOrEqual(3_000_000);
    expect(rootsKept()).toHaveLength(1);
    expect((await tiny.build(["-c"])).stderr).toContain("found ready");

    const all = await cache<Cleaned>("clean");
    expect(all.busy).toEqual([]);
    expect(rootsKept()).toEqual([]);
    const after = await cache<Sizes>("size");
    expect(before.bytes - after.bytes).toBeGreaterThanOrEqual(looked.bytes - 500_000);
    expect(after.bytes).toBeLessThan(500_000);
    // All of it can be made again.
    expect((await tiny.build()).stderr).toContain("made now; 1 package new to the store");
  },
);

test.skipIf(!HAVE_TINY)("what a build uses is left alone, and the build ends well", async () => {
  const mark = join(tiny.cache, "builds/sample-1-1/build/x86_64/mark");
  tiny.recipe(
    EMPTY.replace("echo built", "echo > %(buildroot)/mark\n    while [ -e %(buildroot)/mark ]; do sleep 0.1; done"),
  );
  const building = tiny.build();
  while (!existsSync(mark)) await Bun.sleep(20);
  const { removed, busy } = await cache<Cleaned>("clean");
  expect([areasOf(removed), areasOf(busy)]).toEqual([[], ["store", "roots", "sources", "builds"]]);
  const said = await run([...tiny.command, "cache", "clean"]);
  expect([said.code, said.stderr]).toEqual([
    0,
    expect.stringContaining("1 item of roots, 1 item of sources, 1 item of builds"),
  ]);
  rmSync(mark);
  expect((await building).code).toBe(0);
  expect(rootsKept()).toHaveLength(1);
  const wrong = await run([...tiny.command, "cache", "clean", "root"]);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('Cannot clean "root"')]);
});
