// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Names that people give to states. */
import { type MossRoot, unknownState } from "#transition/root";
import { STATES, type StateRecord } from "#transition/schema";

/** Gives a state a label, or takes it away where the text is empty. Throws state.unknown, root.busy. */
export function labelState(
  root: MossRoot,
  id: number,
  label: string,
  options: { readonly command: string; readonly wait?: number },
): StateRecord {
  using _lock = root.locked ? undefined : root.lock({ command: options.command, wait: options.wait ?? 0 });
  return root.database.update((tx) => {
    const state = tx.bucket(STATES).get(id);
    if (state === undefined) throw unknownState(id);
    const { label: _, ...rest } = state;
    const labelled = label === "" ? rest : { ...rest, label };
    tx.bucket(STATES).set(id, labelled);
    return labelled;
  });
}
