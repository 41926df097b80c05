// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The gate: format, lint with type information, types, layers, lockfile, the house itself, licences, shell. One line a check; exits 1 where one fails. */
import { run } from "#sys/process";

// Everything runs under Bun, so that the age of the machine's Node does not matter.
const BUN = "node_modules/.bin/bun";

const CHECKS: readonly { name: string; command: readonly string[]; optional?: boolean }[] = [
  { name: "format", command: [BUN, "node_modules/.bin/biome", "check", "--error-on-warnings", "."] },
  { name: "types", command: [BUN, "node_modules/tsgo/bin/tsc"] },
  {
    name: "lint",
    command: [
      BUN,
      "node_modules/.bin/oxlint",
      "--type-aware",
      "--deny-warnings",
      "src",
      "bin",
      "tests",
      "tools",
      "benches",
    ],
  },
  {
    name: "layers",
    command: [
      BUN,
      "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs",
      "--config",
      ".dependency-cruiser.mjs",
      "src",
      "bin",
    ],
  },
  { name: "lockfile", command: [BUN, "tools/lockfile.ts"] },
  { name: "house", command: [BUN, "tools/house.ts"] },
  { name: "licences", command: ["reuse", "lint"], optional: true },
  { name: "shell", command: ["shellcheck", "-x", "dev", ".ci/run", "tests/crash/listing.sh"], optional: true },
];

export interface GateResult {
  readonly passed: number;
  readonly failed: number;
}

/** Runs every check, printing a line for each and the output of those that fail. */
export async function gate(): Promise<GateResult> {
  let passed = 0;
  let failed = 0;
  for (const check of CHECKS) {
    const started = performance.now();
    if (check.optional === true && Bun.which(check.command[0] ?? "") === null) {
      console.log(`gate: ${check.name.padEnd(9)} skipped, ${check.command[0]} is not installed`);
      continue;
    }
    const result = await run(check.command);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`gate: ${check.name.padEnd(9)} ${result.code === 0 ? "ok" : "FAILED"} ${seconds} s`);
    if (result.code === 0) passed += 1;
    else {
      failed += 1;
      console.log(result.stdout + result.stderr);
    }
  }
  return { passed, failed };
}

if (import.meta.main) {
  process.chdir(`${import.meta.dir}/..`);
  const result = await gate();
  process.exit(result.failed === 0 ? 0 : 1);
}
