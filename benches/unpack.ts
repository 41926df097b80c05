// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A fresh install of more than 300 real packages from stones at hand, by the compiled executable: hashing, store, links,
 * database, states and syncs. Beside it `dpkg --unpack --force-unsafe-io` of the same packages into an empty root, as
 * Debian compresses them and with zstd, and a loop in C that only decompresses and writes the files. And what the parts cost
 * that no program can leave out, each alone: shared among all cores they are the least time that there can be.
 *
 *   ./dev bench unpack [--rounds N] [--no-dpkg]
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { hex } from "#base/bytes";
import { getOrInsert } from "#base/order";
import { bodiesInOrder } from "#stone/index-records";
import { StoneReader } from "#stone/reader";
import { buildExecutable } from "../tools/build.ts";
import { benchDisk } from "./_disk.ts";
import { compileFloor, measured, must, type Ran } from "./_floor.ts";
import { FullMemory } from "./_memory.ts";
import { type BenchPackage, benchPackages, plainDebs, SYSTEM, totalSize } from "./_packages.ts";
import { boundRow, median, type Row, ratioRow, report } from "./_table.ts";
import { hashTimes } from "./_unpack-parts.ts";

const MEMORY = 300;

const { values: flags } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, "no-dpkg": { type: "boolean", default: false } },
});

/** The list of one stone for the floor in unpack.c. */
function listStone(path: string): string[] {
  using reader = StoneReader.open(path);
  const content = reader.payloads.find(({ kind }) => kind === "content");
  if (content === undefined) return [];
  if (content.compression !== "zstd") throw new Error(`${path} is not compressed with zstd`);
  const names = new Map<string, string[]>();
  const folders = new Set<string>();
  for (const entry of reader.layout()) {
    for (let at = entry.path.lastIndexOf("/"); at > 0; at = entry.path.lastIndexOf("/", at - 1)) {
      folders.add(entry.path.slice(0, at));
    }
    if (entry.kind === "regular") getOrInsert(names, hex(entry.digest), () => [] as string[]).push(entry.path);
  }
  return [
    `P ${content.bodyOffset} ${content.storedSize} ${path}`,
    ...[...folders].sort().map((folder) => `D ${folder}`),
    ...bodiesInOrder(reader.index(), path).flatMap(({ start, end, digest }) => [
      `F ${end - start}`,
      ...(names.get(hex(digest)) ?? []).map((name) => `N ${name}`),
    ]),
  ];
}

/** Leaves out files that an earlier package has: the floor creates each path once. */
function withoutTwice(lines: readonly string[]): string[] {
  const seen = new Set<string>();
  return lines.filter((line) => {
    if (!line.startsWith("N ")) return true;
    if (seen.has(line)) return false;
    seen.add(line);
    return true;
  });
}

// Nothing is removed before the end: for minutes after, ext4 without a journal looks at every removed inode of a group again
// for each file that is made in it, which costs whoever comes next seconds.

async function install(moss: string, root: string, packages: readonly BenchPackage[]): Promise<Ran> {
  mkdirSync(root);
  await must([moss, "collection", "add", "-D", root, "-y", "bench", join(packages[0]?.stone ?? "", "..")]);
  const names = packages.map(({ name }) => name);
  await must(["sync"]);
  memory.fill(packages.map(({ stone }) => stone));
  return await measured([moss, "install", "-D", root, "-y", "--json", ...names]);
}

async function dpkg(root: string, debs: readonly string[]): Promise<Ran> {
  const admin = join(root, "var/lib/dpkg");
  for (const name of ["info", "updates", "triggers"]) mkdirSync(join(admin, name), { recursive: true });
  for (const name of ["status", "available"]) writeFileSync(join(admin, name), "");
  await must(["sync"]);
  // Without --force-depends it refuses what needs another package configured before.
  const options = ["--force-unsafe-io", "--force-depends", "--force-bad-path", "--no-triggers"];
  memory.fill(debs);
  return await measured(["dpkg", `--root=${root}`, ...options, "--unpack", ...debs]);
}

