// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The spare tree that a transition leaves behind, so that the next one pays only for what it changes. */
import { Failure } from "#base/errors";
import { diskFailure } from "#store/disk";
import { syncFileSystem } from "#sys/sync";
import { type Listener, Stopwatch } from "#transition/events";
import { fault } from "#transition/fault";
import type { MossRoot } from "#transition/root";
import { LIVE, STATES, TEXTS, TREES } from "#transition/schema";
import { TreeSource } from "#transition/source";
import { buildTree, type Candidate, candidates, chooseSpare, freePlace, patchTree } from "#transition/staging";

/**
 * Makes a spare, a copy of the live tree, where there is none. True where it made one. A disk that has no room for one is no
 * failure: what was asked for is done, and the next transition builds its tree in full.
 */
export function ensureSpare(root: MossRoot, onEvent: Listener): boolean {
  try {
    return makeSpare(root, onEvent);
  } catch (error) {
    const failure = diskFailure(error, "make a spare tree");
    if (failure instanceof Failure && failure.code === "disk.full") return false;
    throw failure;
  }
}

function makeSpare(root: MossRoot, onEvent: Listener): boolean {
  const made = root.view((tx) => {
    const trees = [...tx.bucket(TREES).entries()];
    const live = tx.bucket(TREES).get(LIVE);
    const state = live === undefined ? undefined : tx.bucket(STATES).get(live.state);
    if (state === undefined || chooseSpare(candidates(trees)) !== undefined) return undefined;
    onEvent({ kind: "phase", phase: "spare" });
    const place = freePlace(
      root,
      trees.map(([name]) => name),
    );
    const systemModel = tx.bucket(TEXTS).get(state.systemModel) ?? "";
    const target = { tree: state.tree, generated: { state: state.id, systemModel }, transition: 0 };
    return { place, tree: buildTree(root, new TreeSource(tx), place, target, onEvent) };
  });
  if (made === undefined) return false;
  fault("spare-built");
  // A record that outlives a power cut must be of a tree that does.
  syncFileSystem(root.trees);
  root.database.update((tx) => tx.bucket(TREES).set(made.place, made.tree));
  return true;
}

/** Brings a tree, of which no record stands any more, to the live state. Undefined where it was changed by others. */
export function refreshTree(root: MossRoot, tree: Candidate): Candidate | undefined {
  return root.view((tx) => {
    const live = tx.bucket(TREES).get(LIVE);
    const state = live === undefined ? undefined : tx.bucket(STATES).get(live.state);
    if (state === undefined) return undefined;
    const generated = { state: state.id, systemModel: tx.bucket(TEXTS).get(state.systemModel) ?? "" };
    const target = { tree: state.tree, generated, transition: 0 };
    const patched = patchTree(root, new TreeSource(tx), tree, target, new Stopwatch());
    return "tree" in patched ? { place: tree.place, record: patched.tree } : undefined;
  });
}
