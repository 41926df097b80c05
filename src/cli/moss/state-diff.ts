// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss state diff`: what differs between two states. */
import { Failure } from "#base/errors";
import { openReader, stateNumber } from "#cli/moss/root";
import { fittedTable } from "#cli/moss/table";
import { versionText } from "#cli/moss/text";
import type { Invocation } from "#cli/spec";
import { counted, printable } from "#cli/style";
import { diffStates, type StateDiff } from "#transition/diff-states";
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

/** Lines about packages and counts of paths. */
function packageRows(diff: StateDiff, style: Invocation["ui"]["style"]): string[][] {
  return [
    ...diff.added.map((item) => [style.green("+"), item.name, versionText(item)]),
    ...diff.removed.map((item) => [style.red("-"), item.name, versionText(item)]),
    ...diff.changed.map(({ before, after }) => [
      style.yellow("~"),
      after.name,
      `${versionText(before)} -> ${versionText(after)}`,
    ]),
  ];
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
  const { paths } = diff;
  const { style } = ui;
  ui.print(style.bold(`From state ${before} to state ${after}`));
  for (const line of fittedTable(packageRows(diff, style), { indent: "  " })) ui.print(line);
  if (options.flag("files")) {
    const marked = [
      ...paths.added.map((path) => `${style.green("+")} /usr/${printable(path)}`),
      ...paths.removed.map((path) => `${style.red("-")} /usr/${printable(path)}`),
      ...paths.changed.map((path) => `${style.yellow("~")} /usr/${printable(path)}`),
    ];
    for (const line of marked) ui.print(`  ${line}`);
  }
  const packages = counted(diff.added.length + diff.removed.length + diff.changed.length, "package");
  const files = `${counted(paths.added.length, "file")} added, ${paths.removed.length} removed, ${paths.changed.length} changed`;
  ui.print(`${packages} differ${packages.startsWith("1 ") ? "s" : ""}; ${files}`);
}
