// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Kills commands at random system calls and at every journal step, and looks at what is left: `crash [--runs N] [--seed S]
 * [--program moss|child]`. Every death is followed by a reader without rights or at once by a writer; find, stat and
 * sha256sum say what lies on the disk. The first thing that is neither old nor new ends the bench with exit code 1.
 */
import { parseArgs } from "node:util";
import { type Death, walkNeeds } from "#tests/crash/deaths";
import { ImportWalk } from "#tests/crash/import-walk";
import { type Kind, Walk } from "#tests/crash/walk";
import { STEPS } from "#transition/fault";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "200" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    program: { type: "string", default: "moss" },
  },
});
const runs = Number(values.runs);
const seed = Number(values.seed);
const program = values.program === "child" ? "child" : "moss";
const missing = walkNeeds();
if (missing !== undefined) throw new Error(`this bench needs ${missing}`);

interface Count {
  runs: number;
  killed: number;
  old: number;
  new: number;
}

const counts = new Map<string, Count>();
const calls = new Map<string, number>();

function count(row: string, killed: boolean, was: "old" | "new", death?: Death): void {
  const entry = counts.get(row) ?? { runs: 0, killed: 0, old: 0, new: 0 };
  counts.set(row, entry);
  entry.runs += 1;
  if (!killed) return;
  entry.killed += 1;
  entry[was] += 1;
  const what = death === undefined ? undefined : "call" in death ? death.call : `step ${death.fault}`;
  if (what !== undefined) calls.set(what, (calls.get(what) ?? 0) + 1);
}

const counted = { runs: 0 };

function progress(what: string): void {
  counted.runs += 1;
  if (process.stderr.isTTY) process.stderr.write(`\r${counted.runs} of ${runs}: ${what}\u001b[K`);
  else if (counted.runs % 100 === 0) process.stderr.write(`${counted.runs} of ${runs}\n`);
}

/** Runs on one root; a fresh one now and then, so that first states and small numbers come again. */
const ROUND = 100;
/** A command's calls are recorded anew after so many deaths of its kind, since what it does changes with the root. */
const RECORDED_FOR = 15;

async function round(number: number, length: number): Promise<void> {
  using walk = await Walk.start(seed * 1000 + number, { program });
  const recorded = new Map<Kind, { readonly deaths: Death[]; left: number }>();
  for (let i = 0; i < length; i++) {
    const operation = walk.choose();
    const known = recorded.get(operation.kind);
    if (known === undefined || known.left === 0) {
      recorded.set(operation.kind, { deaths: await walk.record(operation), left: RECORDED_FOR });
      continue;
    }
    known.left -= 1;
    // Each step of the journal has its turn among the calls.
    const death: Death =
      i % 8 === 7 ? { fault: STEPS[(number * 13 + i) % STEPS.length] ?? "begun" } : walk.pick(known.deaths);
    const { killed, was } = await walk.step(operation, death, i % 2 === 0);
    count(operation.kind, killed, was, death);
    progress(operation.kind);
  }
  await walk.visitAll();
}

const started = performance.now();
const imports = Math.floor(runs / 10);
let done = 0;
try {
  for (let number = 0; done < runs - imports; number++) {
    const length = Math.min(ROUND, runs - imports - done);
    await round(number, length);
    done += length;
  }
  using walk = await ImportWalk.start(seed);
  for (let i = 0; i < imports; i++) {
    const { killed, was } = await walk.step();
    count("import", killed, was);
    progress("import");
  }
} catch (error) {
  process.stdout.write(
    `FAILED with seed ${seed} after ${counted.runs} runs: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
}
process.stderr.write("\n");

const total = [...counts.values()].reduce((sum, { killed }) => sum + killed, 0);
process.stdout.write(`program ${program}, seed ${seed}, ${Math.round((performance.now() - started) / 1000)} s\n\n`);
process.stdout.write(
  "| command | runs | killed in time | old state after | new state after | neither |\n|---|---|---|---|---|---|\n",
);
for (const [row, { runs: all, killed, old, new: fresh }] of counts) {
  process.stdout.write(`| ${row} | ${all} | ${killed} | ${old} | ${fresh} | 0 |\n`);
}
const names = [...calls].sort(([, a], [, b]) => b - a).map(([name, number]) => `${name} ${number}`);
process.stdout.write(`\n${total} deaths: ${names.join(", ")}\n${process.exitCode === 1 ? "FAILED" : "ok"}\n`);
