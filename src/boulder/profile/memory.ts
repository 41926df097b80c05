// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** How much memory a phase may use where nobody asks for an amount: a share of the machine, or mebibytes, by the profile. */
import { totalmem } from "node:os";
import { Groups } from "#container/cgroup";

export type MemoryBound = { readonly percent: number } | { readonly mebibytes: number };

/** The rest is for the system and for boulder itself, so that the build is what ends, and not something else. */
const DEFAULT: MemoryBound = { percent: 90 };
const MEBIBYTE = 1024 * 1024;

/** Reads `"80%"` or `4096` (mebibytes); undefined where it is neither. */
export function parseMemory(text: string): MemoryBound | undefined {
  const [, digits, sign] = /^([1-9]\d{0,9})(%?)$/.exec(text) ?? [];
  const number = Number(digits);
  if (digits === undefined) return undefined;
  if (sign !== "%") return { mebibytes: number };
  return number <= 100 ? { percent: number } : undefined;
}

/** The same as `parseMemory` reads. */
export function formatMemory(bound: MemoryBound): string {
  return "percent" in bound ? `${bound.percent}%` : `${bound.mebibytes}`;
}

/** Bytes of a bound on a machine, or in a container, with so many bytes of memory. */
export function memoryBytes(bound: MemoryBound, machine: number): number {
  return "percent" in bound ? Math.floor((machine / 100) * bound.percent) : bound.mebibytes * MEBIBYTE;
}

/**
 * Bytes that a phase may use by a profile's bound, or by the default one. Undefined where no control group keeps it: the
 * bound would then be one of addresses for each process, which some programs (sanitizers, Go, Java) take without using them.
 */
export function phaseMemory(bound: MemoryBound | undefined): number | undefined {
  const constrained = process.constrainedMemory();
  const machine = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  const bytes = memoryBytes(bound ?? DEFAULT, machine);
  using groups = Groups.create({ memory: bytes }, false);
  return groups.enforced.includes("memory") ? bytes : undefined;
}
