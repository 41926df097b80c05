// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Bench: analyse and emit of a package of 10,000 real files (this machine's own), beside `zstd` on the same bytes at the
 * same level, window and threads. Bound: 2.0 times. Stripping is off on this side: it is programs of others.
 *
 *   bun benches/emit.ts [--files N] [--rounds N] [--profile fast|default|max]
 */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { packageInstall } from "#boulder/package/package";
import { contentOptions, PROFILES, type Profile } from "#stone/compression";
import { run } from "#sys/process";
import { sha256Hex } from "#sys/sha256";
import { recipeOf } from "#tests/support/sample-build";
import { regularFiles } from "./_files.ts";

const SOURCES = [
  "/usr/bin",
  "/usr/include",
  "/usr/lib/python3",
  "/usr/share/perl",
  "/usr/lib/x86_64-linux-gnu",
  "/usr/share/doc",
  "/usr/share",
];
const LARGEST = 2 * 1024 * 1024;

const RECIPE = `name: bench
version: "1"
release: 1
homepage: https://example.org
license: MIT
summary: Many files
description: Ten thousand files of a real system.
strip: false
debug: false
`;

const isTaken = (path: string, stat: Stats): boolean => stat.size <= LARGEST && !path.endsWith(".pyc");

/** Copies files of the system below `install` until there are enough, a share of each folder. */
function makeInstall(install: string, count: number): number {
  const taken = new Set<string>();
  for (const [i, source] of SOURCES.entries()) {
    const until = i === SOURCES.length - 1 ? count : Math.ceil((count * (i + 1)) / (SOURCES.length + 1));
    for (const path of regularFiles(source, isTaken)) {
      if (taken.size >= until) break;
      if (taken.has(path)) continue;
      taken.add(path);
      mkdirSync(dirname(install + path), { recursive: true });
      copyFileSync(path, install + path);
    }
  }
  return taken.size;
}

/** The bodies, each content once, largest first as the format has them, in one file: what the encoder of a package gets. */
function concatenate(install: string, out: string): void {
  const seen = new Set<string>();
  const parts: Uint8Array[] = [];
  for (const path of regularFiles(join(install, "usr"), isTaken)) {
    const bytes = readFileSync(path);
    const key = sha256Hex(bytes);
    if (!seen.has(key)) parts.push(bytes);
    seen.add(key);
  }
  writeFileSync(out, Buffer.concat(parts.sort((a, b) => b.byteLength - a.byteLength)));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const { values: flags } = parseArgs({
  options: {
    files: { type: "string", default: "10000" },
    rounds: { type: "string", default: "3" },
    profile: { type: "string", default: "default" },
  },
});
const profile: Profile = flags.profile === "fast" || flags.profile === "max" ? flags.profile : "default";
const threads = availableParallelism();
const { level, windowLog } = PROFILES[profile];
const folder = mkdtempSync(join(tmpdir(), "bench-emit-"));
try {
  const install = join(folder, "install");
  const files = makeInstall(install, Number(flags.files));
  const all = join(folder, "all");
  concatenate(install, all);
  // Profiles that compress in one thread have neither.
  const { threads: workers, jobSize } = contentOptions(profile, statSync(all).size, threads);
  const parallel =
    workers === undefined || jobSize === undefined ? ["--single-thread"] : [`-T${workers}`, `-B${jobSize}`];
  const { recipe, templates } = recipeOf(RECIPE);
  const ours: number[] = [];
  const peer: number[] = [];
  let size = 0;
  for (let round = 0; round < Number(flags.rounds); round++) {
    let start = performance.now();
    const command = ["zstd", "-q", "-f", `-${level}`, `--zstd=wlog=${windowLog}`, ...parallel, "-o", `${all}.zst`, all];
    const result = await run(command);
    if (result.code !== 0) throw new Error(result.stderr);
    peer.push(performance.now() - start);
    start = performance.now();
    const steps: string[] = [];
    const made = await packageInstall({
      recipe,
      templates,
      installFolder: install,
      outFolder: join(folder, "out"),
      scratchFolder: join(folder, "scratch"),
      architecture: "x86_64",
      buildRelease: 1,
      profile,
      jobs: threads,
      onEvent: (event) => {
        if (event.type === "step") steps.push(`${event.name} at ${(performance.now() - start).toFixed(0)} ms`);
      },
    });
    ours.push(performance.now() - start);
    size = made.packages.reduce((sum, item) => sum + item.size, 0);
    console.log(
      `  round ${round + 1}: zstd ${peer.at(-1)?.toFixed(0)} ms, ours ${ours.at(-1)?.toFixed(0)} ms (${steps.join(", ")})`,
    );
  }
  const ratio = median(ours) / median(peer);
  const mib = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);
  console.log(
    `emit: ${files} files, ${mib(statSync(all).size)} MiB distinct; profile ${profile} (level ${level}), ${workers ?? 1} threads`,
  );
  console.log(
    `  zstd ${median(peer).toFixed(0)} ms (${mib(statSync(`${all}.zst`).size)} MiB), analyse and emit ${median(ours).toFixed(0)} ms (${mib(size)} MiB)`,
  );
  console.log(`  ratio ${ratio.toFixed(2)}, bound 2.00: ${ratio <= 2 ? "met" : "MISSED"}`);
  process.exitCode = ratio <= 2 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
