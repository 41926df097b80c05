// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A mistake at a place of a text file, and how people are shown it. */
import type { Code } from "#base/errors";

/** A place in a text file. Line and column count from 1; columns count UTF-16 units. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Problem {
  readonly severity: "error" | "warning";
  readonly code: Code;
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string;
  readonly place: Place;
  /** Columns that the problem covers on its line, at least 1. */
  readonly width: number;
  /** The line itself. */
  readonly source: string;
}

/** Columns of a line that are shown; of longer ones the part around the problem. */
const SHOWN_COLUMNS = 160;

/** A problem for people: place and message, the line with a mark below it, the fix. */
export function formatProblem(problem: Problem): string {
  const { file, line, column } = problem.place;
  const number = String(line);
  const from = problem.source.length > SHOWN_COLUMNS ? Math.max(0, column - 1 - SHOWN_COLUMNS / 2) : 0;
  const source = problem.source.slice(from, from + SHOWN_COLUMNS);
  const pad = source.slice(0, column - 1 - from).replace(/[^\t]/g, " ");
  const width = Math.max(1, Math.min(problem.width, source.length - pad.length));
  const rows = [
    `${file}:${line}:${column}: ${problem.severity}: ${problem.message} [${problem.code}]`,
    `  ${number} | ${source}`,
    `  ${" ".repeat(number.length)} | ${pad}${"^".repeat(width)}`,
  ];
  if (problem.hint !== undefined) rows.push(`  fix: ${problem.hint}`);
  return rows.join("\n");
}
