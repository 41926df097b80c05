// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * From a running process: start a container, run /bin/true in it, and be back. Beside it plain bubblewrap without an
 * overlay, in turn with it so that both meet the same machine; the command moss-container beside both with its own
 * start-up, which is that of `moss-container --version` (compiled). The root is the machine's own.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ContainerOptions, runInRoot } from "#container/run";
import { buildExecutable } from "../tools/build.ts";
import { median } from "./_timing.ts";

const RUNS = Number(process.argv[2] ?? 100);
const PLAIN = "bwrap --unshare-all --die-with-parent --bind / / --dev /dev --proc /proc /bin/true".split(" ");
const folder = mkdtempSync(join(tmpdir(), "bench-container-"));
const COMMAND = [join(await buildExecutable(folder), "../moss-container")];

async function spawned(command: string[]): Promise<void> {
  const child = Bun.spawn(command, { stdio: ["ignore", "pipe", "pipe"] });
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}: ${await new Response(child.stderr).text()}`);
}

async function contained(options: Partial<ContainerOptions>): Promise<void> {
  const result = await runInRoot({ root: "/", command: ["/bin/true"], ...options });
  if (result.code !== 0) throw new Error(result.stderr);
}

const rows: Readonly<Record<string, () => Promise<void>>> = {
  "bwrap alone": async () => await spawned(PLAIN),
  "runInRoot, user": async () => await contained({}),
  "runInRoot, fakeroot": async () => await contained({ fakeroot: true }),
  "runInRoot, cgroups": async () => await contained({ fakeroot: true, limits: { memory: 2 ** 30, pids: 100 } }),
  "moss-container, start-up": async () => await spawned([...COMMAND, "--version"]),
  "moss-container": async () => await spawned([...COMMAND, "-D", "/", "--fakeroot", "/bin/true"]),
};
const times = new Map<string, number[]>(Object.keys(rows).map((name) => [name, []]));
for (let run = 0; run < RUNS + 5; run++) {
  for (const [name, action] of Object.entries(rows)) {
    const start = performance.now();
    await action();
    if (run >= 5) times.get(name)?.push(performance.now() - start);
  }
}
rmSync(folder, { recursive: true });

const of = (name: string): number => median(times.get(name) ?? []);
const peer = of("bwrap alone");
const startUp = of("moss-container, start-up");
/** Times that each row may take; no entry, no promise. Joining a control group waits for the kernel, whoever does it. */
const bounds = new Map([
  ["runInRoot, user", 2 * peer],
  ["runInRoot, fakeroot", 2 * peer],
  ["moss-container", startUp + 2 * peer],
]);
const out: string[] = [`container: start to /bin/true and back, median of ${RUNS} runs in turns`];
out.push(`  ${"measure".padEnd(26)}${"ms".padStart(8)}${"x bwrap".padStart(9)}${"bound ms".padStart(10)}`);
for (const name of Object.keys(rows)) {
  const bound = bounds.get(name);
  const verdict = bound === undefined ? "" : of(name) <= bound ? "  ok" : "  MISSED";
  const limit = bound === undefined ? "" : bound.toFixed(2);
  const ratio = (of(name) / peer).toFixed(2);
  out.push(`  ${name.padEnd(26)}${of(name).toFixed(2).padStart(8)}${ratio.padStart(9)}${limit.padStart(10)}${verdict}`);
}
process.stdout.write(`${out.join("\n")}\n`);
