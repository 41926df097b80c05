// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Parts of benches: floors in C, caches of the kernel, commands and what they use. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "#sys/process";

/** Compiles benches/NAME.c into a folder; the path of the program. */
export async function compileFloor(name: string, folder: string, ...libraries: readonly string[]): Promise<string> {
  const path = join(folder, `floor-${name}`);
  await must(["cc", "-O2", "-Wall", "-o", path, join(import.meta.dir, `${name}.c`), ...libraries]);
  return path;
}

export interface MustOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The standard output of a command. Throws where it ends with anything but 0. */
export async function must(command: readonly string[], options: MustOptions = {}): Promise<string> {
  const result = await run(command, options);
  if (result.code === 0) return result.stdout;
  throw new Error(
    `${command.slice(0, 6).join(" ")} ended with ${result.code}: ${(result.stderr || result.stdout).slice(-2000)}`,
  );
}

/** How one run of a command went. */
export interface Ran {
  /** Milliseconds from its start to its end. */
  readonly wall: number;
  /** Milliseconds of processors. */
  readonly cpu: number;
  /** Most bytes of memory that it had at once, looked at every 20 ms. */
  readonly memory: number;
  readonly stdout: string;
}

/** Bytes that a process has had in memory at most, so far; 0 where it is gone. */
function highWater(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Runs a command and measures it. Throws where it ends with anything but 0. */
export async function measured(command: readonly string[], options: MustOptions = {}): Promise<Ran> {
  const started = performance.now();
  const child = Bun.spawn([...command], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    cwd: options.cwd ?? "/",
    ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } }),
  });
  // Not what the kernel tells at the end: that counts the memory of this process too, which it begins as a copy of.
  let memory = 0;
  const watch = setInterval(() => {
    memory = Math.max(memory, highWater(child.pid));
  }, 20);
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const wall = performance.now() - started;
  clearInterval(watch);
  if (code !== 0)
    throw new Error(`${command.slice(0, 6).join(" ")} ended with ${code}: ${(stderr || stdout).slice(-2000)}`);
  const usage = child.resourceUsage();
  const cpu = Number(usage?.cpuTime.total ?? 0n) / 1000;
  return { wall, cpu, memory, stdout };
}

/** Writes what is dirty and drops what the kernel keeps of files, so that the next run finds nothing in memory. False without the right. */
export async function dropCaches(): Promise<boolean> {
  await must(["sync"]);
  try {
    writeFileSync("/proc/sys/vm/drop_caches", "3");
    return true;
  } catch {
    return false;
  }
}

/** The load of the machine now: what a figure must be read beside. */
export function load(): string {
  return readFileSync("/proc/loadavg", "utf8").split(" ").slice(0, 3).join(" ");
}
