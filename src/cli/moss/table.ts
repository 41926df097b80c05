// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Tables that fit a terminal. What cannot stand beside each other is shortened where that hurts least: long versions
 * first, then the text at the end of the line. What is piped stays whole.
 */
import { cut, formatTable, pad, textWidth } from "#cli/style";
import { isTerminal, terminalWidth } from "#cli/terminal";

export interface TableLayout {
  /** Columns whose cells stand at their right. */
  readonly right?: readonly number[];
  /** Columns that may be shortened, and to how many columns of the terminal at least. */
  readonly least?: Readonly<Record<number, number>>;
  readonly indent?: string;
  /** Where the last column has no room at all, it and what may be shortened stand on a line of their own. */
  readonly stacked?: boolean;
}

type Rows = readonly (readonly string[])[];

const GAP = 2;
/** What the last column should have, so that its words say something, and what it must have. */
const GOOD = 24;
const ENOUGH = 16;
/** With less it is left out. */
const LEAST = 5;

/** A table's lines for stdout. */
export function fittedTable(rows: Rows, layout: TableLayout = {}): string[] {
  return isTerminal(1)
    ? fitTable(rows, layout, terminalWidth())
    : formatTable(rows, layout.right).map((line) => (layout.indent ?? "") + line);
}

/** A table's lines, none of them wider than `width`. */
export function fitTable(
  rows: Rows,
  { right = [], least = {}, indent = "", stacked = false }: TableLayout,
  width: number,
) {
  const last = Math.max(0, ...rows.map((row) => row.length - 1));
  const widths = Array.from({ length: last + 1 }, (_, i) => Math.max(0, ...rows.map((row) => textWidth(row[i] ?? ""))));
  const room = () => width - indent.length - widths.slice(0, last).reduce((sum, columns) => sum + columns + GAP, 0);
  const wish = Math.min(widths[last] ?? 0, GOOD);
  for (const [column, smallest] of Object.entries(least)) {
    const now = widths[Number(column)] ?? 0;
    widths[Number(column)] = Math.min(now, Math.max(smallest, now - Math.max(0, wish - room())));
  }
  const cell = (row: readonly string[], i: number) => cut(row[i] ?? "", widths[i] ?? 0);
  if (stacked && room() < Math.min(wish, ENOUGH)) {
    const below = new Set([...Object.keys(least).map(Number), last]);
    const above = rows.map((row) => row.filter((_, i) => !below.has(i)));
    const shift = right.filter((i) => !below.has(i)).map((i) => i - [...below].filter((other) => other < i).length);
    const second = (row: readonly string[]) =>
      row.flatMap((text, i) => (below.has(i) ? [i === last ? text : cell(row, i)] : [])).join(" ".repeat(GAP));
    return formatTable(above, shift).flatMap((line, i) => [
      cut(indent + line, width),
      cut(`${indent}    ${second(rows[i] ?? [])}`, width),
    ]);
  }
  // A sign that something is cut off is no content.
  if (room() < Math.min(wish, LEAST)) {
    const others = rows.map((row) => row.slice(0, last).map((_, i) => cell(row, i)));
    return formatTable(others, right).map((line) => cut(indent + line, width));
  }
  return rows.map((row) => {
    const cells = row.map((text, i) => (i === last ? text : pad(cell(row, i), widths[i] ?? 0, right.includes(i))));
    return cut(indent + cells.join(" ".repeat(GAP)).trimEnd(), width);
  });
}
