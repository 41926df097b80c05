// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Installing and removing a package of ten files in a system of 200,000 entries, by the compiled executable, from the start of
 * the process to its end. The first install in a system is a row of its own: it also makes, once, the spare tree that all
 * later changes start from. Beside it a full blit by a loop of `linkat` in C, `dpkg -i` and `apt-get install`; then how it
 * grows from 20,000 to 400,000 entries.
 *
 *   ./dev bench transaction [--entries N] [--pairs N] [--cold N] [--growth N,N]
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Timings } from "#transition/events";
import { buildExecutable } from "../tools/build.ts";
import { type Debian, makeDebian } from "./_debian.ts";
import { benchDisk } from "./_disk.ts";
import { compileFloor, dropCaches, measured, must } from "./_floor.ts";
import { type BenchSystem, type Change, clear, floorBlit, listTree, makeSystem, type TreeList } from "./_system.ts";
import { boundRow, median, type Row, ratioRow, report } from "./_table.ts";

const { values: flags } = parseArgs({
  options: {
    entries: { type: "string", default: "200000" },
    pairs: { type: "string", default: "30" },
    cold: { type: "string", default: "9" },
    growth: { type: "string", default: "20000,400000" },
  },
});
const PAIRS = Number(flags.pairs);
const COLD = Number(flags.cold);

await using disk = await benchDisk("transaction");
const { folder } = disk;
const moss = await buildExecutable(join(folder, "build"));
const blit = await compileFloor("blit", folder);
const rows: Row[] = [];
const say = (text: string) => process.stderr.write(`${text}\n`);
const total = (changes: readonly Change[]) => median(changes.map(({ wall }) => wall));

/** One line of where the time of changes went. */
function columns(name: string, changes: readonly Change[], start: number): void {
  const part = (...names: readonly (keyof Timings)[]) =>
    median(changes.map(({ timings }) => names.reduce((sum, key) => sum + timings[key], 0)));
  const plan = median(changes.map(({ wall, timings }) => wall - start - timings.total)) + part("recover");
  const cells = {
    total: total(changes),
    "start-up": start,
    plan,
    unpack: part("unpack"),
    merge: part("merge"),
    check: part("check"),
    link: part("link", "exchange"),
    sync: part("sync", "commit"),
    spare: part("spare", "hooks"),
  };
  const text = Object.entries(cells).map(([key, ms]) => `${key} ${ms.toFixed(1)}`);
  process.stdout.write(`${name.padEnd(24)} ms: ${text.join(", ")}\n`);
}

async function pair(system: BenchSystem): Promise<[Change, Change]> {
  return [await system.change("install", "probe"), await system.change("remove", "probe")];
}

async function coldPairs(system: BenchSystem, count: number): Promise<Change[]> {
  const changes: Change[] = [];
  for (let i = 0; i < count; i++) {
    for (const verb of ["install", "remove"]) {
      if (!(await dropCaches())) return [];
      changes.push(await system.change(verb, "probe"));
    }
  }
  return changes;
}

async function startUp(cold: boolean): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < (cold ? 3 : 15); i++) {
    if (cold) await dropCaches();
    times.push((await measured([moss, "--version"])).wall);
  }
  return median(times);
}

/** Full blits by both sides in turns, milliseconds with their sync. */
async function fullBlits(system: BenchSystem, list: TreeList, turns: number, cold: boolean) {
  const floor: number[] = [];
  const ours: number[] = [];
  const cpu: number[] = [];
  const out = join(folder, "blit");
  for (let i = 0; i < turns; i++) {
    if (cold) await dropCaches();
    const ran = await floorBlit(blit, list, system.root, out);
    floor.push(ran.total);
    cpu.push(ran.cpu);
    await clear(out);
    if (cold) await dropCaches();
    const command = [process.execPath, join(import.meta.dir, "_blit.ts"), system.root, out];
    ours.push((await must(command)).split(" ").reduce((sum, word) => sum + Number(word), 0));
    await clear(out);
  }
  return { floor: median(floor), ours: median(ours), cpu: median(cpu) };
}

/** Activates every state that is listed, and goes back to the one that was live. */
async function activateAll(system: BenchSystem): Promise<number> {
  const listed = JSON.parse(await must([moss, "state", "list", "-D", system.root, "--json"])) as { id: number }[];
  const live = listed[0]?.id ?? 0;
  for (const { id } of listed) if (id !== live) await system.change("state", "activate", String(id));
  await system.change("state", "activate", String(live));
  return listed.length;
}

/** Hot and cold medians of `changes` of one kind. */
async function rollbacks(system: BenchSystem, count: number, cold: boolean): Promise<Change[]> {
  const changes: Change[] = [];
  for (let i = 0; i < count; i++) {
    if (cold && !(await dropCaches())) return [];
    changes.push(await system.change("state", "rollback"));
  }
  return changes;
}

