// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From the live state to a new one, by a list of packages or a change of it; crash-safe (docs/decisions/0003). */
import { Failure } from "#base/errors";
import { warmUp } from "#store/builders";
import { SyncBeside } from "#store/sync-beside";
import { admit, unpackMissing } from "#transition/arrive";
import type { Arrived } from "#transition/change";
import { checkRoot } from "#transition/checks";
import { copyState, unlessMissing } from "#transition/copy-state";
import { type Listener, Stopwatch, type Timings } from "#transition/events";
import type { Hooks } from "#transition/hooks";
import { arrivalOf, begin, takeBack, undo } from "#transition/journal";
import { type ApplyRequest, commitState, type Staged, stageState, type Work } from "#transition/new-state";
import { makeLive, recover } from "#transition/recover";
import type { MossRoot } from "#transition/root";
import type { StateRecord } from "#transition/schema";
import { emptyRoot, TreeSource } from "#transition/source";
import { ensureSpare } from "#transition/spare";
import { chooseSpare } from "#transition/staging";
import { type ChangeCounts, changedPaths } from "#tree/diff";

export type { Selection, Wanted } from "#transition/change";
export type { ApplyRequest } from "#transition/new-state";

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
  using disk = new SyncBeside();
  const arrival = arrivalOf(root, begun.journal.transition);
  const work: Work = { root, request, begun, arrival, disk, watch, onEvent };
  try {
    const copied = active === undefined ? copyState(root, ids) : undefined;
    if (copied !== undefined) watch.lap("merge");
    let arrived: Arrived = copied?.arrived ?? new Map();
    let staged = copied === undefined ? undefined : unlessMissing(() => stageState(work, arrived, copied));
    if (staged === undefined) {
      arrived = await unpackMissing(root, ids, request.stones, arrival, disk, onEvent);
      // In a shared store another root may have the same file by then, and then this one is not kept: nothing may link to it.
      if (root.shared) {
        onEvent({ kind: "phase", phase: "sync" });
        await admit(arrival, disk);
      }
      watch.lap("unpack");
      onEvent({ kind: "phase", phase: "merge" });
      staged = stageState(work, arrived);
    }
    if (staged === undefined) {
      undo(root, begun.journal, begun.spare);
      if (active === undefined) throw new Error("an empty state is a state");
      return {
        state: active,
        before: active.id,
        made: false,
        changes: { added: 0, removed: 0, changed: 0 },
        timings: watch.timings,
      };
    }
    await runTriggers(work, hooks, staged);
    onEvent({ kind: "phase", phase: "sync" });
    await admit(arrival, disk);
    const journal = commitState(work, staged, arrived);
    await makeLive(root, journal, hooks, watch, onEvent);
    // A root that is never changed again need not pay for changes: the first of them makes the first spare.
    if (journal.before !== 0) ensureSpare(root, onEvent);
    watch.lap("spare");
    return { state: staged.state, before: journal.before, made: true, changes: staged.changes, timings: watch.timings };
  } catch (error) {
    throw takeBack(root, begun, error, `change the root "${root.directory}"`);
  }
}

/** What runs in the new tree before it can become live. */
async function runTriggers({ root, begun, watch, onEvent }: Work, hooks: Hooks, staged: Staged): Promise<void> {
  if (hooks.transactionTriggers === undefined) return;
  const { journal } = begun;
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
