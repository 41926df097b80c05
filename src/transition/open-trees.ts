// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The trees on disk as one view of the database names them, each opened once: an exchange moves it, and it stays the one that is read. */
import { closeSync, constants, existsSync, fstatSync, openSync } from "node:fs";
import type { ReadTransaction } from "#moss-db/index";
import { activeState } from "#transition/live";
import type { MossRoot } from "#transition/root";
import { LIVE, STATES, TEXTS, TREES } from "#transition/schema";
import type { TreeToCheck } from "#transition/verify-tree";

export interface OpenTree extends TreeToCheck {
  /** Which tree it is, wherever it stands: the inode of its `usr`, and the state that it is of. */
  readonly key: string;
}

export interface OpenTrees extends Disposable {
  /** The live one first. */
  readonly list: readonly OpenTree[];
}

/**
 * Opens the trees; without `everything` the live one only. What a tree should be is told by its state, whatever its record says.
 * Paths of `list` are good until it is disposed of.
 */
export function openTrees(root: MossRoot, tx: ReadTransaction, everything: boolean): OpenTrees {
  const opened: number[] = [];
  const open = (usr: string) => {
    const fd = openDirectory(usr);
    if (fd === undefined) return { usr, inode: "none" };
    opened.push(fd);
    const held = `/proc/self/fd/${fd}`;
    // Where there is no /proc the path must do: what moves under it is looked at again.
    return { usr: existsSync(held) ? held : usr, inode: String(fstatSync(fd, { bigint: true }).ino) };
  };
  const list: OpenTree[] = [];
  const model = (state: number) => {
    const text = tx.bucket(STATES).get(state)?.systemModel;
    return text === undefined ? undefined : tx.bucket(TEXTS).get(text);
  };
  const { usr, inode } = open(root.usr);
  const active = activeState({ usr }, tx);
  if (active !== undefined) {
    const generated = { state: active.id, systemModel: model(active.id) ?? "" };
    list.push({ place: LIVE, key: `${inode} ${active.id}`, usr, tree: active.tree, generated });
  }
  for (const [place, { state, tree }] of everything ? tx.bucket(TREES).entries() : []) {
    const systemModel = model(state);
    // A spare that an undone transition left is of a state that never was; its like is not needed.
    if (place === LIVE || systemModel === undefined) continue;
    const { usr, inode } = open(root.treePath(place));
    list.push({ place, key: `${inode} ${state}`, usr, tree, generated: { state, systemModel } });
  }
  return {
    list,
    [Symbol.dispose]: () => {
      for (const fd of opened) closeSync(fd);
    },
  };
}

/** Undefined for what is not there, or is no directory: then its path says so. */
function openDirectory(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return undefined;
  }
}
