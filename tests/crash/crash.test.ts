// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Commands that are killed at each step of the journal, and at some of their system calls; `./dev bench crash` does thousands. */
import { expect, test } from "bun:test";
import { type Death, walkNeeds } from "#tests/crash/deaths";
import { Walk } from "#tests/crash/walk";
import { STEPS, type Step } from "#transition/fault";

const missing = walkNeeds();
if (missing !== undefined) console.log(`crash tests are skipped: they need ${missing}`);

const PRUNING: readonly Step[] = ["prune-begun", "prune-states", "prune-trees", "prune-committed", "swept"];
const UNPACKING: readonly Step[] = ["unpacked", "arrived", "admitted"];
const REPAIRING: readonly Step[] = ["salvaged", "refetched", "restored"];
/** A journal that has not ended is ended by hooks, which these commands do not have; a spare is built once in a root, by its first change. */
const RARE: readonly Step[] = ["ended", "spare-built"];

test.skipIf(missing !== undefined)(
  "killed at any step of the journal, the root is the old or the new state, and the next command goes on",
  async () => {
    using walk = await Walk.start(1);
    const seen = new Set<string>();
    for (const step of STEPS) {
      if (REPAIRING.includes(step) || RARE.includes(step)) continue;
      const pruning = PRUNING.includes(step);
      // Only packages that are new are unpacked.
      if (UNPACKING.includes(step)) await walk.forget();
      // A build that no other state has, so that there is something to sweep.
      if (pruning)
        for (const kind of ["install", "upgrade", "remove"] as const) await walk.perform(walk.chooseOf([kind]));
      const operation = walk.chooseOf(pruning ? ["prune"] : ["upgrade"]);
      const { killed, was } = await walk.step(operation, { fault: step }, seen.size % 2 === 0);
      expect(`${step} ${killed}`).toBe(`${step} true`);
      if (!pruning)
        expect(`${step} ${was}`).toBe(`${step} ${STEPS.indexOf(step) < STEPS.indexOf("exchanged") ? "old" : "new"}`);
      seen.add(step);
    }
    await walk.visitAll();
    expect(seen.size).toBe(STEPS.length - REPAIRING.length - RARE.length);
  },
  240_000,
);

test.skipIf(missing !== undefined)(
  "killed while it makes its first spare, a root still has its state",
  async () => {
    using walk = await Walk.start(2);
    // The first state has none; the second is the first change.
    await walk.step(walk.chooseOf(["upgrade"]), { fault: "spare-built" }, true);
    await walk.visitAll();
  },
  60_000,
);

test.skipIf(missing !== undefined)(
  "a repair that is killed is done by the next one",
  async () => {
    for (const step of REPAIRING) {
      using walk = await Walk.start(3);
      await walk.damage();
      await walk.killRepair(step);
    }
  },
  60_000,
);

test.skipIf(missing !== undefined)(
  "killed at any system call, the root is the old or the new state, and the next command goes on",
  async () => {
    using walk = await Walk.start(4);
    // The first change also makes the spare; calls of a later one are what most commands make.
    await walk.perform(walk.chooseOf(["upgrade"]));
    const deaths: Death[] = await walk.record(walk.chooseOf(["upgrade"]));
    expect(deaths.length).toBeGreaterThan(200);
    let killed = 0;
    for (let i = 0; i < 16; i++) {
      const outcome = await walk.step(walk.choose(), walk.pick(deaths), i % 2 === 0);
      if (outcome.killed) killed += 1;
    }
    expect(killed).toBeGreaterThan(5);
    await walk.visitAll();
  },
  240_000,
);
