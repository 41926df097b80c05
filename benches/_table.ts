// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Parts of benches: the table at the end, which is also what goes into RESULTS.md. */
import { cpus } from "node:os";
import { load } from "./_floor.ts";

export interface Row {
  readonly measure: string;
  /** Ours and the peer's, with their unit. */
  readonly ours: string;
  readonly peer?: string;
  readonly ratio?: number;
  /** What the ratio (or ours) is to be, in words. */
  readonly bound?: string;
  readonly ok?: boolean;
}

/** A row whose ratio is bounded. `faster`: the ratio is peer / ours and at least the bound, else ours / peer and at most. */
export function ratioRow(
  measure: string,
  ours: number,
  peer: number,
  bound: number | undefined,
  options: { readonly faster?: boolean; readonly unit?: string; readonly digits?: number } = {},
): Row {
  const { faster = false, unit = "ms", digits = 0 } = options;
  const ratio = faster ? peer / ours : ours / peer;
  const row = { measure, ours: `${ours.toFixed(digits)} ${unit}`, peer: `${peer.toFixed(digits)} ${unit}`, ratio };
  if (bound === undefined) return row;
  const ok = faster ? ratio >= bound : ratio <= bound;
  return { ...row, bound: `${faster ? "≥" : "≤"} ${bound}x`, ok };
}

/** A row of a figure that is bounded itself. */
export function boundRow(measure: string, ours: number, most: number, unit: string, digits = 1): Row {
  return { measure, ours: `${ours.toFixed(digits)} ${unit}`, bound: `≤ ${most} ${unit}`, ok: ours <= most };
}

/** Prints a table in Markdown; ends with 1 where a bound is missed. */
export function report(name: string, command: string, rows: readonly Row[]): void {
  const head = ["measure", "ours", "peer", "ratio", "bound", ""];
  const ratioText = ({ ratio }: Row) =>
    ratio === undefined ? "" : `${ratio < 0.1 ? ratio.toFixed(4) : ratio.toFixed(2)}x`;
  const verdict = ({ ok }: Row) => (ok === undefined ? "" : ok ? "ok" : "MISSED");
  const cells = rows.map((row) => [
    row.measure,
    row.ours,
    row.peer ?? "",
    ratioText(row),
    row.bound ?? "",
    verdict(row),
  ]);
  const widths = head.map((text, i) => Math.max(text.length, 3, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (texts: readonly string[]) => `| ${texts.map((text, i) => text.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const date = new Date().toISOString().slice(0, 16).replace("T", " ");
  const lines = [
    `## ${name}`,
    "",
    `\`${command}\`, ${date} UTC, ${cpus().length} × ${cpus()[0]?.model ?? "?"}, load at the end ${load()}`,
    "",
    line(head),
    line(widths.map((width) => "-".repeat(width))),
    ...cells.map(line),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  if (rows.some(({ ok }) => ok === false)) process.exitCode = 1;
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
