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
import { type Begun, begin, commitStaged, exchange, settle, takeBack } from "#transition/journal";
import { hasAfter, recover, runAfter } from "#transition/recover";
import { activeState, type MossRoot } from "#transition/root";
import { type StateRecord, TEXTS, type TreeRecord } from "#transition/schema";
import { TreeSource } from "#transition/source";
import { ensureSpare } from "#transition/spare";
import { buildTree, chooseSpare, patchTree } from "#transition/staging";
import { type ChangeCounts, countChanges, diffTrees } from "#tree/diff";
import type { RootRef } from "#tree/entry";
import { emptyTree } from "#tree/merge";

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
    onEvent({ kind: "phase", phase: "exchange" });
    exchange(root, journal.place);
    watch.lap("exchange");
    settle(root, journal, hasAfter(hooks));
    watch.lap("commit");
    await runAfter(root, journal, hooks, onEvent);
    watch.lap("hooks");
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
  const { journal, spare } = begun;
  return root.view((tx) => {
    const source = new TreeSource(tx);
    source.know(emptyTree().nodes);
    const live: RootRef = activeState(root, tx)?.tree ?? emptyTree();
    const differences = [...diffTrees(source, live, state.tree)];
    const changes = countChanges(source, differences);
    const systemModel = tx.bucket(TEXTS).get(state.systemModel) ?? "";
    const target = {
      tree: state.tree,
      generated: { state: state.id, systemModel },
      transition: journal.transition,
    };
    onEvent({ kind: "phase", phase: "stage" });
    begun.touched = true;
    const tellDamaged = () => {
      const files = [...damagedFiles(root.treePath(journal.place), source, differences)];
      if (files.length > 0) onEvent({ kind: "damaged", files });
      watch.lap("check");
    };
    let reason = "there is no spare tree";
    if (spare !== undefined) {
      // A tree that already is the state's has nothing to change, but must be right where it differs from the live one.
      const patched = patchTree(
        root,
        source,
        spare,
        target,
        watch,
        differences.map(({ path }) => path),
      );
      if ("tree" in patched) {
        tellDamaged();
        return { tree: patched.tree, changes };
      }
      reason = patched.doubt;
    }
    onEvent({ kind: "full-build", reason });
    const tree = buildTree(root, source, journal.place, target, onEvent);
    watch.lap("link");
    tellDamaged();
    return { tree, changes };
  });
}
