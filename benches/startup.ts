// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Start-up of the compiled programs, from the start of the process to the first line and to the end, beside an empty
 * compiled program, which is the floor. Fails where a first line comes later than after 30 ms. The argument is
 * the number of runs.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "#sys/process";
import { PROGRAMS } from "../bin/multicall.ts";
import { buildExecutable, compile } from "../tools/build.ts";
import { timeInTurns } from "./_timing.ts";

const LIMIT = 30;

const folder = mkdtempSync(join(tmpdir(), "bench-startup-"));
try {
  const empty = join(folder, "empty");
  writeFileSync(`${empty}.ts`, 'console.log("empty");\n');
  await compile(`${empty}.ts`, empty);
  await buildExecutable(join(folder, "build"));
  const commands: Record<string, readonly string[]> = { "empty program": [empty] };
  for (const name of PROGRAMS) {
    for (const flag of ["--version", "--help"]) {
      const command = [join(folder, "build", name), flag];
      if ((await run(command)).code === 0) commands[`${name} ${flag}`] = command;
    }
  }
  const runs = Number(process.argv[2] ?? 15);
  const times = await timeInTurns(commands, runs);
  const floor = times.get("empty program")?.end ?? Number.NaN;
  console.log(`bench startup: median of ${runs} runs, ms; ratio to the end = program / empty program`);
  for (const [name, { first, end }] of times) {
    const slow = first > LIMIT;
    const ratio = (end / floor).toFixed(2);
    console.log(
      `  ${name.padEnd(26)} first line ${first.toFixed(1).padStart(5)}   end ${end.toFixed(1).padStart(5)} (${ratio}x)${slow ? `   above ${LIMIT} ms` : ""}`,
    );
    if (slow) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
