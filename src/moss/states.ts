// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Choosing among the states of a root. */
import { Failure } from "#base/errors";
import type { MossRoot } from "#transition/root";
import type { StatePackage, StateRecord } from "#transition/schema";
import { diffSelections } from "#transition/selections";

/** The state that a rollback leads to: the youngest that is older than the live one. Throws state.unknown. */
export function rollbackTarget(root: MossRoot): StateRecord {
  const active = root.active();
  const older = root.states().find(({ id }) => active !== undefined && id < active.id);
  if (older !== undefined) return older;
  const found = active === undefined ? "no state is live" : `no state is older than ${active.id}, which is live`;
  throw new Failure("state.unknown", `Cannot roll back the root "${root.directory}": ${found}`, {
    hint: '"moss state list" shows the states that there are.',
  });
}

/** Packages that came and went from one state to another; of a changed one both builds. Reads no trees. */
export function packageChanges(
  root: MossRoot,
  before: StateRecord | undefined,
  after: StateRecord,
): { readonly removed: readonly StatePackage[]; readonly added: readonly StatePackage[] } {
  return root.view((tx) => diffSelections(tx, before?.selections ?? {}, after.selections));
}

/** Ids of words like `3` and `5-8`; of a range, those that there are. Throws `usage` and state.unknown. */
export function statesOf(root: MossRoot, words: readonly string[]): number[] {
  const known = root.states().map(({ id }) => id);
  const ids = new Set<number>();
  for (const word of words) {
    const [, first, last] = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(word) ?? [];
    if (first === undefined || Number(last ?? first) < Number(first)) {
      throw new Failure("usage", `Cannot use "${word}" as states: expected a number, or a range such as 3-7`);
    }
    if (last === undefined) ids.add(root.state(Number(first)).id);
    for (const id of known) if (last !== undefined && id >= Number(first) && id <= Number(last)) ids.add(id);
  }
  return [...ids].sort((a, b) => a - b);
}
