// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The next state: worked out of the database and what has arrived, its tree written at its place, and its one commit. */
import { statSync } from "node:fs";
import type { PackageId } from "#model/package";
import type { Arrival } from "#store/arrival";
import { putArriving, putSmall } from "#store/put";
import type { SyncBeside } from "#store/sync-beside";
import { sha256Hex } from "#sys/sha256";
import { type Bring, writePackages } from "#transition/arrive";
import { type Arrived, changeOf, type FreshFile, type MergedState, mergeState, type Wanted } from "#transition/change";
import { type CopiedState, makeKnown } from "#transition/copy-state";
import type { Listener, Stopwatch } from "#transition/events";
import { fault } from "#transition/fault";
import type { Hooks } from "#transition/hooks";
import { commitStaged } from "#transition/journal";
import { activeState, type MossRoot } from "#transition/root";
import {
  type JournalRecord,
  NODES,
  SELECTIONS,
  STATES,
  type StateRecord,
  TEXTS,
  type TreeRecord,
} from "#transition/schema";
import { type ChangedSelections, changeSelections } from "#transition/selections";
import { emptyRoot, TreeSource } from "#transition/source";
import { type Begun, checkTop, type Target, writeTree } from "#transition/staging";
import { type ChangeCounts, countChanges, diffTrees } from "#tree/diff";

/** What a change of the live state is to be, and who asks for it. */
export type ApplyRequest = Wanted & {
  /** Stones of the packages that the database does not know yet, or what brings these from elsewhere. */
  readonly stones: ReadonlyMap<PackageId, string> | Bring;
  /** A few words for the list of states, such as "Install nano". */
  readonly summary: string;
  /** The command line, and who ran it. */
  readonly command: string;
  readonly user?: string;
  /** The text of usr/lib/system-model.kdl. */
  readonly systemModel: string;
  /** The state that the plan was made on (0: none); refused as root.busy where another is live by now. */
  readonly base?: number;
  /** True where the first state is to take the place of a /usr that moss did not write. */
  readonly takeOver?: boolean;
  readonly hooks?: Hooks;
  /** Milliseconds to wait for another writer. */
  readonly wait?: number;
};

/** A change under way: what each of its steps needs. */
export interface Work {
  readonly root: MossRoot;
  readonly request: ApplyRequest;
  readonly begun: Begun;
  /** Where what is unpacked lies until it is admitted to the store. */
  readonly arrival: Arrival;
  /** Waits for the disk meanwhile. */
  readonly disk: SyncBeside;
  readonly watch: Stopwatch;
  readonly onEvent: Listener;
}

/** A state whose tree is written, but that is recorded nowhere yet. */
export interface Staged {
  readonly active: StateRecord | undefined;
  readonly selections: ChangedSelections;
  readonly merged: MergedState;
  readonly state: StateRecord;
  readonly changes: ChangeCounts;
  readonly tree: TreeRecord;
}

/**
 * Works out the next state, from `copied` where another root has the same, and writes its tree. Undefined where nothing
 * changes. Throws tree.*, solver.conflict, store.missing and disk.full failures.
 */
export function stageState(work: Work, arrived: Arrived, copied?: CopiedState): Staged | undefined {
  const { root, request, begun, arrival, watch, onEvent } = work;
  const attributes = new Map([...arrived.values()].flatMap((item) => [...item.attributes]));
  return root.view((tx) => {
    const source = new TreeSource(tx, attributes);
    const active = activeState(root, tx);
    const change = changeOf(tx, active, request, arrived);
    if (active !== undefined && change.added.length + change.removed.length === 0) return undefined;
    const selections = changeSelections(
      tx,
      active?.selections ?? {},
      active?.packages ?? 0,
      change.removed,
      change.added,
    );
    const merged =
      copied === undefined
        ? mergeState(tx, source, storesOf(root, arrival), active, change, arrived)
        : makeKnown(source, copied);
    if (merged.fresh !== undefined) put(root, arrival, merged.fresh);
    checkTop(source, merged.tree);
    const state: StateRecord = {
      id: begun.journal.state,
      created: Date.now(),
      summary: request.summary,
      command: request.command,
      ...(request.user === undefined ? {} : { user: request.user }),
      tree: { key: merged.tree.key, content: merged.tree.content },
      links: merged.tree.links,
      packages: selections.count,
      selections: selections.parts,
      systemModel: sha256Hex(request.systemModel),
      osRelease: merged.osRelease,
    };
    const changes = countChanges(source, diffTrees(source, active?.tree ?? emptyRoot(source), state.tree));
    watch.lap("merge");
    onEvent({ kind: "phase", phase: "stage" });
    const target: Target = {
      tree: state.tree,
      generated: { state: state.id, systemModel: request.systemModel },
      transition: begun.journal.transition,
      arrival,
    };
    fault("merged");
    const tree = writeTree(root, source, begun, target, watch, onEvent);
    fault("staged");
    return { active, selections, merged, state, changes, tree };
  });
}

/** Where the files of a new state lie. */
function storesOf(root: MossRoot, arrival: Arrival): string[] {
  return arrival.opened ? [arrival.directory, root.store] : [root.store];
}

/** Durable at once where nothing else is to be admitted: while much is being written, that would wait for all of it. */
function put(root: MossRoot, arrival: Arrival, { node, text }: FreshFile): void {
  if (arrival.opened) putArriving(arrival, node, text);
  else putSmall(root.store, node, text);
}

/** Folders of the file systems that hold the tree and the store. */
function toSync(root: MossRoot): string[] {
  const apart = statSync(root.store).dev !== statSync(root.trees).dev;
  return apart ? [root.trees, root.store] : [root.trees];
}

/**
 * Records the state, in one commit, which also says that the exchange may happen from now on. While the disk is waited for
 * the commit is prepared; nothing of it is written before all that it names is on the disk.
 */
export function commitState(work: Work, staged: Staged, arrived: Arrived): JournalRecord {
  const { root, request, begun, disk, watch } = work;
  disk.begin(toSync(root));
  watch.lap("sync");
  const journal = commitStaged(root, begun.journal, staged.tree, (tx) => {
    writePackages(tx, arrived);
    const nodes = tx.bucket(NODES);
    for (const [key, node] of staged.merged.tree.nodes) nodes.set(key, node);
    for (const [key, part] of staged.selections.fresh) tx.bucket(SELECTIONS).set(key, part);
    tx.bucket(TEXTS).set(staged.state.systemModel, request.systemModel);
    const { fresh } = staged.merged;
    if (fresh !== undefined) tx.bucket(TEXTS).set(fresh.node.sha256, fresh.text);
    tx.bucket(STATES).set(staged.state.id, staged.state);
    watch.lap("commit");
    disk.finish();
    fault("synced");
    watch.lap("sync");
  });
  watch.lap("commit");
  return journal;
}
