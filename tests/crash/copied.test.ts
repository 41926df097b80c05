// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The first state of a root, copied from another root of its store, killed at each step. */
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { run } from "#sys/process";
import type { Seen } from "#tests/crash/child.fixture";
import { install, snapshot, TestRoots } from "#tests/crash/roots";
import { STEPS, type Step } from "#transition/fault";
import { MossRoot } from "#transition/root";

const base = new TestRoots("copied");
afterAll(() => base.remove());

const CHILD = join(import.meta.dir, "child.fixture.ts");
const STONE = base.stone("tool", {
  "bin/tool": { body: "tool", mode: 0o4755 },
  "lib/tool/text": { body: "text" },
  "lib/tool/link": { link: "text" },
});
/** Those that a first state without anything to unpack comes by. */
const PASSED: readonly Step[] = [
  "begun",
  "merged",
  "staged",
  "synced",
  "committed",
  "before-exchange",
  "exchanged",
  "linked",
  "settled",
];

async function child(words: readonly string[], step?: Step) {
  const command = [process.execPath, CHILD, ...words];
  const { code, stdout } = await run(step === undefined ? command : ["env", `MOSS_FAULT=${step}`, ...command]);
  return { killed: code === 128 + 9, text: stdout };
}

test("killed at any step, a root whose first state is another's has that state or none, and the next command makes it", async () => {
  const cache = base.directory();
  using first = MossRoot.open(base.directory(), { cache });
  await install(first, [STONE]);
  const whole = snapshot(first.usr);
  for (const step of PASSED) {
    const directory = base.directory();
    MossRoot.open(directory, { cache })[Symbol.dispose]();
    expect((await child(["set", directory, STONE.path], step)).killed).toBe(true);
    const { active } = JSON.parse((await child(["read", directory])).text) as Seen; // our own program's
    expect(`${step} ${active}`).toBe(`${step} ${STEPS.indexOf(step) < STEPS.indexOf("exchanged") ? 0 : 1}`);
    if (active !== 0) expect(snapshot(join(directory, "usr"))).toEqual(whole);
    await child(["set", directory, STONE.path]);
    expect(snapshot(join(directory, "usr"))).toEqual(whole);
    expect(JSON.parse((await child(["verify", directory])).text)).toEqual([]);
  }
}, 60_000);
