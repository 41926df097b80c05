// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Removing states, in two phases: the journal says which go; boot entries go first; then one commit drops the states and
 * all that only they need from the database; what the store no longer needs is swept last, which can always be done later.
 */
import type { WriteTransaction } from "#moss-db/index";
import type { Listener } from "#transition/events";
import { fault } from "#transition/fault";
import { recover } from "#transition/recover";
import { liveState } from "#transition/refusals";
import { finishRemoval, type RemovalOptions, type RemovalResult } from "#transition/removal";
import { activeState, type MossRoot, unknownState } from "#transition/root";
import { COUNTERS, CURRENT, JOURNAL, type JournalRecord, STATES, type StateRecord } from "#transition/schema";

export interface RemoveOptions extends RemovalOptions {
  readonly command: string;
  /** Milliseconds to wait for another writer. */
  readonly wait?: number;
}

export interface RemoveResult extends RemovalResult {
  readonly states: readonly StateRecord[];
}

/** What `state prune` keeps. */
export interface PrunePolicy {
  /** Number of states that stay, the live one among them; at least 1. */
  readonly keep: number;
  /** Also counts states younger than the live one among those that may go. */
  readonly includeNewer?: boolean;
}

/** The states that a policy lets go, the oldest first. */
export function prunable(root: MossRoot, policy: PrunePolicy): StateRecord[] {
  const active = root.active();
  if (active === undefined) return [];
  const others = root.states().filter(({ id }) => id !== active.id && (policy.includeNewer === true || id < active.id));
  return others.slice(Math.max(0, policy.keep - 1)).reverse();
}

/** Removes states. Throws state.unknown, state.active. */
export async function removeStates(
  root: MossRoot,
  ids: readonly number[],
  options: RemoveOptions,
  onEvent: Listener = () => {},
): Promise<RemoveResult> {
  using _lock = root.locked ? undefined : root.lock({ command: options.command, wait: options.wait ?? 0 });
  await recover(root, {}, onEvent, options);
  const states = root.database.update((tx) => {
    const active = activeState(root, tx)?.id;
    const found = [...new Set(ids)].map((id) => {
      const state = tx.bucket(STATES).get(id);
      if (state === undefined) throw unknownState(id);
      if (id === active) throw liveState(id);
      return state;
    });
    if (found.length > 0) tx.bucket(JOURNAL).set(CURRENT, journalOf(tx, found, options.command));
    return found;
  });
  if (states.length === 0) return { states, packages: 0, trees: 0, assets: 0, bytes: 0, held: 0 };
  fault("prune-begun");
  return { ...(await finishRemoval(root, options, onEvent)), states };
}

function journalOf(tx: WriteTransaction, states: readonly StateRecord[], command: string): JournalRecord {
  const counter = (tx.bucket(COUNTERS).get("transition") ?? 0) + 1;
  tx.bucket(COUNTERS).set("transition", counter);
  return {
    kind: "prune",
    phase: "prune",
    transition: counter,
    state: 0,
    created: false,
    before: 0,
    place: "",
    removing: states.map(({ id }) => id),
    started: Date.now(),
    command,
  };
}
