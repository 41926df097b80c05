// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From the live state to a new one, by a list of packages or a change of it; crash-safe (docs/decisions/0003). */
import { statSync } from "node:fs";
import { Failure } from "#base/errors";
import type { PackageId } from "#model/package";
import type { Arrival } from "#store/arrival";
import { warmUp } from "#store/builders";
import { putArriving, putSmall } from "#store/put";
import { SyncBeside } from "#store/sync-beside";
import { sha256Hex } from "#sys/sha256";
import { admit, type Bring, unpackMissing, writePackages } from "#transition/arrive";
import {
  type Arrived,
  changeOf,
  type FreshFile,
  type MergedState,
  mergeState,
  type PackageChange,
  type Wanted,
} from "#transition/change";
import { checkRoot } from "#transition/checks";
import { type CopiedState, copyState, makeKnown, unlessMissing } from "#transition/copy-state";
import { type Listener, Stopwatch, type Timings } from "#transition/events";
import { fault } from "#transition/fault";
import type { Hooks } from "#transition/hooks";
import { arrivalOf, type Begun, begin, commitStaged, exchange, settle, takeBack, undo } from "#transition/journal";
import { hasAfter, recover, runAfter } from "#transition/recover";
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
import { TreeSource } from "#transition/source";
import { ensureSpare } from "#transition/spare";
import { buildTree, checkTop, chooseSpare, patchTree, type Target } from "#transition/staging";
import { type ChangeCounts, changedPaths, countChanges } from "#tree/diff";
import { emptyTree } from "#tree/merge";

export type { Selection, Wanted } from "#transition/change";

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

export interface ApplyResult {
  readonly state: StateRecord;
  /** The state that was live before; 0 where there was none. */
  readonly before: number;
  /** False where nothing differs from the live state, and so no new state was made. */
  readonly made: boolean;
  readonly changes: ChangeCounts;
  readonly timings: Timings;
}

/** Packages of a first state from which on its tree is large enough for more than one thread. */
const MANY = 20;

/** What a state is made of, before it is written. */
interface NewState {
  readonly active: StateRecord | undefined;
  readonly change: PackageChange;
  readonly selections: ChangedSelections;
  readonly merged: MergedState;
}

/**
 * Makes a new state and makes it live. Takes the lock unless the root holds it already. Throws root.*, tree.*, stone.*, store.* and
 * disk.full failures; until the exchange, a failure leaves the old state as it was.
 */
export async function apply(root: MossRoot, request: ApplyRequest, onEvent: Listener = () => {}): Promise<ApplyResult> {
  const watch = new Stopwatch();
  using _lock = root.locked ? undefined : root.lock({ command: request.command, wait: request.wait ?? 0 });
  const hooks = request.hooks ?? {};
  await recover(root, hooks, onEvent);
  const active = root.active();
  checkRoot(root.directory, request.takeOver === true || root.states().length > 0);
  if (request.base !== undefined && request.base !== (active?.id ?? 0)) {
    throw new Failure(
      "root.busy",
      `Cannot change the root "${root.directory}": the live state is ${active?.id ?? 0} by now, expected ${request.base}`,
      {
        hint: "Another command was faster; run yours again.",
      },
    );
  }
  watch.lap("recover");
  const ids = ("selections" in request ? request.selections : request.add).map(({ id }) => id);
  if (active === undefined && ids.length >= MANY) warmUp();
  const begun = begin(root, "apply", request.command, (list) => chooseSpare(list));
  watch.lap("commit");
  let journal = begun.journal;
  using disk = new SyncBeside();
  const arrival = arrivalOf(root, journal.transition);
  try {
    const copied = active === undefined ? copyState(root, ids) : undefined;
    if (copied !== undefined) watch.lap("merge");
    let arrived: Arrived = copied?.arrived ?? new Map();
    let staged =
      copied === undefined
        ? undefined
        : unlessMissing(() => stage(root, request, begun, arrival, arrived, watch, onEvent, copied));
    if (staged === undefined) {
      arrived = await unpackMissing(root, ids, request.stones, arrival, disk, onEvent);
      // In a shared store another root may have the same file by then, and then this one is not kept: nothing may link to it.
      if (root.shared) admit(arrival, disk);
      watch.lap("unpack");
      onEvent({ kind: "phase", phase: "merge" });
      staged = stage(root, request, begun, arrival, arrived, watch, onEvent);
    }
    if (staged === undefined) {
      undo(root, journal, begun.spare);
      if (active === undefined) throw new Error("an empty state is a state");
      return {
        state: active,
        before: active.id,
        made: false,
        changes: { added: 0, removed: 0, changed: 0 },
        timings: watch.timings,
      };
    }
    if (hooks.transactionTriggers !== undefined) {
      onEvent({ kind: "phase", phase: "triggers" });
      await hooks.transactionTriggers({
        directory: root.directory,
        usr: root.treePath(journal.place),
        state: journal.state,
        before: journal.before,
        changes: root.view((tx) => {
          const source = new TreeSource(tx);
          source.know(staged.merged.tree.nodes);
          return changedPaths(source, staged.active?.tree ?? emptyRoot(source), staged.state.tree);
        }),
      });
      watch.lap("triggers");
    }
    onEvent({ kind: "phase", phase: "sync" });
    admit(arrival, disk);
    journal = commitSynced(root, request, journal, staged, arrived, disk, watch);
    onEvent({ kind: "phase", phase: "exchange" });
    exchange(root, journal.place);
    watch.lap("exchange");
    settle(root, journal, hasAfter(hooks));
    watch.lap("commit");
    await runAfter(root, journal, hooks, onEvent);
    watch.lap("hooks");
    // A root that is never changed again need not pay for changes: the first of them makes the first spare.
    if (journal.before !== 0) ensureSpare(root, onEvent);
    watch.lap("spare");
    return { state: staged.state, before: journal.before, made: true, changes: staged.changes, timings: watch.timings };
  } catch (error) {
    throw takeBack(root, begun, error, `change the root "${root.directory}"`);
  }
}

