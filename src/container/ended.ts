// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Waits until a killed container is gone. Killing its first process outside is asynchronous: the kernel then ends the
 * container's process 1, and that one ends only after all others in its process namespace have.
 */
import { readFileSync } from "node:fs";

const STEP = 1;
/** Milliseconds to wait at most; a process in a hung system call (a dead network file system) may never end. */
const LONGEST = 10_000;

/** The container's process 1 as the outer program reported it, or undefined where it was killed before that. */
export function firstProcess(status: string): number | undefined {
  const pid = /^child\t(\d+)$/m.exec(status)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

/** A process that is gone, or only waits for its exit code to be read. */
function hasEnded(pid: number): boolean {
  try {
    // The name in brackets can hold anything; the state follows the last bracket.
    return /^\d+ \(.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return true;
  }
}

/** Returns when the process `pid`, if any, and all that it holds are gone, or after ten seconds. */
export async function waitUntilEnded(pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  const until = performance.now() + LONGEST;
  while (!hasEnded(pid) && performance.now() < until) await Bun.sleep(STEP);
}
