// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Roots that share a store unpack a package once. */
import { afterAll, expect, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { install, TestRoots } from "#tests/crash/roots";
import type { TransitionEvent } from "#transition/events";
import { describeProblem } from "#transition/problems";
import { MossRoot } from "#transition/root";
import { verifyRoot } from "#transition/verify";

const base = new TestRoots("borrow");
afterAll(() => base.remove());
const TOOL = base.stone("tool", {
  "bin/tool": { body: "tool", mode: 0o4755 },
  "share/tool/text": { body: "text", xattrs: new Map([["user.note", Buffer.from("kept")]]) },
  "share/tool/link": { link: "text" },
});
const unpacked = (events: readonly TransitionEvent[]) =>
  events.flatMap((event) => (event.kind === "unpack" ? [event.name] : []));
const problems = async (root: MossRoot) =>
  (await verifyRoot(root, { command: "verify" })).problems.map(describeProblem);

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
  expect(second.active()?.tree).toEqual(first.active()?.tree);
  expect(second.files(TOOL.id)).toEqual(first.files(TOOL.id));
  expect(await problems(second)).toEqual([]);

  const folder = readdirSync(first.store).filter((name) => /^[0-9a-f]{2}$/.test(name))[0] ?? "";
  rmSync(join(first.store, folder), { recursive: true });
  const again: TransitionEvent[] = [];
  await install(third, [TOOL], {}, again);
  expect(unpacked(again)).toEqual(["tool"]);
  expect(await problems(third)).toEqual([]);
  for (const root of roots) root[Symbol.dispose]();
});