await using disk = await benchDisk("unpack");
const { folder } = disk;
using memory = new FullMemory(folder);
const packages = await benchPackages("system", SYSTEM);
const size = packages.reduce((sum, item) => sum + item.size, 0);
const moss = await buildExecutable(join(folder, "build"));
const program = await compileFloor("unpack", folder, "-lzstd");
const list = join(folder, "list");
writeFileSync(list, `${withoutTwice(packages.flatMap(({ stone }) => listStone(stone))).join("\n")}\n`);
const stones = (totalSize(packages.map(({ stone }) => stone)) / 2 ** 20).toFixed(0);
process.stdout.write(
  `${packages.length} packages, ${stones} MiB of stones, ${(size / 2 ** 30).toFixed(2)} GiB of files\n`,
);
const ours: Ran[] = [];
const floor: number[] = [];
const synced: number[] = [];
const cpu: number[] = [];
const unzip: number[] = [];
for (let round = 0; round < Number(flags.rounds); round++) {
  ours.push(await install(moss, join(folder, `root-${round}`), packages));
  await must(["sync"]);
  memory.fill(packages.map(({ stone }) => stone));
  const out = join(folder, `floor-${round}`);
  const ran = await measured([program, list, out, "sync"]);
  const [write = Number.NaN, sync = Number.NaN] = ran.stdout.split(" ").map(Number);
  cpu.push(ran.cpu);
  floor.push(write);
  synced.push(write + sync);
  unzip.push((await measured([program, list, join(folder, "nothing"), "decompress"])).cpu);
}
const seconds = median(ours.map(({ wall }) => wall)) / 1000;
const peak = Math.max(...ours.map((ran) => ran.memory)) / 2 ** 20;
const faster = { faster: true, unit: "s", digits: 2 };
// The best of the rounds, since this is what nobody can do in less.
const decompress = Math.min(...unzip) / 1000;
const write = Math.max(0, Math.min(...cpu) / 1000 - decompress);
const { sha256, xxh3 } = hashTimes(size + totalSize(packages.map(({ stone }) => stone)));
const least = (decompress + write + sha256 + xxh3) / availableParallelism();
const part = (measure: string, value: number): Row => ({ measure, ours: `${value.toFixed(2)} s` });
const rows: Row[] = [
  ratioRow("fresh install / C that decompresses and writes", seconds, median(floor), 1, faster),
  ratioRow("the same, with the syncfs that we do too", seconds, median(synced), undefined, faster),
  boundRow("peak memory", peak, MEMORY, "MiB", 0),
  ratioRow("processor time of the two", median(ours.map((ran) => ran.cpu)) / 1000, median(cpu) / 1000, undefined, {
    unit: "s",
    digits: 2,
  }),
];
rows.push(
  part("a part alone, processor time: libzstd", decompress),
  part("... creating, writing and closing the files", write),
  part("... SHA-256 of stones and files", sha256),
  part("... XXH3 of the same", xxh3),
  ratioRow(
    `these parts on ${availableParallelism()} cores at once: the least there can be`,
    seconds,
    least,
    undefined,
    faster,
  ),
);
if (!flags["no-dpkg"]) {
  const own = await dpkg(join(folder, "dpkg-own"), await plainDebs("system", packages, false));
  rows.push(ratioRow("beside dpkg --unpack, Debian's own debs", seconds, own.wall / 1000, 10, faster));
  const zstd = await dpkg(join(folder, "dpkg-zstd"), await plainDebs("system", packages, true));
  rows.push(ratioRow("beside dpkg --unpack, debs with zstd", seconds, zstd.wall / 1000, 10, faster));
  rows.push(ratioRow("the least there can be / dpkg, debs with zstd", least, zstd.wall / 1000, undefined, faster));
}
report("unpack", "./dev bench unpack", rows);
