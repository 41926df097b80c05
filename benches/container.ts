// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * From a running process: start a container, run /bin/true in it, and be back. Beside it plain bubblewrap without an
 * overlay, in turn with it so that both meet the same machine. The root is the machine's own.
 */
import { runInRoot } from "#container/run";

const RUNS = Number(process.argv[2] ?? 100);
const PLAIN = "bwrap --unshare-all --die-with-parent --bind / / --dev /dev --proc /proc /bin/true".split(" ");

async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

const rows = {
  "bwrap alone": async () => await Bun.spawn(PLAIN, { stdio: ["ignore", "pipe", "pipe"] }).exited,
  "runInRoot, user": async () => await runInRoot({ root: "/", command: ["/bin/true"] }),
  "runInRoot, fakeroot": async () => await runInRoot({ root: "/", command: ["/bin/true"], fakeroot: true }),
  "runInRoot, limits": async () =>
    await runInRoot({ root: "/", command: ["/bin/true"], fakeroot: true, limits: { memory: 2 ** 30, pids: 100 } }),
};
const times = new Map<string, number[]>(Object.keys(rows).map((name) => [name, []]));
for (let run = 0; run < RUNS + 5; run++) {
  for (const [name, action] of Object.entries(rows)) {
    const ms = await timed(action);
    if (run >= 5) times.get(name)?.push(ms);
  }
}
const median = (list: number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
const peer = median(times.get("bwrap alone") ?? []);
console.log(`container: start to /bin/true and back, median of ${RUNS}; target at most 2x bwrap alone`);
for (const [name, list] of times) {
  const ms = median(list);
  console.log(`  ${name.padEnd(22)} ${ms.toFixed(2).padStart(7)} ms  ${(ms / peer).toFixed(2)}x`);
}