interface Staged extends NewState {
  readonly state: StateRecord;
  readonly changes: ChangeCounts;
  readonly tree: TreeRecord;
}

function stage(
  root: MossRoot,
  request: ApplyRequest,
  begun: Begun,
  arrival: Arrival,
  arrived: Arrived,
  watch: Stopwatch,
  onEvent: Listener,
  copied?: CopiedState,
): Staged | undefined {
  const { journal, spare } = begun;
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
      id: journal.state,
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
    const changes = countChanges(source, active?.tree ?? emptyRoot(source), state.tree);
    watch.lap("merge");
    onEvent({ kind: "phase", phase: "stage" });
    const target: Target = {
      tree: state.tree,
      generated: { state: state.id, systemModel: request.systemModel },
      transition: journal.transition,
      arrival,
    };
    fault("merged");
    begun.touched = true;
    let doubt = "there is no spare tree";
    let tree: TreeRecord | undefined;
    if (spare !== undefined) {
      const patched = patchTree(root, source, spare, target, watch);
      if ("tree" in patched) tree = patched.tree;
      else doubt = patched.doubt;
    }
    if (tree === undefined) {
      onEvent({ kind: "full-build", reason: doubt });
      tree = buildTree(root, source, journal.place, target, onEvent);
      watch.lap("link");
    }
    fault("staged");
    return { active, change, selections, merged, state, changes, tree };
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

function emptyRoot(source: TreeSource) {
  const empty = emptyTree();
  source.know(empty.nodes);
  return empty;
}

/** Folders of the file systems that hold the tree and the store. */
function toSync(root: MossRoot): string[] {
  const apart = root.shared && statSync(root.store).dev !== statSync(root.trees).dev;
  return apart ? [root.trees, root.store] : [root.trees];
}

/** While the disk is waited for, the commit is prepared; nothing of it is written before all that it names is on the disk. */
function commitSynced(
  root: MossRoot,
  request: ApplyRequest,
  begun: JournalRecord,
  staged: Staged,
  arrived: Arrived,
  disk: SyncBeside,
  watch: Stopwatch,
): JournalRecord {
  disk.begin(toSync(root));
  watch.lap("sync");
  const journal = commit(root, request, begun, staged, arrived, () => {
    watch.lap("commit");
    disk.finish();
    fault("synced");
    watch.lap("sync");
  });
  watch.lap("commit");
  return journal;
}

/** One commit: packages, nodes, the state, and that the exchange may happen from now on. `synced` comes right before it. */
function commit(
  root: MossRoot,
  request: ApplyRequest,
  begun: JournalRecord,
  staged: Staged,
  arrived: Arrived,
  synced: () => void,
): JournalRecord {
  return commitStaged(root, begun, staged.tree, (tx) => {
    writePackages(tx, arrived);
    const nodes = tx.bucket(NODES);
    for (const [key, node] of staged.merged.tree.nodes) nodes.set(key, node);
    for (const [key, part] of staged.selections.fresh) tx.bucket(SELECTIONS).set(key, part);
    tx.bucket(TEXTS).set(staged.state.systemModel, request.systemModel);
    const { fresh } = staged.merged;
    if (fresh !== undefined) tx.bucket(TEXTS).set(fresh.node.sha256, fresh.text);
    tx.bucket(STATES).set(staged.state.id, staged.state);
    synced();
  });
}