async function beside(debian: Debian, hot: number): Promise<void> {
  for (const [name, action] of [
    ["dpkg -i --force-unsafe-io", () => debian.dpkg()],
    ["apt-get install", () => debian.apt()],
  ] as const) {
    const times: number[] = [];
    for (let i = 0; i < 6; i++) {
      const { wall } = await action();
      if (i > 0) times.push(wall);
      await debian.purge();
    }
    rows.push(ratioRow(`install, beside ${name}`, hot, median(times), 1));
  }
}

say(`A root of ${flags.entries} entries`);
const system = await makeSystem(moss, folder, Number(flags.entries));
const list = listTree(system.root, join(folder, "list"));
process.stdout.write(
  `${list.entries} entries in ${list.folders} folders, ${system.packages} packages; fresh install ${(system.installed.wall / 1000).toFixed(1)} s\n`,
);
const start = await startUp(false);
const first = await pair(system);
const changes: Change[] = [];
const blits: { floor: number; ours: number; cpu: number }[] = [];
for (let i = 0; i < PAIRS; i++) {
  changes.push(...(await pair(system)));
  if (i % Math.ceil(PAIRS / 3) === 0) blits.push(await fullBlits(system, list, 1, false));
}
const back = await rollbacks(system, 10, false);
const states = await activateAll(system);
const floor = median(blits.map((turn) => turn.floor));
const ours = median(blits.map((turn) => turn.ours));
columns("first install + spare", [first[0]], start);
columns("first remove", [first[1]], start);
columns(`${PAIRS} pairs, hot`, changes, start);
columns("rollback, hot", back, start);
rows.push(ratioRow("transaction, hot / full blit in C", total(changes), floor, 1 / 20));
rows.push(ratioRow("rollback, hot / full blit in C", total(back), floor, 1 / 20));
// Processor time tells the same on a machine that has other things to do.
const cpu = median(blits.map((turn) => turn.cpu));
rows.push(ratioRow("processor time of the two", median(changes.map((change) => change.cpu)), cpu, undefined));
rows.push(ratioRow("our full blit, hot, beside C", ours, floor, 1.2, { faster: true }));
if (COLD > 0) {
  const cold = await coldPairs(system, COLD);
  if (cold.length > 0) {
    const coldBack = await rollbacks(system, COLD, true);
    const coldBlit = await fullBlits(system, list, 2, true);
    const coldStart = await startUp(true);
    columns(`${COLD} pairs, cold`, cold, coldStart);
    columns("rollback, cold", coldBack, coldStart);
    rows.push(ratioRow("transaction, cold / full blit in C", total(cold), coldBlit.floor, 1 / 20));
    rows.push(ratioRow("rollback, cold / full blit in C", total(coldBack), coldBlit.floor, 1 / 20));
    rows.push(ratioRow("our full blit, cold, beside C", coldBlit.ours, coldBlit.floor, 1.2, { faster: true }));
  }
}
await beside(await makeDebian(folder, system, list, blit), total(changes));
rows.push({ measure: "states that can still be activated", ours: `${states}`, bound: "all", ok: true });

const sizes = flags.growth
  .split(",")
  .filter((word) => word !== "")
  .map(Number);
const points: { entries: number; hot: number; cold: number; install: number }[] = [];
for (const size of sizes) {
  rmSync(join(folder, `root-${sizes[points.length - 1] ?? flags.entries}`), { recursive: true, force: true });
  say(`A root of ${size} entries`);
  const other = await makeSystem(moss, folder, size);
  await pair(other);
  const hot: Change[] = [];
  for (let i = 0; i < Math.min(PAIRS, 10); i++) hot.push(...(await pair(other)));
  const cold = await coldPairs(other, Math.min(COLD, 3));
  points.push({ entries: size, hot: total(hot), cold: total(cold), install: other.installed.wall });
  columns(`${size} entries, hot`, hot, start);
  if (cold.length > 0) columns(`${size} entries, cold`, cold, start);
}
const [small, large] = [points[0], points.at(-1)];
if (small !== undefined && large !== undefined && large.entries > small.entries) {
  const growth = (key: "hot" | "cold" | "install") =>
    ((large[key] - small[key]) * 1000) / (large.entries - small.entries);
  rows.push(boundRow("growth of a transaction, hot", growth("hot"), 0.05, "µs an entry", 4));
  if (COLD > 0) rows.push(boundRow("growth of a transaction, cold", growth("cold"), 0.5, "µs an entry", 4));
  const each = (point: typeof small) => (point.install * 1000) / point.entries;
  rows.push(ratioRow("fresh install, an entry, large / small", each(large), each(small), undefined, { unit: "µs" }));
}
report("transaction", "./dev bench transaction", rows);
