// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A process of its own that writes, reads or extracts one stone, and says what memory that took:
 *
 *   bun memory.fixture.ts write STONE FILE PROFILE THREADS | read STONE | extract STONE DIR | inspect STONE
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { Failure } from "#base/errors";
import type { PackageMeta } from "#model/package";
import { extractStone } from "#stone/extract";
import { inspectStone } from "#stone/inspect";
import { StoneReader } from "#stone/reader";
import { BodySet, type Profile, writeStoneSync } from "#stone/writer";

export interface MemoryReport {
  /** Bytes of the process before the work, with all code loaded, and the most that it had during the work. */
  readonly before: number;
  readonly peak: number;
  readonly milliseconds: number;
  /** The code of the failure that the work ended in. */
  readonly code?: string;
}

function field(name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "utf8"));
  return Number(match?.[1]) * 1024;
}

const meta: PackageMeta = {
  name: "large",
  version: "1",
  release: 1,
  buildRelease: 1,
  architecture: "x86_64",
  summary: "A package made to be large",
  description: "",
  homepage: "https://example.org",
  sourceId: "large",
  licenses: [],
  depends: [],
  provides: [],
  conflicts: [],
};

function write(stone: string, file: string, profile: Profile, threads: number): void {
  const bodies = new BodySet();
  const { digest } = bodies.add({ file });
  writeStoneSync(stone, {
    meta,
    entries: [{ kind: "regular", path: "lib/large", uid: 0, gid: 0, mode: 0o644, digest }],
    body: bodies.source,
    profile,
    threads,
    durable: false,
  });
}

function read(stone: string): void {
  using reader = StoneReader.open(stone);
  reader.meta();
  reader.layout();
  reader.content({ begin() {}, data() {}, end() {} });
}

function profileOf(text: string | undefined): Profile {
  return text === "fast" || text === "max" ? text : "default";
}

const [verb, stone = "", other = "", profile, threads] = process.argv.slice(2);

// The same once, small: what is measured is the work, not the loading of code.
const small = `${stone}.${process.pid}.small`;
writeFileSync(small, "x".repeat(100_000));
write(`${small}.stone`, small, "fast", 0);
read(`${small}.stone`);
inspectStone(`${small}.stone`, { check: true });
for (const path of [small, `${small}.stone`]) rmSync(path);
Bun.gc(true);
const before = field("VmRSS");
writeFileSync("/proc/self/clear_refs", "5"); // the peak begins anew

const started = performance.now();
let code: string | undefined;
try {
  if (verb === "write") write(stone, other, profileOf(profile), Number(threads ?? 2));
  else if (verb === "read") read(stone);
  else if (verb === "extract") extractStone(stone, other);
  else if (inspectStone(stone, { check: true }).problems.length > 0) code = "problems";
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  code = error.code;
}
const report: MemoryReport = {
  before,
  peak: field("VmHWM"),
  milliseconds: performance.now() - started,
  ...(code === undefined ? {} : { code }),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
