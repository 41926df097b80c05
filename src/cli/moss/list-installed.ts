// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss list installed`. It reads the list of one state and nothing else, because people wait for it. */
import { openReader } from "#cli/moss/root";
import { fittedTable } from "#cli/moss/table";
import { oneLine, versionText } from "#cli/moss/text";
import type { Invocation } from "#cli/spec";

export function run(invocation: Invocation): void {
  const { ui, options } = invocation;
  using root = openReader(invocation);
  const all = root.packages(root.active());
  const only = options.flag("explicit") ? true : options.flag("dependencies") ? false : undefined;
  const shown = only === undefined ? all : all.filter(({ explicit }) => explicit === only);
  if (ui.json) {
    ui.value(shown);
    return;
  }
  if (shown.length === 0) ui.note(only === undefined ? "Nothing is installed." : "No such package is installed.");
  const { style } = ui;
  const rows = shown.map((item) => [
    item.explicit ? style.bold(item.name) : style.dim(item.name),
    versionText(item),
    oneLine(item.summary),
  ]);
  for (const line of fittedTable(rows, { least: { 1: 12 } })) ui.print(line);
}
