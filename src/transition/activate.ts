// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Making an earlier (or later) state the live one again: the same steps as for a new state, without a new one. */
import { Failure } from "#base/errors";
import { syncFileSystem } from "#sys/sync";
import { checkRoot } from "#transition/checks";
import { damagedFiles } from "#transition/damaged";
import { type Listener, Stopwatch, type Timings } from "#transition/events";
import { fault } from "#transition/fault";
import type { Hooks } from "#transition/hooks";
import { begin, commitStaged, takeBack } from "#transition/journal";
import { makeLive, recover } from "#transition/recover";
import { activeState, type MossRoot } from "#transition/root";
import { type StateRecord, TEXTS, type TreeRecord } from "#transition/schema";
import { emptyRoot, TreeSource } from "#transition/source";
import { ensureSpare } from "#transition/spare";
import { type Begun, chooseSpare, writeTree } from "#transition/staging";
import { type ChangeCounts, countChanges, diffTrees } from "#tree/diff";

export interface ActivateOptions {
  readonly command: string;
  readonly hooks?: Hooks;
  /** Milliseconds to wait for another writer. */
  readonly wait?: number;
  /** Builds the tree in full, even of the state that is live: what verify does to repair it. */
  readonly rebuild?: boolean;
}

export interface ActivateResult {
  readonly state: StateRecord;
  readonly before: number;
  readonly changes: ChangeCounts;
  readonly timings: Timings;
}

/** Makes a state live. Throws state.unknown, state.active, and what `apply` throws. */
export async function activate(
  root: MossRoot,
  id: number,
  options: ActivateOptions,
  onEvent: Listener = () => {},
): Promise<ActivateResult> {
  const watch = new Stopwatch();
  using _lock = root.locked ? undefined : root.lock({ command: options.command, wait: options.wait ?? 0 });
  const hooks = options.hooks ?? {};
  await recover(root, hooks, onEvent);
  const state = root.state(id);
  const active = root.active();
  if (active?.id === id && options.rebuild !== true) {
    throw new Failure("state.active", `Cannot activate the state "${id}": it is the live one already`);
  }
  checkRoot(root.directory, true);
  watch.lap("recover");
  const choose = options.rebuild === true ? () => undefined : chooseSpare;
  const begun = begin(root, "activate", options.command, (list) => choose(list, state.tree), id);
  watch.lap("commit");
  try {
    const { tree, changes } = stage(root, state, begun, watch, onEvent);
    onEvent({ kind: "phase", phase: "sync" });
    syncFileSystem(root.trees);
    fault("synced");
    watch.lap("sync");
    const journal = commitStaged(root, begun.journal, tree);
    watch.lap("commit");
    await makeLive(root, journal, hooks, watch, onEvent);
    ensureSpare(root, onEvent);
    watch.lap("spare");
    return { state, before: journal.before, changes, timings: watch.timings };
  } catch (error) {
    throw takeBack(root, begun, error, `activate the state "${id}"`);
  }
}

function stage(
  root: MossRoot,
  state: StateRecord,
  begun: Begun,
  watch: Stopwatch,
  onEvent: Listener,
): { readonly tree: TreeRecord; readonly changes: ChangeCounts } {
  const { journal } = begun;
  return root.view((tx) => {
    const source = new TreeSource(tx);
    const live = activeState(root, tx)?.tree ?? emptyRoot(source);
    const differences = [...diffTrees(source, live, state.tree)];
    const changes = countChanges(source, differences);
    const systemModel = tx.bucket(TEXTS).get(state.systemModel) ?? "";
    const target = {
      tree: state.tree,
      generated: { state: state.id, systemModel },
      transition: journal.transition,
    };
    onEvent({ kind: "phase", phase: "stage" });
    // A tree that already is the state's has nothing to change, but must be right where it differs from the live one.
    const differing = differences.map(({ path }) => path);
    const tree = writeTree(root, source, begun, target, watch, onEvent, differing);
    const files = [...damagedFiles(root.treePath(journal.place), source, differences)];
    if (files.length > 0) onEvent({ kind: "damaged", files });
    watch.lap("check");
    return { tree, changes };
  });
}
