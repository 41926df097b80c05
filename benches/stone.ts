// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Bench: a package of 2 GiB written, read and extracted, beside `zstd` on the same bytes at the same settings, and the memory
 * that each takes. Bound of the memory: 64 MiB above the zstd window. The bytes are this machine's own files.
 *
 *   bun benches/stone.ts [--size MIB] [--profiles fast,default,max] [--folder DIR]
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { contentOptions, PROFILES, type Profile } from "#stone/compression";
import type { MemoryReport } from "#stone/memory.fixture";
import { regularFiles } from "./_files.ts";
import { measured } from "./_floor.ts";
import { boundRow, type Row, ratioRow, report } from "./_table.ts";

const MIB = 2 ** 20;
const THREADS = 2;
const SOURCES = ["/usr/bin", "/usr/lib/x86_64-linux-gnu", "/usr/lib", "/usr/share"];

/** One file of real bytes. Where the machine has too few, they come again: farther apart than any window. */
function fill(path: string, size: number): void {
  const fd = openSync(path, "w");
  let left = size;
  while (left > 0) {
    const before = left;
    for (const source of SOURCES.flatMap((folder) => [...regularFiles(folder, (_, stat) => stat.size < 64 * MIB)])) {
      const bytes = readFileSync(source).subarray(0, left);
      writeSync(fd, bytes);
      left -= bytes.byteLength;
      if (left === 0) break;
    }
    if (left === before) throw new Error("this machine has no files to pack");
  }
  closeSync(fd);
}

/** Says what is being measured: a run takes minutes. */
function say(text: string): void {
  process.stderr.write(`stone: ${text}\n`);
}

async function ours(...args: string[]): Promise<MemoryReport> {
  const fixture = join(import.meta.dir, "../src/stone/memory.fixture.ts");
  const { stdout } = await measured([process.execPath, fixture, ...args]);
  const result = JSON.parse(stdout) as MemoryReport;
  if (result.code !== undefined) throw new Error(`${args.join(" ")} ended with ${result.code}`);
  return result;
}

function zstdFlags(profile: Profile, size: number): string[] {
  const { level, windowLog, chainLog, threads, jobSize } = contentOptions(profile, size, THREADS);
  const parallel = threads === undefined ? ["--single-thread"] : [`-T${threads}`, `-B${jobSize}`];
  return [`-${level}`, `--zstd=wlog=${windowLog}${chainLog === undefined ? "" : `,clog=${chainLog}`}`, ...parallel];
}

const { values: flags } = parseArgs({
  options: {
    size: { type: "string", default: "2048" },
    profiles: { type: "string", default: "fast,default" },
    folder: { type: "string", default: tmpdir() },
  },
});
const size = Number(flags.size) * MIB;
const profiles = flags.profiles.split(",").filter((word): word is Profile => Object.hasOwn(PROFILES, word));
const folder = mkdtempSync(join(flags.folder, "bench-stone-"));
try {
  const data = join(folder, "data");
  fill(data, size);
  const rows: Row[] = [];
  for (const profile of profiles) {
    const stone = join(folder, `${profile}.stone`);
    const most = (64 * MIB + 2 ** PROFILES[profile].windowLog) / MIB;
    const memory = (verb: string, { before, peak }: MemoryReport) =>
      boundRow(`${profile}: memory of ${verb}, above start-up`, (peak - before) / MIB, most, "MiB");
    const packed = join(folder, "packed.zst");
    say(`${profile}: zstd`);
    const peer = await measured(["zstd", "-q", "-f", ...zstdFlags(profile, size), "-o", packed, data]);
    say(`${profile}: zstd ${peer.wall.toFixed(0)} ms; writing the stone`);
    const written = await ours("write", stone, data, profile, `${THREADS}`);
    rows.push(ratioRow(`${profile}: write, hashes and all / zstd`, written.milliseconds, peer.wall, undefined));
    rows.push({
      measure: `${profile}: size / zstd`,
      ours: `${(statSync(stone).size / MIB).toFixed(1)} MiB`,
      peer: `${(statSync(packed).size / MIB).toFixed(1)} MiB`,
      ratio: statSync(stone).size / statSync(packed).size,
    });
    rows.push(memory("writing", written));
    say(`${profile}: written in ${written.milliseconds.toFixed(0)} ms; reading and extracting`);
    const test = await measured(["zstd", "-q", "-t", packed]);
    const read = await ours("read", stone);
    rows.push(ratioRow(`${profile}: read and verify / zstd -t`, read.milliseconds, test.wall, undefined));
    rows.push(memory("reading", read));
    const unpacked = await measured(["zstd", "-q", "-f", "-d", "-o", join(folder, "plain"), packed]);
    rmSync(join(folder, "plain"));
    const extracted = await ours("extract", stone, join(folder, "out"));
    rows.push(ratioRow(`${profile}: extract / zstd -d`, extracted.milliseconds, unpacked.wall, undefined));
    rows.push(memory("extracting", extracted));
    for (const path of [stone, packed, join(folder, "out")]) rmSync(path, { recursive: true });
  }
  report("stone", `./dev bench stone --size ${flags.size} --profiles ${profiles.join(",")}`, rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
