// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** First part of the demo: the two collections. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { formatBytes } from "#cli/style";
import { makeMossStone } from "../moss-stone.ts";
import { olderWords, PROTOSNEK } from "../protosnek.ts";
import type { Places } from "./places.ts";
import type { Stage } from "./stage.ts";

/** Number and size of the stones in a folder. */
export function stonesIn(folder: string): { count: number; bytes: number } {
  const names = readdirSync(folder).filter((name) => name.endsWith(".stone"));
  return { count: names.length, bytes: names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) };
}

export async function makeCollections(stage: Stage, places: Places): Promise<void> {
  const protosnek = places.in("collections/protosnek");
  await stage.step("Import Debian packages as the collection protosnek", async () => {
    stage.say(
      "Packages come through this machine's own apt sources, in an apt state of their own; apt checks signatures.",
    );
    const older = await olderWords();
    if (older.length > 0)
      stage.say(`For an upgrade later, an older version that the sources still have: ${older.join(" ")}.`);
    const ms = await importProtosnek(stage, places, older);
    const { count, bytes } = stonesIn(protosnek);
    stage.check(
      "a few hundred packages are there, gcc, clang and lld among them",
      count >= 200 && hasToolchains(protosnek),
    );
    stage.check("nothing was lost without being written down", reportIsWhole(places.in("report.json"), count));
    stage.figure("Debian packages to stones", `${count} in ${(ms / 1000).toFixed(0)} s, downloads included`);
    return `${count} packages, ${formatBytes(bytes)} of stones`;
  });
  await stage.step("Pack our own moss as a stone in the collection volatile", async () => {
    stage.say("This compiles the programs into one executable, as ./dev build does.");
    await makeMossStone({ outDir: places.in("collections/volatile"), news: "First release.\n" });
    await stage.run(["moss", "index", "collections/volatile"], { cwd: places.folder });
    return formatBytes(stonesIn(places.in("collections/volatile")).bytes);
  });
}

/** Runs the import of protosnek, with some versions that apt would not take by itself; milliseconds. */
export async function importProtosnek(stage: Stage, places: Places, more: readonly string[] = []): Promise<number> {
  const words = [...PROTOSNEK, ...more];
  const start = ["moss-deb", "import", "-o", "collections/protosnek", "--report", "report.json"];
  const shown = `${[...start, ...words.slice(0, 6)].join(" ")} ... (${words.length} words)`;
  return (await stage.run([...start, ...words], { cwd: places.folder, shown })).ms;
}

function hasToolchains(folder: string): boolean {
  const names = readdirSync(folder);
  return ["gcc-", "clang-", "lld-"].every((start) => names.some((name) => name.startsWith(start)));
}

/** Whether the importer's report is there and speaks of every package. */
function reportIsWhole(path: string, count: number): boolean {
  const report = JSON.parse(readFileSync(path, "utf8")) as { packages?: unknown };
  const { packages } = report;
  return Array.isArray(packages) && packages.length === count;
}
