// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Roots that share a store unpack a package once. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { install, problemsOf, snapshot, TestRoots } from "#tests/crash/roots";
import type { TransitionEvent } from "#transition/events";
import { MossRoot } from "#transition/root";
import { NODES } from "#transition/schema";

const base = new TestRoots("borrow");
afterAll(() => base.remove());
const TOOL = base.stone("tool", {
  "bin/tool": { body: "tool", mode: 0o4755 },
  "share/tool/text": { body: "text", xattrs: new Map([["user.note", Buffer.from("kept")]]) },
  "share/tool/link": { link: "text" },
});
const unpacked = (events: readonly TransitionEvent[]) =>
  events.flatMap((event) => (event.kind === "unpack" ? [event.name] : []));
const merged = (events: readonly TransitionEvent[]) =>
  events.some((event) => event.kind === "phase" && event.phase === "merge");

test("a package that another root of the store has is not unpacked again, unless the store has lost a file of it", async () => {
  const cache = base.directory();
  const roots = [1, 2, 3].map(() => MossRoot.open(base.directory(), { cache }));
  const [first, second, third] = roots;
  if (first === undefined || second === undefined || third === undefined) throw new Error("no roots");
  const events: TransitionEvent[] = [];
  await install(first, [TOOL], {}, events);
  expect(unpacked(events)).toEqual(["tool"]);

  const later: TransitionEvent[] = [];
  await install(second, [TOOL], {}, later);
  expect(unpacked(later)).toEqual([]);
  expect(merged(later)).toBe(false);
  expect(second.active()?.tree).toEqual(first.active()?.tree);
  expect(second.files(TOOL.id)).toEqual(first.files(TOOL.id));
  expect(problemsOf(second)).toEqual([]);

  const folder = readdirSync(first.store).filter((name) => /^[0-9a-f]{2}$/.test(name))[0] ?? "";
  rmSync(join(first.store, folder), { recursive: true });
  const again: TransitionEvent[] = [];
  await install(third, [TOOL], {}, again);
  expect(unpacked(again)).toEqual(["tool"]);
  expect(merged(again)).toBe(true);
  expect(problemsOf(third)).toEqual([]);
  for (const root of roots) root[Symbol.dispose]();
});

const OTHER = base.stone("other", { "bin/other": { body: "other" }, "share/other/text": { body: "text" } });

/** A root with a store that others share, which has a state of each of these lists. */
async function shared(...states: readonly (readonly (typeof TOOL)[])[]) {
  const cache = base.directory();
  const first = MossRoot.open(base.directory(), { cache });
  for (const stones of states) await install(first, stones);
  const more = async (...stones: readonly (typeof TOOL)[]) => {
    const root = MossRoot.open(base.directory(), { cache });
    const events: TransitionEvent[] = [];
    const made = await install(root, stones, {}, events);
    expect(problemsOf(root)).toEqual([]);
    expect(unpacked(events)).toEqual([]);
    return { root, made, merged: merged(events) };
  };
  return { first, more, [Symbol.dispose]: () => first[Symbol.dispose]() };
}

test("the tree of a state that another root has is not merged again, and is what merging gives", async () => {
  using roots = await shared([TOOL, OTHER], [TOOL]);
  const alone = MossRoot.open(base.directory());
  const copies: MossRoot[] = [];
  for (const stones of [[TOOL], [OTHER, TOOL], [OTHER]]) {
    const { root, made, merged } = await roots.more(...stones);
    const own = await install(alone, stones);
    expect(merged).toBe(stones.includes(OTHER) && stones.length === 1);
    expect(made.state.tree).toEqual(own.state.tree);
    expect(made.changes.added).toBe(root.listing(made.state).filter(({ entry }) => entry.kind !== "directory").length);
    expect(snapshot(root.usr)).toEqual(snapshot(alone.usr));
    expect(root.packages(made.state)).toEqual(alone.packages(own.state));
    copies.push(root);
  }
  // What they were given is their own: they go on from there as any root.
  roots.first[Symbol.dispose]();
  rmSync(roots.first.directory, { recursive: true });
  for (const root of copies) {
    await install(root, [OTHER, TOOL]);
    await install(root, [OTHER]);
    expect(problemsOf(root)).toEqual([]);
    root[Symbol.dispose]();
  }
  alone[Symbol.dispose]();
});

test("a state of another root that is not whole is not taken", async () => {
  using roots = await shared([TOOL]);
  roots.first.database.update((tx) => {
    const [key] = [...tx.bucket(NODES).keys()];
    if (key !== undefined) tx.bucket(NODES).delete(key);
  });
  const { root, merged } = await roots.more(TOOL);
  expect(merged).toBe(true);
  expect(root.active()?.tree).toEqual(roots.first.active()?.tree);
  root[Symbol.dispose]();
});

test("what a run that was cut off left in the store goes, also where the root has moved since; what others have there stays", async () => {
  using alone = MossRoot.open(base.directory());
  using sharing = MossRoot.open(base.directory(), { cache: base.directory() });
  for (const root of [alone, sharing]) {
    const left = join(root.store, "new-0123456789ab-7");
    mkdirSync(left);
    await install(root, [TOOL]);
    expect(existsSync(left)).toBe(root.shared);
  }
});
