// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * `./dev test [FILTER...]`: the gate, then every test file, one `bun test` process a file so that a crash of the
 * runtime costs one file. Ends with the one line `N passed, N failed, N skipped`.
 */
import { run } from "#sys/process";
import { gate } from "./gate.ts";

process.chdir(`${import.meta.dir}/..`);
const filters = process.argv.slice(2);

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
if (filters.length === 0) {
  const result = await gate();
  total.passed += result.passed;
  total.failed += result.failed;
}

const files = [...new Bun.Glob("{src,tests,bin}/**/*.test.ts").scanSync(".")]
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort();

function count(output: string, word: string): number {
  return Number(new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(output)?.[1] ?? 0);
}

async function runFile(file: string): Promise<void> {
  const started = performance.now();
  const result = await run(["node_modules/.bin/bun", "test", "--timeout", "120000", `./${file}`], {
    timeout: 15 * 60_000,
  });
  const output = result.stdout + result.stderr;
  const counts = { passed: count(output, "pass"), failed: count(output, "fail"), skipped: count(output, "skip") };
  if (result.code !== 0 && counts.failed === 0) counts.failed = 1;
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  console.log(`test: ${file} ${counts.passed} passed, ${counts.failed} failed${skipped} (${seconds} s)`);
  if (counts.failed > 0) console.log(output);
}

const queue = [...files];
await Promise.all(
  [0, 1].map(async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) await runFile(file);
  }),
);

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);
