// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What an earlier run has left unfinished is finished where its exchange took place, and taken back where it did not. */
import { makeRootLinks } from "#transition/checks";
import type { Listener, Stopwatch } from "#transition/events";
import type { HookContext, Hooks } from "#transition/hooks";
import { discardOwnArrivals, end, exchange, exchanged, settle, undo } from "#transition/journal";
import { finishRemoval, type RemovalOptions } from "#transition/removal";
import type { MossRoot } from "#transition/root";
import { type JournalRecord, STATES, TREES } from "#transition/schema";
import { emptyRoot, TreeSource } from "#transition/source";
import { discardUnknownTrees } from "#transition/staging";
import { changedPaths } from "#tree/diff";

/**
 * Recovers a root that this process holds the lock of. Gives what it did, or undefined where there was nothing to do.
 * Throws what a hook throws; the journal then stays, and the next run tries again.
 */
export async function recover(
  root: MossRoot,
  hooks: Hooks,
  onEvent: Listener,
  removal: RemovalOptions = {},
): Promise<"finished" | "undone" | undefined> {
  const journal = root.pending();
  discardLeftovers(root, journal);
  if (journal === undefined) return undefined;
  onEvent({ kind: "phase", phase: "recover" });
  if (journal.kind === "prune") {
    await finishRemoval(root, removal, onEvent);
    onEvent({ kind: "recovered", how: "finished", state: 0, command: journal.command });
    return "finished";
  }
  const forward = journal.phase === "after" || root.view((tx) => exchanged(root, tx, journal));
  if (!forward) undo(root, journal);
  else {
    if (journal.phase !== "after") {
      makeRootLinks(root.directory);
      settle(root, journal, hasAfter(hooks));
    }
    await runAfter(root, journal, hooks, onEvent);
  }
  const how = forward ? "finished" : "undone";
  onEvent({ kind: "recovered", how, state: journal.state, command: journal.command });
  return how;
}

/** Removes what is not recorded, neither as a tree nor in the journal: it was being made when a run ended. */
function discardLeftovers(root: MossRoot, journal: JournalRecord | undefined): void {
  discardOwnArrivals(root);
  const places = root.exists ? root.view((tx) => [...tx.bucket(TREES).keys()]) : [];
  discardUnknownTrees(root, journal === undefined ? places : [...places, journal.place]);
}

export function hasAfter(hooks: Hooks): boolean {
  return hooks.systemTriggers !== undefined || hooks.boot !== undefined;
}

/** The hooks that follow the exchange, and then the end of the journal where it still stands. */
export async function runAfter(root: MossRoot, journal: JournalRecord, hooks: Hooks, onEvent: Listener): Promise<void> {
  if (hasAfter(hooks)) {
    const context = contextOf(root, journal, root.usr);
    if (hooks.systemTriggers !== undefined) {
      onEvent({ kind: "phase", phase: "system-triggers" });
      await hooks.systemTriggers(context);
    }
    if (hooks.boot !== undefined) {
      onEvent({ kind: "phase", phase: "boot" });
      await hooks.boot(context);
    }
  }
  if (root.pending() !== undefined) end(root);
}

/** From the commit that names the staged tree to its end: exchange, record, and what follows. */
export async function makeLive(
  root: MossRoot,
  journal: JournalRecord,
  hooks: Hooks,
  watch: Stopwatch,
  onEvent: Listener,
): Promise<void> {
  onEvent({ kind: "phase", phase: "exchange" });
  exchange(root, journal.place);
  watch.lap("exchange");
  settle(root, journal, hasAfter(hooks));
  watch.lap("commit");
  await runAfter(root, journal, hooks, onEvent);
  watch.lap("hooks");
}

function contextOf(root: MossRoot, journal: JournalRecord, usr: string): HookContext {
  const changes = root.view((tx) => {
    const tree = (id: number) => tx.bucket(STATES).get(id)?.tree;
    const source = new TreeSource(tx);
    const empty = emptyRoot(source);
    return changedPaths(source, tree(journal.before) ?? empty, tree(journal.state) ?? empty);
  });
  return { directory: root.directory, usr, state: journal.state, before: journal.before, changes };
}
