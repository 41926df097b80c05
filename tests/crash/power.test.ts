// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Power cuts at each step of the journal: what the file system had not yet given to its device is gone. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "#sys/process";
import { walkNeeds } from "#tests/crash/deaths";
import { install, problemsOf, sampleExtra, sampleTool, TestRoots } from "#tests/crash/roots";
import { Walk } from "#tests/crash/walk";
import { mountDisk, SMALLEST, whyNoDisk } from "#tests/support/disks";
import type { Step } from "#transition/fault";
import { MossRoot } from "#transition/root";

const base = new TestRoots("power");
afterAll(() => base.remove());

const STEPS: readonly Step[] = [
  "begun",
  "admitted",
  "staged",
  "synced",
  "committed",
  "exchanged",
  "settled",
  "prune-states",
  "prune-committed",
];

/** Where the state of the disk decides; the other file systems take these only. */
const DECISIVE: readonly Step[] = ["synced", "committed", "exchanged", "settled"];

const tools = walkNeeds();

describe.each(["ext4", "xfs", "btrfs"] as const)("%s", (kind) => {
  test("after a power cut at any step the root is the old or the new state, and what was said to be done is done", async () => {
    const why = tools ?? (await whyNoDisk(kind, base.base));
    if (why !== undefined) {
      console.log(`power cuts on ${kind} are skipped: ${why}`);
      return;
    }
    await using disk = await mountDisk(kind, SMALLEST[kind] + 56, base.base);
    using walk = await Walk.start(5, { folder: disk.path, afterwards: async () => await disk.cutPower() });
    let round = 0;
    for (const step of kind === "ext4" ? STEPS : DECISIVE) {
      if (step === "admitted") await walk.forget();
      const kinds = step.startsWith("prune") ? (["prune"] as const) : (["upgrade", "install"] as const);
      const { killed } = await walk.step(walk.chooseOf(kinds), { fault: step }, round % 2 === 0);
      expect(`${step} ${killed}`).toBe(`${step} true`);
      // And one whose command had ended.
      await walk.step(walk.chooseOf(["upgrade", "remove", "activate"]), { fault: "salvaged" }, round % 2 === 1);
      round += 1;
    }
    await walk.visitAll();
  }, 240_000);
});

test("a store mounted from another disk has what the states need after a power cut of that disk", async () => {
  const why = await whyNoDisk("ext4", base.base);
  if (why !== undefined) {
    console.log(`power cuts of a store are skipped: ${why}`);
    return;
  }
  await using disk = await mountDisk("ext4", 32, base.base);
  const store = join(disk.path, "store");
  mkdirSync(store, { mode: 0o700 });
  const directory = base.directory();
  const assets = join(directory, ".moss/assets");
  mkdirSync(assets, { recursive: true });
  const must = async (...command: string[]) => expect((await run(command)).stderr).toBe("");
  await must("mount", "--bind", store, assets);
  try {
    using root = MossRoot.open(directory);
    await install(root, [sampleTool(base, "1"), sampleExtra(base)]);
  } finally {
    await must("umount", assets);
  }
  await disk.cutPower();
  await must("mount", "--bind", store, assets);
  try {
    using root = MossRoot.open(directory);
    expect(problemsOf(root)).toEqual([]);
  } finally {
    await must("umount", assets);
  }
});
