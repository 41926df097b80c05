// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss state diff`: what differs between two states. */
import { Failure } from "#base/errors";
import { openReader, stateNumber } from "#cli/moss/root";
import { diffLines } from "#cli/moss/show-diff";
import type { Invocation } from "#cli/spec";
import { diffStates } from "#transition/diff-states";
import type { MossRoot } from "#transition/root";

/** The two states: both as typed; one and the live one; none, the live one and the one before it. */
function pairOf(root: MossRoot, operands: readonly string[]): readonly [number, number] {
  const [a, b] = operands.map(stateNumber);
  if (a !== undefined && b !== undefined) return [a, b];
  const live = root.active()?.id;
  if (live === undefined)
    throw new Failure("state.unknown", `Cannot compare states of "${root.directory}": none is live`);
  if (a !== undefined) return [a, live];
  const older = root.states().find(({ id }) => id < live);
  if (older !== undefined) return [older.id, live];
  throw new Failure("state.unknown", `Cannot compare state ${live}: no state is older than it`, {
    hint: '"moss state diff BEFORE AFTER" compares any two; "moss state list" shows them.',
  });
}

export function run(invocation: Invocation): void {
  const { ui, operands, options } = invocation;
  using root = openReader(invocation);
  const [before, after] = pairOf(root, operands);
  const diff = diffStates(root, before, after);
  if (ui.json) {
    ui.value({ before, after, ...diff });
    return;
  }
  ui.print(ui.style.bold(`From state ${before} to state ${after}`));
  for (const line of diffLines(diff, ui.style, options.flag("files"))) ui.print(line);
}
