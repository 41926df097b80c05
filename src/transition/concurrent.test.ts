// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Several at one root or store: a second writer, readers while one writes, roots that share a store. */
import { afterAll, expect, test } from "bun:test";
import { lstatSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { compareText } from "#base/order";
import { FileLock } from "#sys/lock";
import { run } from "#sys/process";
import type { Seen } from "#tests/crash/child.fixture";
import { install, MODEL, problemsOf, refusal, sampleExtra, sampleTool, TestRoots } from "#tests/crash/roots";
import { apply } from "#transition/apply";
import { cacheLockPath, joinCache } from "#transition/cache";
import { removeStates } from "#transition/prune";
import { MossRoot } from "#transition/root";

const base = new TestRoots("concurrent");
afterAll(() => base.remove());
const asRoot = process.getuid?.() === 0;
const CHILD = join(import.meta.dir, "../../tests/crash/child.fixture.ts");
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

test("a writer that finds another fails at once and names it, or waits for it", async () => {
  const directory = base.directory();
  using root = MossRoot.open(directory);
  const [first, second] = [sampleTool(base, "1"), sampleExtra(base)];
  await install(root, [first]);
  const flag = join(base.base, "go");
  const holder = Bun.spawn([process.execPath, CHILD, "hold", directory, flag], { stdout: "pipe" });
  const reader = holder.stdout.getReader();
  await reader.read();
  const busy = await refusal(install(root, [first, second]));
  expect(busy.code).toBe("root.busy");
  expect(busy.message).toContain(`process ${holder.pid} (hold the root)`);
  expect(root.active()?.id).toBe(1);
  expect(root.packages(root.active()).map(({ name }) => name)).toEqual(["tool"]);
  // The waiting blocks this process, so another one lets the holder go.
  const opener = Bun.spawn(["sh", "-c", 'sleep 0.2; touch "$0"', flag]);
  const selections = [first, second].map(({ id }) => ({ id, explicit: true }));
  const stones = new Map([first, second].map(({ id, path }) => [id, path]));
  const request = { selections, stones, summary: "", command: "wait", systemModel: MODEL, wait: 60_000 };
  expect((await apply(root, request)).state.id).toBe(2);
  expect(await Promise.all([opener.exited, holder.exited])).toEqual([0, 0]);
});

test.skipIf(!asRoot)(
  "a reader without rights sees one whole state or the next, while a writer goes on",
  async () => {
    const directory = base.directory();
    const stones = [sampleTool(base, "1"), sampleTool(base, "2"), sampleExtra(base)] as const;
    const sets = [[stones[0]], [stones[1]], [stones[0], stones[2]], [stones[1], stones[2]]];
    {
      using root = MossRoot.open(directory);
      await install(root, [stones[0]]);
    }
    const progress = { done: false };
    const writer = (async () => {
      for (let i = 1; i < 12; i++) {
        const paths = (sets[i % sets.length] ?? []).map(({ path }) => path);
        const { code, stdout, stderr } = await run([process.execPath, CHILD, "set", directory, ...paths]);
        expect(`${stdout}${stderr}${code}`).toEndWith("0");
      }
      progress.done = true;
    })();
    const allowed = new Set(
      sets.map((set) =>
        set
          .map(({ path }) => /([a-z]+-\d)\.stone$/.exec(path)?.[1] ?? "")
          .toSorted(compareText)
          .join(),
      ),
    );
    let before = 0;
    let reads = 0;
    while (!progress.done) {
      const { stdout, code } = await run([...NOBODY, process.execPath, CHILD, "read", directory]);
      expect(code).toBe(0);
      const seen = JSON.parse(stdout) as Seen;
      expect(seen.active).toBeGreaterThanOrEqual(before);
      before = seen.active;
      for (const { builds } of seen.states) expect(allowed).toContain(builds.toSorted().join());
      reads += 1;
    }
    await writer;
    expect(reads).toBeGreaterThan(2);
  },
  60_000,
);

test("a reader without rights changes nothing, not even where there is nothing", async () => {
  const directory = base.directory();
  using root = MossRoot.open(directory, { readOnly: true });
  expect([root.active(), root.states(), root.pending(), root.exists]).toEqual([undefined, [], undefined, false]);
  expect(readdirSync(directory)).toEqual([]);
});

test("roots that share a store keep what the others need, also while one is unpacking", async () => {
  const cache = base.directory();
  const [one, two] = [base.directory(), base.directory()];
  using a = MossRoot.open(one, { cache });
  using b = MossRoot.open(two, { cache });
  const [first, second, third] = [sampleTool(base, "1"), sampleTool(base, "2"), sampleExtra(base)];
  await install(a, [first]);
  await install(b, [first, third]);
  expect(lstatSync(`${one}/usr/bin/tool`).ino).toBe(lstatSync(`${two}/usr/bin/tool`).ino);
  await install(a, [second]);
  await install(a, [second, third]);
  // What only one root had goes; what the other still needs stays.
  const swept = await removeStates(a, [1, 2], { command: "prune" });
  expect(swept.unswept).toBeUndefined();
  expect([problemsOf(a), problemsOf(b)]).toEqual([[], []]);
  {
    using _busy = b.lock({ command: "unpacking" });
    await install(a, [first]);
    const held = await removeStates(a, [3], { command: "prune" });
    expect(held.unswept).toContain("another root is using the cache");
  }
  expect((await removeStates(a, [], { command: "prune" })).states).toEqual([]);
  expect([problemsOf(a), problemsOf(b)]).toEqual([[], []]);
  b[Symbol.dispose]();
  // A root that is not there to be asked keeps everything.
  renameSync(two, `${two}-away`);
  await install(a, [third]);
  const unasked = await removeStates(a, [4], { command: "prune" });
  expect(unasked.unswept).toContain(two);
});

test("a cache that another root sweeps is not waited for without end", async () => {
  const cache = base.directory();
  using root = MossRoot.open(base.directory(), { cache });
  await install(root, [sampleTool(base, "1")]);
  const sweeper = FileLock.tryAcquire(cacheLockPath(cache), "exclusive", "");
  expect(() => joinCache(root.directory, cache, 0, 0)).toThrow("another root is sweeping the cache");
  sweeper?.[Symbol.dispose]();
  using _one = joinCache(root.directory, cache, 0, 0);
  // As many as there are may work at once.
  await install(root, [sampleTool(base, "2")]);
});
