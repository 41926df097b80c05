// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss state list`, `moss state active` and `moss history`. */
import { compareText } from "#base/order";
import { openReader } from "#cli/moss/root";
import { fittedTable } from "#cli/moss/table";
import { formatTime, oneLine, versionText } from "#cli/moss/text";
import type { Invocation } from "#cli/spec";
import { counted } from "#cli/style";
import { packageChanges } from "#moss/states";
import type { MossRoot } from "#transition/root";
import type { StateRecord } from "#transition/schema";

/** A state as programs get it. */
export function stateValue(state: StateRecord, live: number | undefined) {
  const { id, created, summary, command, packages, tree, user, label } = state;
  const time = new Date(created).toISOString();
  const more = { ...(user === undefined ? {} : { user }), ...(label === undefined ? {} : { label }) };
  return { id, live: id === live, created: time, summary, command, ...more, packages, tree: tree.content };
}

export function run(invocation: Invocation): void {
  const { ui, verb, options } = invocation;
  using root = openReader(invocation);
  const live = root.active()?.id;
  const all = root.states();
  const states = verb.name === "active" ? all.filter(({ id }) => id === live) : all;
  const changes = verb.name === "history" || options.flag("changes");
  const changesOf = (state: StateRecord) => changesSince(root, all, state);
  if (ui.json) {
    const values = states.map((state) => ({ ...stateValue(state, live), ...(changes ? changesOf(state) : {}) }));
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
    (state.id === live ? style.bold : String)(oneLine(state.summary)) + labelText(state),
  ]);
  fittedTable(rows, { right: [0, 3] }).forEach((line, i) => {
    ui.print(line);
    const state = states[i];
    if (!changes || state === undefined) return;
    ui.print(style.dim(`     by ${oneLine(state.user ?? "somebody")}: ${oneLine(state.command)}`));
    const { since, changes: list } = changesOf(state);
    if (since === null) ui.print(style.dim("     no state before it is left to compare with"));
    else if (since !== 0 && since !== state.id - 1) ui.print(style.dim(`     since state ${since}:`));
    for (const { sign, name, version } of list) {
      const colour = sign === "+" ? style.green : style.red;
      ui.print(`     ${colour(sign)} ${name} ${version}`);
    }
  });
}

/** A state's label behind its summary. */
export function labelText({ label }: StateRecord): string {
  return label === undefined ? "" : ` (${oneLine(label)})`;
}

/**
 * What a state has changed of the one made before it that is still there: its number is `since`, which is 0 for the first of
 * all, and null where the states before have been removed.
 */
function changesSince(root: MossRoot, all: readonly StateRecord[], state: StateRecord) {
  const before = all.find(({ id }) => id < state.id);
  if (before === undefined && state.id > 1) return { since: null, changes: [] };
  const { removed, added } = packageChanges(root, before, state);
  const changes = [
    ...removed.map((item) => ({ sign: "-", name: item.name, version: versionText(item) })),
    ...added.map((item) => ({ sign: "+", name: item.name, version: versionText(item) })),
  ].sort((a, b) => compareText(a.name, b.name));
  return { since: before?.id ?? 0, changes };
}
