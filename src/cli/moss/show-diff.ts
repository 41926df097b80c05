// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What differs between two states, in lines for people. */
import { fittedTable } from "#cli/moss/table";
import { versionText } from "#cli/moss/text";
import { counted, printable, type Style } from "#cli/style";
import type { StateDiff } from "#transition/diff-states";

/** Packages, with `files` each path too, and how many of both. */
export function diffLines(diff: StateDiff, style: Style, files: boolean): string[] {
  const { paths } = diff;
  const marked = [
    ...paths.added.map((path) => `${style.green("+")} /usr/${printable(path)}`),
    ...paths.removed.map((path) => `${style.red("-")} /usr/${printable(path)}`),
    ...paths.changed.map((path) => `${style.yellow("~")} /usr/${printable(path)}`),
  ];
  const count = diff.added.length + diff.removed.length + diff.changed.length;
  const numbers = `${counted(paths.added.length, "file")} added, ${paths.removed.length} removed, ${paths.changed.length} changed`;
  return [
    ...fittedTable(packageRows(diff, style), { indent: "  " }),
    ...(files ? marked.map((line) => `  ${line}`) : []),
    `${counted(count, "package")} differ${count === 1 ? "s" : ""}; ${numbers}`,
  ];
}

function packageRows(diff: StateDiff, style: Style): string[][] {
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
