// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What differs between two states. */
import { compareText } from "#base/order";
import type { MossRoot } from "#transition/root";
import type { StatePackage } from "#transition/schema";
import { diffSelections } from "#transition/selections";
import { TreeSource } from "#transition/source";
import { changedPaths, type PathChanges } from "#tree/diff";

export interface StateDiff {
  readonly added: readonly StatePackage[];
  readonly removed: readonly StatePackage[];
  /** Another build of the same name. */
  readonly changed: readonly { readonly before: StatePackage; readonly after: StatePackage }[];
  readonly paths: PathChanges;
}

/** Packages and paths that differ from one state to another. Throws state.unknown. */
export function diffStates(root: MossRoot, before: number, after: number): StateDiff {
  const a = root.state(before);
  const b = root.state(after);
  return root.view((tx) => {
    const { removed, added } = diffSelections(tx, a.selections, b.selections);
    const gone = new Map(removed.map((item) => [item.name, item]));
    const changed = added.flatMap((now) => {
      const old = gone.get(now.name);
      return old === undefined ? [] : [{ before: old, after: now }];
    });
    const both = new Set(changed.map(({ after: { name } }) => name));
    return {
      added: added.filter(({ name }) => !both.has(name)),
      removed: removed.filter(({ name }) => !both.has(name)),
      changed: changed.sort((x, y) => compareText(x.after.name, y.after.name)),
      paths: changedPaths(new TreeSource(tx), a.tree, b.tree),
    };
  });
}
