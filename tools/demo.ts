// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * `./dev demo [--keep DIR]`: the main job on real packages, by the real programs, as a user would type them. Ends with a
 * table, and with exit code 1 where anything was not as it must be. `--keep` leaves everything in DIR to play with.
 */
import { parseArgs } from "node:util";
import { describeError, EXIT } from "#base/errors";
import { bootSystem } from "./demo/boot.ts";
import { buildProject } from "./demo/build.ts";
import { changeSystem } from "./demo/changes.ts";
import { makeCollections } from "./demo/collections.ts";
import { leftovers, type Traces, traces } from "./demo/leftovers.ts";
import { buildNested } from "./demo/nested.ts";
import { Places } from "./demo/places.ts";
import { Stage } from "./demo/stage.ts";
import { enterSystem, installSystem, makeWorkshop } from "./demo/system.ts";

const PARTS = [
  makeCollections,
  installSystem,
  enterSystem,
  bootSystem,
  changeSystem,
  makeWorkshop,
  buildProject,
  buildNested,
];

function openPlaces(): Places | undefined {
  try {
    return new Places(parseArgs({ options: { keep: { type: "string" } } }).values.keep);
  } catch (error) {
    process.stderr.write(`demo: ${describeError(error)}\nUsage: ./dev demo [--keep DIR]\n`);
    process.exitCode = EXIT.usage;
    return undefined;
  }
}

async function demo(stage: Stage, places: Places): Promise<void> {
  stage.say(
    `Everything lies in ${places.folder}${places.kept ? "" : ", and is removed at the end (--keep DIR keeps it)"}.`,
  );
  stage.say("Downloads stay in the user's cache folder for the next time.");
  for (const part of PARTS) await part(stage, places);
}

/** The whole run. Gives the exit code. */
async function main(places: Places): Promise<number> {
  const stage = new Stage();
  const before: Traces = traces();
  process.on("SIGINT", () => {
    places.remove();
    process.exit(EXIT.error);
  });
  try {
    await demo(stage, places);
  } catch (error) {
    stage.failed(error);
  }
  const left = leftovers(before, traces(), places.folder);
  stage.say();
  stage.check("no mount, loop device or process is left", left.length === 0, left.join(", "));
  if (places.kept) {
    const root = places.in("destdir");
    stage.say(`Kept: ./dev moss -D ${root} state list; ./dev moss-container -D ${root} --fakeroot`);
  }
  places.remove();
  return stage.close();
}

const places = openPlaces();
if (places !== undefined) process.exitCode = await main(places);
