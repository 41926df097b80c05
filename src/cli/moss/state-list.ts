// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss state list` and `moss state active`. */
import { openReader } from "#cli/moss/root";
import { fittedTable, formatTime, oneLine } from "#cli/moss/text";
import type { Invocation } from "#cli/spec";
import { counted } from "#cli/style";
import type { StateRecord } from "#transition/schema";

/** A state as programs get it. */
export function stateValue(state: StateRecord, live: number | undefined) {
  const { id, created, summary, command, packages, tree } = state;
  const time = new Date(created).toISOString();
  return { id, live: id === live, created: time, summary, command, packages, tree: tree.content };
}

export function run(invocation: Invocation): void {
  const { ui, verb } = invocation;
  using root = openReader(invocation);
  const live = root.active()?.id;
  const states = verb.name === "active" ? root.states().filter(({ id }) => id === live) : root.states();
  if (ui.json) {
    const values = states.map((state) => stateValue(state, live));
    ui.value(verb.name === "active" ? (values[0] ?? null) : values);
    return;
  }
  if (states.length === 0) ui.note("There is no state yet: nothing has been installed.");
  const { style } = ui;
  const rows = states.map((state) => [
    String(state.id),
    state.id === live ? style.green("live") : "",
    formatTime(state.created),
    counted(state.packages, "package"),
    state.id === live ? style.bold(oneLine(state.summary)) : oneLine(state.summary),
  ]);
  for (const line of fittedTable(rows, [0, 3])) ui.print(line);
}
