// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A fresh install of more than 300 real packages from stones at hand, by the compiled executable: hashing, store, links,
 * database, states and syncs. Beside it `dpkg --unpack --force-unsafe-io` of the same packages into an empty root, as
 * Debian compresses them and with zstd, and a loop in C that only decompresses and writes the files.
 *
 *   ./dev bench unpack [--rounds N] [--no-dpkg]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { hex } from "#base/bytes";
import { getOrInsert } from "#base/order";
import { bodiesInOrder } from "#stone/index-records";
import { StoneReader } from "#stone/reader";
import { buildExecutable } from "../tools/build.ts";
import { compileFloor, measured, must, type Ran } from "./_floor.ts";
import { FullMemory } from "./_memory.ts";
import { type BenchPackage, benchPackages, plainDebs, SYSTEM, totalSize } from "./_packages.ts";
import { clear } from "./_system.ts";
import { boundRow, median, type Row, ratioRow, report } from "./_table.ts";

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

async function install(moss: string, folder: string, packages: readonly BenchPackage[]): Promise<Ran> {
  const root = join(folder, "root");
  mkdirSync(root);
  await must([moss, "collection", "add", "-D", root, "-y", "bench", join(packages[0]?.stone ?? "", "..")]);
  const names = packages.map(({ name }) => name);
  await must(["sync"]);
  memory.fill();
  const ran = await measured([moss, "install", "-D", root, "-y", "--json", ...names]);
  await clear(root);
  return ran;
}

async function dpkg(folder: string, debs: readonly string[]): Promise<Ran> {
  const root = join(folder, "dpkg");
  const admin = join(root, "var/lib/dpkg");
  for (const name of ["info", "updates", "triggers"]) mkdirSync(join(admin, name), { recursive: true });
  for (const name of ["status", "available"]) writeFileSync(join(admin, name), "");
  await must(["sync"]);
  // Without --force-depends it refuses what needs another package configured before.
  const options = ["--force-unsafe-io", "--force-depends", "--force-bad-path", "--no-triggers"];
  memory.fill();
  const ran = await measured(["dpkg", `--root=${root}`, ...options, "--unpack", ...debs]);
  await clear(root);
  return ran;
}

const folder = mkdtempSync(join(tmpdir(), "bench-unpack-"));
const memory = new FullMemory(folder);
try {
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
  for (let round = 0; round < Number(flags.rounds); round++) {
    ours.push(await install(moss, folder, packages));
    const out = join(folder, "floor");
    memory.fill();
    const ran = await measured([program, list, out, "sync"]);
    const [write = Number.NaN, sync = Number.NaN] = ran.stdout.split(" ").map(Number);
    cpu.push(ran.cpu);
    floor.push(write);
    synced.push(write + sync);
    await clear(out);
  }
  const seconds = median(ours.map(({ wall }) => wall)) / 1000;
  const peak = Math.max(...ours.map((ran) => ran.memory)) / 2 ** 20;
  const faster = { faster: true, unit: "s", digits: 2 };
  const rows: Row[] = [
    ratioRow("fresh install / C that decompresses and writes", seconds, median(floor), 1, faster),
    ratioRow("the same, with the syncfs that we do too", seconds, median(synced), undefined, faster),
    boundRow("peak memory", peak, MEMORY, "MiB", 0),
    ratioRow("processor time of the two", median(ours.map((ran) => ran.cpu)) / 1000, median(cpu) / 1000, undefined, {
      unit: "s",
      digits: 2,
    }),
  ];
  if (!flags["no-dpkg"]) {
    const own = await dpkg(folder, await plainDebs("system", packages, false));
    rows.push(ratioRow("beside dpkg --unpack, Debian's own debs", seconds, own.wall / 1000, 10, faster));
    const zstd = await dpkg(folder, await plainDebs("system", packages, true));
    rows.push(ratioRow("beside dpkg --unpack, debs with zstd", seconds, zstd.wall / 1000, 10, faster));
  }
  report("unpack", "./dev bench unpack", rows);
} finally {
  memory[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
}
