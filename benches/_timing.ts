// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Parts of benches: how long processes take. */

export interface ProcessTimes {
  /** Milliseconds from the start of the process to its first byte of output, the median of all runs. */
  readonly first: number;
  /** Milliseconds to its end. */
  readonly end: number;
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

async function once(command: readonly string[]): Promise<ProcessTimes> {
  const started = performance.now();
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "inherit", cwd: "/" });
  let first: number | undefined;
  for await (const _ of child.stdout) first ??= performance.now() - started;
  const code = await child.exited;
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}`);
  return { first: first ?? Number.NaN, end: performance.now() - started };
}

/** Runs the commands in turns, so that what else the machine does hits all of them, and gives the medians of each. */
export async function timeInTurns(
  commands: Readonly<Record<string, readonly string[]>>,
  runs: number,
): Promise<ReadonlyMap<string, ProcessTimes>> {
  const all = new Map<string, ProcessTimes[]>(Object.keys(commands).map((name) => [name, []]));
  for (let i = 0; i <= runs; i++) {
    for (const [name, command] of Object.entries(commands)) {
      const times = await once(command);
      // The first run brings the files into memory.
      if (i > 0) all.get(name)?.push(times);
    }
  }
  return new Map(
    [...all].map(([name, list]) => [
      name,
      { first: median(list.map((t) => t.first)), end: median(list.map((t) => t.end)) },
    ]),
  );
}
