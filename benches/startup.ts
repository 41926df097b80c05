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
import { PROGRAMS } from "#cli/names";
import { run } from "#sys/process";
import { buildExecutable, compile } from "../tools/build.ts";
import { type Row, ratioRow, report } from "./_table.ts";
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
  const rows = [...times].map(([name, { first, end }]): Row => {
    const row = ratioRow(name, end, floor, undefined, { digits: 1 });
    const text = `${end.toFixed(1)} ms, first line ${first.toFixed(1)} ms`;
    return { ...row, ours: text, bound: `first line ≤ ${LIMIT} ms`, ok: first <= LIMIT };
  });
  report("startup", "./dev bench startup", rows);
} finally {
  rmSync(folder, { recursive: true });
}
