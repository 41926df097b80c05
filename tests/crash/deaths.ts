// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Ways to die at a chosen moment, and the chance that chooses it. */
import { existsSync } from "node:fs";

/** How a command is to die: the `when`-th call of a system call in some thread, or a step of the journal. */
export type Death = { readonly call: string; readonly when: number } | { readonly fault: string };

/** The program that runs another one and kills it at a system call. */
export function strace({ call, when }: { readonly call: string; readonly when: number }): string[] {
  const inject = `--inject=${call}:signal=KILL:when=${when}`;
  return ["strace", "-f", "-qq", "-o", "/dev/null", `--trace=${call}`, inject];
}

/** The calls in a trace from the first on that names `marker`, each with its number among its thread's calls of that name. */
export function recordedCalls(trace: string, marker: string): Death[] {
  const counts = new Map<string, number>();
  const deaths: Death[] = [];
  let started = false;
  for (const text of trace.split("\n")) {
    const [, thread, call] = /^(\d+) +([a-z_0-9]+)\(/.exec(text) ?? [];
    if (thread === undefined || call === undefined) continue;
    const when = (counts.get(`${thread} ${call}`) ?? 0) + 1;
    counts.set(`${thread} ${call}`, when);
    started ||= text.includes(marker) && call !== "execve";
    if (started && !call.startsWith("exit")) deaths.push({ call, when });
  }
  return deaths;
}

/** A pseudo-random number generator, so that a walk can be repeated. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Why crash tests cannot run here, or undefined where they can. */
export function walkNeeds(): string | undefined {
  if (process.getuid?.() !== 0) return "root, for owners and for the reader without rights";
  return ["strace", "setpriv", "find", "sha256sum"].find(
    (tool) => Bun.which(tool) === null && !existsSync(`/usr/bin/${tool}`),
  );
}
