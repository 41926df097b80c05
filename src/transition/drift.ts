// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Whether somebody else has changed a tree on disk. A tree's record keeps the spans of time in which moss wrote to it, by
 * the clock of the file system itself: a directory whose change time lies in none of them was changed by others. The
 * kernel sets the change time at every entry made, removed or renamed, and at every change of mode or owner, and offers
 * no way to set it back. So one small list for a tree stands for a table of all its directories.
 */
import { type BigIntStats, closeSync, fstatSync, lstatSync, openSync, rmSync } from "node:fs";
import { errnoCode } from "#base/errors";
import type { TreeRecord } from "#transition/schema";

export type Windows = TreeRecord["windows"];

/** Spans kept for a tree. Beyond it the two nearest are joined: a change between them would go unseen. */
const MAX_WINDOWS = 512;

/** The file system's time now, in nanoseconds: the change time of a file made in `folder`. */
export function fileSystemTime(folder: string): bigint {
  const path = `${folder}/.clock`;
  const fd = openSync(path, "w", 0o600);
  try {
    return fstatSync(fd, { bigint: true }).ctimeNs;
  } finally {
    closeSync(fd);
    rmSync(path, { force: true });
  }
}

/** True where the clock now is before a time at which moss wrote: a change by others may then lie in one of the spans. */
export function clockWentBack(windows: Windows, now: bigint): boolean {
  return windows.some(([, to]) => now < BigInt(to));
}

/** The windows of a tree after another span. Undefined where the clock went backwards in it: then nothing can be told. */
export function addWindow(windows: Windows, from: bigint, to: bigint): Windows | undefined {
  if (to < from) return undefined;
  const all = [...windows, [String(from), String(to)] as const];
  if (all.length <= MAX_WINDOWS) return all;
  const sorted = all.sort((a, b) => Number(BigInt(a[0]) - BigInt(b[0])));
  let at = 1;
  let best: bigint | undefined;
  for (let i = 1; i < sorted.length; i++) {
    const gap = BigInt(sorted[i]?.[0] ?? 0) - BigInt(sorted[i - 1]?.[1] ?? 0);
    if (best === undefined || gap < best) {
      best = gap;
      at = i;
    }
  }
  const start = sorted[at - 1]?.[0] ?? "0";
  const end = [sorted[at - 1]?.[1] ?? "0", sorted[at]?.[1] ?? "0"].reduce((a, b) => (BigInt(a) > BigInt(b) ? a : b));
  sorted.splice(at - 1, 2, [start, end]);
  return sorted;
}

/**
 * The first of `paths` (directories below `top`, "" for itself) that is not as moss left it, or undefined.
 * Of the top only its contents count: exchanging two trees changes the change time of what is exchanged.
 */
export function findDrift(top: string, tree: TreeRecord, paths: Iterable<string>): string | undefined {
  const windows = tree.windows.map(([from, to]) => [BigInt(from), BigInt(to)] as const);
  for (const path of paths) {
    const stat = look(path === "" ? top : `${top}/${path}`);
    if (stat?.isDirectory() !== true) return path;
    if (path === "" && String(stat.ino) !== tree.inode) return path;
    const time = path === "" ? stat.mtimeNs : stat.ctimeNs;
    if (!windows.some(([from, to]) => from <= time && time <= to)) return path;
  }
  return undefined;
}

/** Where others have put links in the way, such as one that leads to itself, nothing of ours is there. */
function look(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (errnoCode(error) === "ELOOP" || errnoCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}
