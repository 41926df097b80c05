// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A fresh install of more than 300 real packages from stones at hand, by the compiled executable: hashing, store, links,
 * database, states and syncs. Beside it `dpkg --unpack --force-unsafe-io` of the same packages into an empty root, as
 * Debian compresses them and with zstd, and a loop in C that only decompresses and writes the files. And a program in C that
 * does on all cores what an installation must do to stones and files, and nothing else: the least time that there can be.
 *
 *   ./dev bench unpack [--rounds N] [--no-dpkg]
 */
import { mkdirSync, statSync, writeFileSync } from "node:fs";
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

const MEMORY = 300;

const { values: flags } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, "no-dpkg": { type: "boolean", default: false } },
});

/** The list of one stone for the floors in unpack.c. */
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
const program = await compileFloor("unpack", folder, "-lzstd", "-lxxhash", "-lcrypto", "-lpthread");
const list = join(folder, "list");
// The largest first, for the floor that shares them among threads.
const order = packages.map(({ stone }) => stone).sort((a, b) => statSync(b).size - statSync(a).size);
writeFileSync(list, `${withoutTwice(order.flatMap(listStone)).join("\n")}\n`);
const threads = availableParallelism();
const stones = (totalSize(packages.map(({ stone }) => stone)) / 2 ** 20).toFixed(0);
process.stdout.write(
  `${packages.length} packages, ${stones} MiB of stones, ${(size / 2 ** 30).toFixed(2)} GiB of files\n`,
);

/** Seconds of a floor for its work, and of the syncfs after it. */
async function floor(out: string, ...mode: readonly string[]): Promise<{ work: number; sync: number; cpu: number }> {
  await must(["sync"]);
  memory.fill(packages.map(({ stone }) => stone));
  const { stdout, cpu } = await measured([program, list, join(folder, out), ...mode]);
  const [work = Number.NaN, sync = Number.NaN] = stdout.split(" ").map(Number);
  return { work, sync, cpu };
}

const ours: Ran[] = [];
const write: number[] = [];
const synced: number[] = [];
const whole: number[] = [];
const cpu: number[] = [];
for (let round = 0; round < Number(flags.rounds); round++) {
  ours.push(await install(moss, join(folder, `root-${round}`), packages));
  const one = await floor(`write-${round}`, "write");
  write.push(one.work);
  synced.push(one.work + one.sync);
  const all = await floor(`install-${round}`, "install", String(threads));
  whole.push(all.work + all.sync);
  cpu.push(all.cpu);
}
const seconds = median(ours.map(({ wall }) => wall)) / 1000;
const peak = Math.max(...ours.map((ran) => ran.memory)) / 2 ** 20;
const faster = { faster: true, unit: "s", digits: 2 };
const least = median(whole);
const inC = `C on ${threads} threads that also hashes, stores, links and syncs`;
const rows: Row[] = [
  ratioRow("fresh install / C that decompresses and writes", seconds, median(write), 1, faster),
  ratioRow("the same, with a syncfs at its end", seconds, median(synced), undefined, faster),
  ratioRow(`fresh install / ${inC}`, seconds, least, undefined, faster),
  ratioRow("processor time of these two", median(ours.map((ran) => ran.cpu)) / 1000, median(cpu) / 1000, undefined, {
    unit: "s",
    digits: 2,
  }),
  ratioRow("that C / C that decompresses and writes", least, median(write), undefined, faster),
  boundRow("peak memory", peak, MEMORY, "MiB", 0),
];
if (!flags["no-dpkg"]) {
  for (const [name, zstd] of [
    ["Debian's own debs", false],
    ["debs with zstd", true],
  ] as const) {
    const peer = await dpkg(join(folder, zstd ? "dpkg-zstd" : "dpkg-own"), await plainDebs("system", packages, zstd));
    rows.push(ratioRow(`beside dpkg --unpack, ${name}`, seconds, peer.wall / 1000, 10, faster));
    rows.push(ratioRow(`that C / dpkg --unpack, ${name}`, least, peer.wall / 1000, undefined, faster));
  }
}
report("unpack", "./dev bench unpack", rows);
