// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss state show`: one state and its packages. */
import { openReader, stateNumber } from "#cli/moss/root";
import { labelText, stateValue } from "#cli/moss/state-list";
import { fittedTable } from "#cli/moss/table";
import { formatTime, oneLine, versionText } from "#cli/moss/text";
import type { Invocation } from "#cli/spec";
import { counted } from "#cli/style";

export function run(invocation: Invocation): void {
  const { ui, operands } = invocation;
  using root = openReader(invocation);
  const live = root.active();
  const state = operands[0] === undefined ? live : root.state(stateNumber(operands[0]));
  if (state === undefined) {
    if (ui.json) ui.value(null);
    else ui.note("There is no state yet: nothing has been installed.");
    return;
  }
  const packages = root.packages(state);
  if (ui.json) {
    ui.value({ ...stateValue(state, live?.id), list: packages });
    return;
  }
  const { style } = ui;
  const explicit = packages.filter((item) => item.explicit).length;
  ui.print(
    style.bold(`State ${state.id}: ${oneLine(state.summary)}${labelText(state)}`) +
      (state.id === live?.id ? " (live)" : ""),
  );
  ui.print(`Made      ${formatTime(state.created)} by ${oneLine(state.user ?? "somebody")}: ${oneLine(state.command)}`);
  ui.print(`Tree      ${state.tree.content}`);
  ui.print(`Packages  ${counted(packages.length, "package")}, ${explicit} of them asked for`);
  const rows = packages.map((item) => [
    item.explicit ? style.bold(item.name) : item.name,
    versionText(item),
    oneLine(item.reason ?? (item.explicit ? "asked for" : "")),
  ]);
  for (const line of fittedTable(rows, { least: { 1: 14 }, indent: "  ", stacked: true })) ui.print(line);
}
