// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What disks lose: files of the store, gone or cut off, and pages of the database. */
import { afterAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "#sys/process";
import {
  fullBuilds,
  install,
  problemsOf,
  refusal,
  sampleExtra,
  sampleTool,
  snapshot,
  TestRoots,
} from "#tests/crash/roots";
import { activate } from "#transition/activate";
import type { TransitionEvent } from "#transition/events";
import { MossRoot } from "#transition/root";

const base = new TestRoots("damaged");
afterAll(() => base.remove());
const CHILD = join(import.meta.dir, "../../tests/crash/child.fixture.ts");

test("a state that needs a file which the store has lost is refused, and the live state stays", async () => {
  const directory = base.directory();
  using root = MossRoot.open(directory);
  await install(root, [sampleTool(base, "1"), sampleExtra(base)]);
  await install(root, [sampleTool(base, "2")]);
  await install(root, [sampleTool(base, "1")]);
  const before = snapshot(root.usr);
  for (const folder of readdirSync(root.store)) {
    for (const name of readdirSync(`${root.store}/${folder}`)) {
      const path = `${root.store}/${folder}/${name}`;
      if (readFileSync(path, "utf8") === "extra") unlinkSync(path);
    }
  }
  for (const place of readdirSync(root.trees)) writeFileSync(`${root.treePath(place)}/bin/foreign`, "x");
  const failure = await refusal(activate(root, 1, { command: "x" }));
  expect([failure.code, failure.hint ?? ""]).toEqual(["store.missing", expect.stringContaining("verify --repair")]);
  expect([root.active()?.id, root.pending()]).toEqual([3, undefined]);
  expect(snapshot(root.usr)).toEqual(before);
  await activate(root, 2, { command: "x" });
});

test("a state with files that were cut off is made live all the same, and says which they are", async () => {
  using root = MossRoot.open(base.directory());
  const samples = base.stone("deep", {
    "share/deep/er/cut": "a long text",
    "share/whole": "whole",
    "bin/tool": "tool 3",
  });
  await install(root, [sampleTool(base, "1")]);
  await install(root, [samples]);
  await install(root, [sampleTool(base, "2")]);
  for (const folder of readdirSync(root.store)) {
    for (const name of readdirSync(`${root.store}/${folder}`)) {
      const path = `${root.store}/${folder}/${name}`;
      if (["a long text", "tool 3"].includes(readFileSync(path, "utf8"))) truncateSync(path, 1);
    }
  }
  // From a spare tree, and then written in full.
  for (const spoil of [false, true]) {
    if (spoil) {
      await activate(root, 3, { command: "x" });
      for (const place of readdirSync(root.trees)) writeFileSync(`${root.treePath(place)}/bin/foreign`, "x");
    }
    const events: TransitionEvent[] = [];
    await activate(root, 2, { command: "x" }, (event) => events.push(event));
    const expected = [
      { path: "bin/tool", owners: ["deep"], found: 1, expected: 6 },
      { path: "share/deep/er/cut", owners: ["deep"], found: 1, expected: 11 },
    ];
    expect(events.flatMap((event) => (event.kind === "damaged" ? [event.files] : []))).toEqual([expected]);
    expect([root.active()?.id, fullBuilds(events).length > 0]).toEqual([2, spoil]);
  }
  const again: TransitionEvent[] = [];
  await activate(root, 1, { command: "x" }, (event) => again.push(event));
  expect(again.some(({ kind }) => kind === "damaged")).toBe(false);
});

test("a torn database is a coded failure and costs the tree nothing", async () => {
  const directory = base.directory();
  {
    using root = MossRoot.open(directory);
    await install(root, [sampleTool(base, "1")]);
  }
  const before = snapshot(`${directory}/usr`);
  const file = `${directory}/.moss/db/data.mdb`;
  const whole = readFileSync(file);
  const damages = [
    () => truncateSync(file, 4096 * 3),
    () => writeFileSync(file, Buffer.concat([Buffer.alloc(8192, 0xff), whole.subarray(8192)])),
    () => writeFileSync(file, "no database"),
  ];
  for (const damage of damages) {
    damage();
    for (const verb of ["read", "verify", "recover", "prune"]) {
      const { code, stdout, stderr } = await run([process.execPath, CHILD, verb, directory, "1"]);
      expect(`${verb} ${code} ${stdout}${stderr}`).toContain(`${verb} 3 {"code":"db.`);
    }
    expect(snapshot(`${directory}/usr`)).toEqual(before);
  }
  writeFileSync(file, whole);
  using root = MossRoot.open(directory);
  expect(problemsOf(root)).toEqual([]);
});

test("one of the two heads of the database torn: the other counts, and the root is whole", async () => {
  const directory = base.directory();
  {
    using root = MossRoot.open(directory);
    await install(root, [sampleTool(base, "1")]);
    await install(root, [sampleTool(base, "2")]);
  }
  const file = `${directory}/.moss/db/data.mdb`;
  const bytes = readFileSync(file);
  // The number of a meta page's transaction stands at byte 152 of it; that of the younger one is lost.
  const younger = bytes.readBigUInt64LE(24 + 128) > bytes.readBigUInt64LE(4096 + 24 + 128) ? 0 : 4096;
  const torn = Buffer.from(bytes);
  torn.writeBigUInt64LE(0n, younger + 24 + 128);
  writeFileSync(file, torn);
  expect((await run([process.execPath, CHILD, "recover", directory])).code).toBe(0);
  using root = MossRoot.open(directory);
  expect(root.active()?.id).toBe(2);
  await install(root, [sampleTool(base, "1"), sampleExtra(base)]);
  expect(problemsOf(root)).toEqual([]);
});
