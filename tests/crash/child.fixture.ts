// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The program that crash tests kill: `bun child.fixture.ts VERB ROOT [ARGUMENTS]`. Prints one line of JSON; a failure
 * prints its code and exits with 3.
 */
import { existsSync, writeSync } from "node:fs";
import { Failure } from "#base/errors";
import { hashFile } from "#sys/sha256";
import { MODEL, problemsOf } from "#tests/crash/roots";
import { activate } from "#transition/activate";
import { type ApplyResult, apply } from "#transition/apply";
import { describeProblem } from "#transition/problems";
import { prunable, removeStates } from "#transition/prune";
import { recoverRoot } from "#transition/recovery";
import { repairRoot } from "#transition/repair";
import { MossRoot } from "#transition/root";
import { TREES } from "#transition/schema";

const say = (value: unknown) => writeSync(1, `${JSON.stringify(value)}\n`);

/** What a reader sees; this is the type of the line that `read` prints. */
export interface Seen {
  readonly active: number;
  readonly pending: string | undefined;
  readonly states: readonly { readonly id: number; readonly builds: readonly string[] }[];
  readonly places: readonly string[];
}

/** What the database and the disk say to one who only asks. */
export function read(directory: string): Seen {
  using root = MossRoot.open(directory, { readOnly: true });
  if (!root.exists) return { active: 0, pending: undefined, states: [], places: [] };
  const states = root.states().map((state) => ({
    id: state.id,
    builds: root.packages(state).map(({ name, version }) => `${name}-${version}`),
  }));
  const places = root.view((tx) => [...tx.bucket(TREES).keys()]);
  return { active: root.active()?.id ?? 0, pending: root.pending()?.phase, states, places };
}

async function change(root: MossRoot, stones: readonly string[]): Promise<ApplyResult> {
  const ids = new Map(stones.map((path) => [hashFile(path), path]));
  return await apply(root, {
    selections: [...ids.keys()].map((id) => ({ id, explicit: true })),
    stones: ids,
    summary: `A set of ${stones.length}`,
    command: "set",
    systemModel: MODEL,
  });
}

async function set(root: MossRoot, stones: readonly string[]): Promise<void> {
  const result = await change(root, stones);
  say({ state: result.state.id, made: result.made });
}

async function repair(root: MossRoot, stones: readonly string[]): Promise<void> {
  const ids = new Map(stones.map((path) => [hashFile(path), path]));
  const { after } = await repairRoot(root, { command: "repair", fetch: () => Promise.resolve(ids) });
  say(after.problems.map(describeProblem));
}

async function main(verb: string, directory: string, rest: readonly string[]): Promise<void> {
  if (verb === "read") {
    say(read(directory));
    return;
  }
  using root = MossRoot.open(directory);
  if (verb === "set") await set(root, rest);
  else if (verb === "activate") say((await activate(root, Number(rest[0]), { command: "activate" })).state.id);
  else if (verb === "recover") say((await recoverRoot(root, { command: "recover" })) ?? "nothing");
  else if (verb === "verify") say(problemsOf(root));
  else if (verb === "repair") await repair(root, rest);
  else if (verb === "prune") {
    const ids = prunable(root, { keep: Number(rest[0]), includeNewer: true }).map(({ id }) => id);
    say((await removeStates(root, ids, { command: "prune" })).states.map(({ id }) => id));
  } else if (verb === "busy") {
    // Changes the root in every way until a file appears; each of the stones is a set of its own.
    const [stop = "", ...stones] = rest;
    let changes = 0;
    for (; !existsSync(stop); changes++) {
      const live = root.active()?.id;
      const other = root.states().find(({ id }) => id !== live);
      if (changes % 5 === 3 && other !== undefined) await activate(root, other.id, { command: "activate" });
      else if (changes % 5 === 4) {
        const ids = prunable(root, { keep: 1, includeNewer: true }).map(({ id }) => id);
        await removeStates(root, ids, { command: "prune" });
      } else await change(root, [stones[changes % stones.length] ?? ""]);
      if (changes === 0) say("busy");
    }
    say(changes);
  } else if (verb === "hold") {
    // Holds the root for writing until a file appears.
    using _lock = root.lock({ command: "hold the root" });
    say("holding");
    while (!existsSync(rest[0] ?? "")) Bun.sleepSync(10);
  } else throw new Error(`no such verb: ${verb}`);
}

if (import.meta.main) {
  try {
    await main(process.argv[2] ?? "", process.argv[3] ?? "", process.argv.slice(4));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say({ code: error.code, message: error.message });
    process.exit(3);
  }
}
