// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The one place where a test can make this program die: MOSS_FAULT names a step, or `step:n` its n-th time. */

/** Every step between two that change something. */
export const STEPS = [
  "begun",
  "unpacked",
  "arrived",
  "admitted",
  "merged",
  "staged",
  "synced",
  "committed",
  "before-exchange",
  "exchanged",
  "linked",
  "settled",
  "ended",
  "spare-built",
  "prune-begun",
  "prune-states",
  "prune-trees",
  "prune-committed",
  "swept",
  "salvaged",
  "refetched",
  "restored",
] as const;

export type Step = (typeof STEPS)[number];

const wanted = process.env["MOSS_FAULT"];
let left = Number(wanted?.split(":")[1] ?? 1);

/** Dies at once, as by a power cut of this process, where MOSS_FAULT asks for it here. */
export function fault(step: Step): void {
  if (wanted === undefined || wanted.split(":")[0] !== step) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, "SIGKILL");
}
