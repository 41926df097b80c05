// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** How the end of a change is told. */
import { counted, formatDuration } from "#cli/style";
import type { Ui } from "#cli/ui";
import type { StateRecord } from "#transition/schema";
import type { ChangeCounts } from "#tree/diff";

export interface Outcome {
  readonly state: StateRecord;
  readonly before: number;
  readonly made?: boolean;
  readonly changes: ChangeCounts;
  /** Milliseconds of each part. */
  readonly timings: Readonly<Record<string, number>>;
}

let waited = 0;

/** Asks whether to go on, as `Ui.confirm` does; the time that the answer takes is nobody's work. Throws `declined`. */
export function askToGoOn(ui: Ui, question: string, look?: string): void {
  const asked = performance.now();
  try {
    ui.confirm(question, look);
  } finally {
    waited += performance.now() - asked;
  }
}

/** Milliseconds from the start of the process, without those in which it waited for answers. */
export function sinceStart(): number {
  return performance.now() - waited;
}

/** Tells which state is live now, what it changed, and how long that took. */
export function tellOutcome(ui: Ui, outcome: Outcome, more: Readonly<Record<string, unknown>> = {}): void {
  const { state, before, changes, timings, made } = outcome;
  const took = sinceStart();
  const rounded = Object.fromEntries(Object.entries(timings).map(([part, ms]) => [part, Math.round(ms * 1000) / 1000]));
  ui.event({
    type: "done",
    state: state.id,
    before,
    made: made ?? false,
    tree: state.tree.content,
    packages: state.packages,
    files: changes,
    timings: rounded,
    milliseconds: Math.round(took),
    ...more,
  });
  const was = before === 0 || before === state.id ? "" : ` (state ${before} can be gone back to)`;
  ui.say(`${ui.style.green(`State ${state.id} is live`)}${was}: ${counted(state.packages, "package")}.`);
  ui.say(
    `${counted(changes.added, "file")} added, ${changes.removed} removed, ${changes.changed} changed, in ${formatDuration(took)}.`,
  );
  if (ui.verbose) {
    const parts = Object.entries(timings).filter(([part, ms]) => part !== "total" && ms >= 0.5);
    ui.say(parts.map(([part, ms]) => `${part} ${formatDuration(ms)}`).join(", "));
  }
}
