// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The runtime's pages that our programs touch, as hot-pages.txt lists them: for one build of the runtime on one architecture, which its
 * build id names. `record.ts` writes the list.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildIdOf, isConstant, layOut, PAGE, type Run, segmentsOf } from "./elf.ts";

export const LIST = join(import.meta.dir, "hot-pages.txt");
/**
 * Pages that nobody needs between two that somebody does, and that are taken along: fewer runs are fewer mappings to make
 * at every start, 0.5 µs each, and more bytes to read, 2 µs a page, at the first.
 */
const GAP = 16;

/** The list's build id, and its runs in the order of their first use. */
export function parseHotPages(text: string): { buildId: string; runs: Run[] } {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const [buildId = "", ...rest] = lines;
  const runs = rest.map((line) => {
    const [first = Number.NaN, count = Number.NaN] = line.split(" ").map(Number);
    return { first, count };
  });
  return { buildId, runs };
}

/** Runs of the pages that were touched, which come in the order of their first use. */
export function runsOf(file: Buffer, touched: readonly number[]): Run[] {
  const rank = new Map<number, number>();
  for (const page of touched) if (!rank.has(page)) rank.set(page, rank.size);
  const borders = new Set(
    segmentsOf(file)
      .filter(isConstant)
      .map(({ offset }) => Math.floor(offset / PAGE)),
  );
  const runs: { first: number; count: number; rank: number }[] = [];
  for (const [page, at] of [...rank].toSorted(([a], [b]) => a - b)) {
    const last = runs.at(-1);
    const between = last === undefined ? Number.POSITIVE_INFINITY : page - (last.first + last.count);
    if (last === undefined || between > GAP || borders.has(page)) runs.push({ first: page, count: 1, rank: at });
    else {
      last.count = page - last.first + 1;
      last.rank = Math.min(last.rank, at);
    }
  }
  return runs.toSorted((a, b) => a.rank - b.rank).map(({ first, count }) => ({ first, count }));
}

/** The executable with hot pages first, or undefined where the list is for another runtime. */
export function withHotPagesFirst(file: Buffer): Buffer | undefined {
  const { buildId, runs } = parseHotPages(readFileSync(LIST, "utf8"));
  return buildIdOf(file) === buildId ? layOut(file, runs) : undefined;
}
