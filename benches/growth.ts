// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * How the time and memory of commands grow with the collections: all packages that apt offers beside a tenth of them. The peer of the
 * large one is the small one; a ratio above that of the packages would be more than linear, and fails. The first argument is an
 * index to take instead of one that `moss-deb index` makes.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PackageOffer } from "#model/package";
import { streamIndex, writeSortedIndex } from "#stone/repository";
import { buildExecutable } from "../tools/build.ts";
import { measured } from "./_floor.ts";
import { type Row, report } from "./_table.ts";

const RUNS = 3;
/** What noise adds, in milliseconds. */
const SLACK = 20;
/** What is planned: of the small collection too, whole. */
const WANTED = ["nano", "task-gnome-desktop"];

interface Cost {
  /** Milliseconds of processors. */
  readonly cpu: number;
  /** Bytes; 0 where the command was too quick to be looked at. */
  readonly memory: number;
}

/** The least of some runs: what else the machine does only adds. */
async function costOf(command: readonly string[], runs = RUNS): Promise<Cost> {
  const all: Cost[] = [];
  for (let i = 0; i < runs; i++) all.push(await measured(command));
  const seen = all.flatMap(({ memory }) => (memory > 0 ? [memory] : []));
  return { cpu: Math.min(...all.map(({ cpu }) => cpu)), memory: seen.length === 0 ? 0 : Math.min(...seen) };
}

/** Every tenth package, and all that the wanted ones need by name. */
function tenthOf(all: readonly PackageOffer[]): PackageOffer[] {
  const givers = new Map<string, PackageOffer[]>();
  for (const offer of all) {
    for (const name of [offer.meta.name, ...offer.meta.provides.map((given) => given.name)]) {
      const list = givers.get(name);
      if (list === undefined) givers.set(name, [offer]);
      else list.push(offer);
    }
  }
  const chosen = new Set<PackageOffer>();
  const queue = [...WANTED];
  const asked = new Set(queue);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    for (const offer of givers.get(name) ?? []) {
      if (chosen.has(offer)) continue;
      chosen.add(offer);
      for (const need of offer.meta.depends) {
        if (!asked.has(need.name)) queue.push(need.name);
        asked.add(need.name);
      }
    }
  }
  const most = Math.floor(all.length / 10);
  for (let i = 0; i < all.length && chosen.size < most; i += 10) {
    const offer = all[i];
    if (offer !== undefined) chosen.add(offer);
  }
  return all.filter((offer) => chosen.has(offer));
}

const folder = mkdtempSync(join(tmpdir(), "bench-growth-"));
try {
  const moss = await buildExecutable(join(folder, "build"));
  const seconds = (value: number) => `${(value / 1000).toFixed(2)} s`;
  const megabytes = (value: number) => (value === 0 ? "" : `${Math.round(value / 2 ** 20)} MiB`);
  const rows: Row[] = [];
  let index = process.argv[2];
  if (index === undefined) {
    const made = await costOf([join(folder, "build/moss-deb"), "index", "-o", join(folder, "apt"), "-y"], 1);
    rows.push({
      measure: "moss-deb index: processor, memory",
      ours: `${seconds(made.cpu)}, ${megabytes(made.memory)}`,
    });
    index = join(folder, "apt/stone.index");
  }
  const all = [...streamIndex(readFileSync(index), index)];
  const few = tenthOf(all);
  const scale = all.length / few.length;
  process.stdout.write(`${all.length} packages, and ${few.length} of them: ${scale.toFixed(1)} times as many\n`);

  const places: { readonly root: string }[] = [];
  for (const [name, offers] of [
    ["few", few],
    ["all", all],
  ] as const) {
    const root = join(folder, name);
    mkdirSync(root);
    const path = join(folder, `${name}.index`);
    writeSortedIndex(path, offers.length, offers, "fast");
    await costOf([moss, "collection", "add", "-y", "-D", root, "main", path], 1);
    places.push({ root });
  }
  const [small, large] = places;
  if (small === undefined || large === undefined) throw new Error("no roots");

  const commands: Readonly<Record<string, readonly string[]>> = {
    "collection update --force": ["collection", "update", "--force", "-y"],
    "install nano --dry-run": ["install", "--dry-run", "-y", "nano"],
    "install task-gnome-desktop --dry-run": ["install", "--dry-run", "-y", "task-gnome-desktop"],
    "upgrade --dry-run": ["upgrade", "--dry-run", "-y"],
    "search editor": ["search", "editor"],
    "list available": ["list", "available"],
    "info nano": ["info", "nano"],
  };
  for (const [name, words] of Object.entries(commands)) {
    const [of, more] = [
      await costOf([moss, ...words, "-D", small.root]),
      await costOf([moss, ...words, "-D", large.root]),
    ];
    const ratio = more.cpu / of.cpu;
    rows.push({
      measure: `${name}: processor`,
      ours: seconds(more.cpu),
      peer: seconds(of.cpu),
      ratio,
      bound: `≤ ${scale.toFixed(1)}x`,
      ok: more.cpu <= of.cpu * scale + SLACK,
    });
    if (more.memory === 0 || of.memory === 0) continue;
    rows.push({
      measure: `${name}: memory`,
      ours: megabytes(more.memory),
      peer: megabytes(of.memory),
      ratio: more.memory / of.memory,
    });
  }
  report("growth", "./dev bench growth", rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
