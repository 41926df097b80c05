// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Spare trees that are not what they were: clocks, links that somebody planted, commands that were refused. */
import { afterAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fullBuilds, install, problemsOf, refusal, sampleExtra, sampleTool, TestRoots } from "#tests/crash/roots";
import { activate } from "#transition/activate";
import type { TransitionEvent } from "#transition/events";
import { MossRoot } from "#transition/root";
import { STATES, TREES } from "#transition/schema";

const base = new TestRoots("drift");
afterAll(() => base.remove());

test("a clock that was set back makes the next tree a full build, and states keep their order", async () => {
  const directory = base.directory();
  using root = MossRoot.open(directory);
  await install(root, [sampleTool(base, "1")]);
  await install(root, [sampleTool(base, "2")]);
  // What a root remembers that was written with a clock a day ahead.
  const ahead = (text: string) => String(BigInt(text) + 86_400_000_000_000n);
  root.database.update((tx) => {
    const trees = [...tx.bucket(TREES).entries()];
    for (const [place, tree] of trees) {
      const windows = [...tree.windows, ...tree.windows.map(([a, b]) => [ahead(a), ahead(b)] as const)];
      tx.bucket(TREES).set(place, { ...tree, windows });
    }
    const states = [...tx.bucket(STATES).entries()];
    for (const [id, state] of states) {
      tx.bucket(STATES).set(id, { ...state, created: state.created + 86_400_000 });
    }
  });
  const events: TransitionEvent[] = [];
  await install(root, [sampleExtra(base)], {}, events);
  expect(fullBuilds(events)).toEqual(["the clock went backwards since it was written"]);
  expect(root.states().map(({ id }) => id)).toEqual([3, 2, 1]);
  const [newest, older] = root.states();
  expect(newest?.created ?? 0).toBeLessThan(older?.created ?? 0);
  expect(root.active()?.id).toBe(3);
  expect(problemsOf(root)).toEqual([]);
  await activate(root, 1, { command: "x" });
  expect(problemsOf(root)).toEqual([]);
});

test("a symlink that somebody planted in a spare tree is never written through", async () => {
  const directory = base.directory();
  const outside = base.directory();
  using root = MossRoot.open(directory);
  await install(root, [sampleTool(base, "1"), sampleExtra(base)]);
  await install(root, [sampleTool(base, "1")]);
  for (const place of readdirSync(root.trees)) {
    const share = `${root.treePath(place)}/share`;
    rmSync(`${share}/tool`, { recursive: true });
    symlinkSync(outside, `${share}/tool`);
  }
  const events: TransitionEvent[] = [];
  await install(root, [sampleTool(base, "2"), sampleExtra(base)], {}, events);
  expect(readdirSync(outside)).toEqual([]);
  expect(fullBuilds(events)).toHaveLength(1);
  // The other tree with such a symlink is that of state 1.
  expect(problemsOf(root)).not.toEqual([]);
  await activate(root, 1, { command: "x" }, (event) => events.push(event));
  expect(fullBuilds(events)).toHaveLength(2);
  expect(readdirSync(outside)).toEqual([]);
  expect(problemsOf(root)).toEqual([]);
});

test("a symlink to itself that somebody planted above a directory to change is no obstacle", async () => {
  using root = MossRoot.open(base.directory());
  await install(root, [sampleTool(base, "1"), sampleExtra(base)]);
  await install(root, [sampleTool(base, "1")]);
  for (const place of readdirSync(root.trees)) {
    rmSync(`${root.treePath(place)}/share`, { recursive: true });
    symlinkSync("share", `${root.treePath(place)}/share`);
  }
  await install(root, [sampleTool(base, "2")]);
  expect(readFileSync(`${root.usr}/share/tool/v2`, "utf8")).toBe("2");
});

test("what is refused or changes nothing does not cost the spare tree", async () => {
  const directory = base.directory();
  using root = MossRoot.open(directory);
  const [one, other] = [sampleTool(base, "1"), sampleExtra(base)];
  await install(root, [one]);
  await install(root, [one, other]);
  const clash = base.stone("clash", { "bin/tool": "mine" });
  const events: TransitionEvent[] = [];
  expect((await refusal(install(root, [one, other, clash], {}, events))).code).toBe("tree.collision");
  expect((await install(root, [one, other], {}, events)).made).toBe(false);
  const gone = { ...base.stone("gone", { "bin/gone": "g" }), path: join(base.base, "nowhere.stone") };
  await refusal(install(root, [one, other, gone], {}, events));
  await install(root, [sampleTool(base, "2")], {}, events);
  expect(fullBuilds(events)).toEqual([]);
  expect(problemsOf(root)).toEqual([]);
});
