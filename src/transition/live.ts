// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Which state is live: /usr itself says so, and where it does not, the database says which one it should be. */
import { readFileSync, statSync } from "node:fs";
import type { ReadTransaction } from "#moss-db/index";
import { CURRENT, JOURNAL, LIVE, STATES, type StateRecord, TREES } from "#transition/schema";

interface Usr {
  /** Path of the live tree. */
  readonly usr: string;
}

/** The live state as a transaction sees it; the one recorded as live where /usr does not say. */
export function activeState(root: Usr, tx: ReadTransaction): StateRecord | undefined {
  const shown = shownState(root, tx);
  if (shown !== undefined) return shown;
  const live = tx.bucket(TREES).get(LIVE);
  return live === undefined ? undefined : tx.bucket(STATES).get(live.state);
}

/** The state that /usr is of, by its inode or by what it says of itself; undefined where that is no state of the database. */
export function shownState(root: Usr, tx: ReadTransaction): StateRecord | undefined {
  const stat = statSync(root.usr, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const inode = String(stat.ino);
  const trees = [tx.bucket(TREES).get(LIVE), tx.bucket(JOURNAL).get(CURRENT)?.staged];
  // An inode that is not known is of a root that was copied or restored.
  const id = trees.find((tree) => tree?.inode === inode)?.state ?? writtenState(root.usr);
  return id === undefined ? undefined : tx.bucket(STATES).get(id);
}

/** The state that a tree says it is of; undefined where it does not say. */
export function writtenState(usr: string): number | undefined {
  try {
    const text = readFileSync(`${usr}/.stateID`, "utf8").trim();
    return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}
