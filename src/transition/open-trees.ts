// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The trees on disk as one view of the database names them, each opened once: an exchange moves it, and by `held` it is still found. */
import { closeSync, constants, existsSync, fstatSync, openSync, statSync } from "node:fs";
import type { ReadTransaction } from "#moss-db/index";
import { activeState } from "#transition/live";
import type { MossRoot } from "#transition/root";
import { LIVE, STATES, TEXTS, TREES } from "#transition/schema";
import type { TreeToCheck } from "#transition/verify-tree";

export interface OpenTree extends TreeToCheck {
  /** Which tree it is, wherever it stands: the inode of its `usr`, and the state that it is of. */
  readonly key: string;
  /** A path of its `usr` that leads to it wherever it is moved. Each look costs 3 µs more than by `usr`. */
  readonly held: string;
  /** Does `usr` lead to it still? */
  readonly stands: () => boolean;
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
    if (fd === undefined) return { usr, held: usr, inode: "none", stands: () => inodeOf(usr) === undefined };
    opened.push(fd);
    const held = `/proc/self/fd/${fd}`;
    const inode = String(fstatSync(fd, { bigint: true }).ino);
    // Where there is no /proc the path must do: what moves under it is looked at again.
    return { usr, held: existsSync(held) ? held : usr, inode, stands: () => inodeOf(usr) === inode };
  };
  const list: OpenTree[] = [];
  const model = (state: number) => {
    const text = tx.bucket(STATES).get(state)?.systemModel;
    return text === undefined ? undefined : tx.bucket(TEXTS).get(text);
  };
  const { inode, ...live } = open(root.usr);
  const active = activeState({ usr: live.held }, tx);
  if (active !== undefined) {
    const generated = { state: active.id, systemModel: model(active.id) ?? "" };
    list.push({ place: LIVE, key: `${inode} ${active.id}`, ...live, tree: active.tree, generated });
  }
  for (const [place, { state, tree }] of everything ? tx.bucket(TREES).entries() : []) {
    const systemModel = model(state);
    // A spare that an undone transition left is of a state that never was; its like is not needed.
    if (place === LIVE || systemModel === undefined) continue;
    const { inode, ...opened } = open(root.treePath(place));
    list.push({ place, key: `${inode} ${state}`, ...opened, tree, generated: { state, systemModel } });
  }
  return {
    list,
    [Symbol.dispose]: () => {
      for (const fd of opened) closeSync(fd);
    },
  };
}

function inodeOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : String(found.ino);
}

/** Undefined for what is not there, or is no directory: then its path says so. */
function openDirectory(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return undefined;
  }
}
