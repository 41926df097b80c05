// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** States of the past that were made elsewhere: recorded in a root as if they had been live in it, so that they can be gone back to. */
import { putSmall } from "#store/put";
import { sha256Hex } from "#sys/sha256";
import { syncFileSystem } from "#sys/sync";
import { arrive, type Bring, writePackages } from "#transition/arrive";
import { changeOf, mergeState, type Selection } from "#transition/change";
import type { Listener } from "#transition/events";
import { fault } from "#transition/fault";
import { arrivalOf } from "#transition/journal";
import type { MossRoot } from "#transition/root";
import { COUNTERS, NODES, SELECTIONS, STATES, type StateRecord, TEXTS } from "#transition/schema";
import { changeSelections } from "#transition/selections";
import { TreeSource } from "#transition/source";
import { checkTop } from "#transition/staging";

export interface PastState {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly summary: string;
  readonly command: string;
  readonly systemModel: string;
  readonly selections: readonly Selection[];
}

/** Name of the counter that says up to which number states may be of the past. */
const PAST = "past";

/** The highest number that states of the past may have; 0 where none was reserved. */
export function reservedPast(root: MossRoot): number {
  return root.exists ? root.view((tx) => tx.bucket(COUNTERS).get(PAST) ?? 0) : 0;
}

/** Keeps the numbers up to `last` for states of the past: new states get higher ones. The lock must be held. */
export function reservePast(root: MossRoot, last: number): void {
  root.database.update((tx) => {
    const counters = tx.bucket(COUNTERS);
    counters.set(PAST, Math.max(counters.get(PAST) ?? 0, last));
    counters.set("state", Math.max(counters.get("state") ?? 0, last));
  });
}

/**
 * Records a state, in one commit after its files are on the disk; no tree of it is written. `near` is a recorded state that
 * it is much like. The lock must be held and nothing pending. Throws tree.* failures and what `bring` throws.
 */
export async function recordPast(
  root: MossRoot,
  past: PastState,
  near: StateRecord,
  bring: Bring,
  onEvent: Listener,
): Promise<StateRecord> {
  const arrival = arrivalOf(root, 0);
  const ids = past.selections.map(({ id }) => id);
  const arrived = await arrive(root, ids, bring, arrival, onEvent).catch((error: unknown) => {
    arrival.discard();
    throw error;
  });
  const { state, merged, selections } = root.view((tx) => {
    const source = new TreeSource(tx, new Map([...arrived.values()].flatMap((item) => [...item.attributes])));
    const change = changeOf(tx, near, past, arrived);
    const selections = changeSelections(tx, near.selections, near.packages, change.removed, change.added);
    const merged = mergeState(tx, source, [root.store], near, change, arrived);
    if (merged.fresh !== undefined) putSmall(root.store, merged.fresh.node, merged.fresh.text);
    checkTop(source, merged.tree);
    const state: StateRecord = {
      id: past.id,
      created: past.created,
      summary: past.summary,
      command: past.command,
      tree: { key: merged.tree.key, content: merged.tree.content },
      links: merged.tree.links,
      packages: selections.count,
      selections: selections.parts,
      systemModel: sha256Hex(past.systemModel),
      osRelease: merged.osRelease,
    };
    return { state, merged, selections };
  });
  // The names in the store must be on the disk before a state needs them.
  syncFileSystem(root.store);
  root.database.update((tx) => {
    writePackages(tx, arrived);
    for (const [key, node] of merged.tree.nodes) tx.bucket(NODES).set(key, node);
    for (const [key, part] of selections.fresh) tx.bucket(SELECTIONS).set(key, part);
    tx.bucket(TEXTS).set(state.systemModel, past.systemModel);
    if (merged.fresh !== undefined) tx.bucket(TEXTS).set(merged.fresh.node.sha256, merged.fresh.text);
    tx.bucket(STATES).set(state.id, state);
  });
  fault("committed");
  return state;
}
