// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The steps of removing states that the journal names; each can be repeated. */
import { rmSync } from "node:fs";
import { Failure } from "#base/errors";
import type { PackageId } from "#model/package";
import type { WriteTransaction } from "#moss-db/index";
import { diskFailure } from "#store/disk";
import { decodeFiles } from "#store/files";
import { syncFileSystem } from "#sys/sync";
import type { Listener } from "#transition/events";
import { fault } from "#transition/fault";
import { dropRelations } from "#transition/relations";
import type { MossRoot } from "#transition/root";
import {
  ATTRIBUTES,
  CURRENT,
  FILES,
  JOURNAL,
  NODES,
  PACKAGES,
  SELECTIONS,
  STATES,
  TEXTS,
  TREES,
} from "#transition/schema";
import { readSelections } from "#transition/selections";
import { refreshTree } from "#transition/spare";
import { type Candidate, candidates } from "#transition/staging";
import { sweep } from "#transition/sweep";
import { childKeys, decodeNode, isIndex } from "#tree/node";

export interface RemovalOptions {
  /** Drops the boot entries of the states; runs again after a crash. */
  readonly boot?: (removed: readonly number[]) => Promise<void> | void;
}

export interface RemovalResult {
  readonly packages: number;
  /** Trees removed from the disk. */
  readonly trees: number;
  readonly assets: number;
  /** Bytes given back. */
  readonly bytes: number;
  /** Bytes that other links still hold; see #transition/sweep. */
  readonly held: number;
  /** Why the store was not swept, where it was not. */
  readonly unswept?: string;
}

/**
 * Carries on with a removal that the journal names. Trees on disk of states that are gone would hold their files: the
 * youngest of them is brought to the live state and stays as a spare, the others go.
 */
export async function finishRemoval(
  root: MossRoot,
  options: RemovalOptions,
  onEvent: Listener,
): Promise<RemovalResult> {
  onEvent({ kind: "phase", phase: "prune" });
  const removing = root.pending()?.removing ?? [];
  await options.boot?.(removing);
  const orphans = root.database.update((tx) => {
    for (const id of removing) tx.bucket(STATES).delete(id);
    const gone = candidates([...tx.bucket(TREES).entries()]).filter(
      ({ record }) => tx.bucket(STATES).get(record.state) === undefined,
    );
    for (const { place } of gone) tx.bucket(TREES).delete(place);
    return gone;
  });
  removing.forEach((id, i) => {
    onEvent({ kind: "removed", what: "state", name: String(id), bytes: 0, done: i + 1, total: removing.length });
  });
  fault("prune-states");
  const { refreshed, trees } = releaseTrees(root, orphans);
  fault("prune-trees");
  // A record that outlives a power cut must be of a tree that does.
  if (refreshed !== undefined) syncFileSystem(root.trees);
  const packages = root.database.update((tx) => {
    if (refreshed !== undefined) tx.bucket(TREES).set(refreshed.place, refreshed.record);
    const count = dropUnneeded(tx);
    tx.bucket(JOURNAL).delete(CURRENT);
    return count;
  });
  fault("prune-committed");
  onEvent({ kind: "phase", phase: "sweep" });
  return { packages, trees, ...sweep(root, onEvent) };
}

function releaseTrees(
  root: MossRoot,
  orphans: readonly Candidate[],
): { refreshed: Candidate | undefined; trees: number } {
  const spare = orphans.at(-1);
  const refreshed = spare === undefined ? undefined : refreshWhereRoom(root, spare);
  let trees = 0;
  for (const { place } of orphans) {
    if (place === refreshed?.place) continue;
    rmSync(`${root.trees}/${place}`, { recursive: true, force: true });
    trees += 1;
  }
  return { refreshed, trees };
}

/** On a full disk there is no spare tree for a while: what was to give room back does. */
function refreshWhereRoom(root: MossRoot, spare: Candidate): Candidate | undefined {
  try {
    return refreshTree(root, spare);
  } catch (error) {
    const failure = diskFailure(error, "make a spare tree");
    if (failure instanceof Failure && failure.code === "disk.full") return undefined;
    throw failure;
  }
}

/** Drops rows that no state and no tree on disk needs. Gives the number of packages among them. */
export function dropUnneeded(tx: WriteTransaction): number {
  const parts = new Set<string>();
  const texts = new Set<string>();
  const packages = new Set<PackageId>();
  const roots: string[] = [];
  for (const state of tx.bucket(STATES).values()) {
    for (const key of Object.values(state.selections)) parts.add(key);
    for (const { id } of readSelections(tx, state.selections)) packages.add(id);
    texts.add(state.systemModel).add(state.osRelease.split(":")[0] ?? "");
    roots.push(state.tree.key);
  }
  for (const tree of tx.bucket(TREES).values()) roots.push(tree.tree.key);
  const attributes = new Set<string>();
  const nodes = reachable(tx, roots, attributes);
  const gone = [...tx.bucket(PACKAGES).keys()].filter((id) => !packages.has(id));
  for (const id of gone) {
    const meta = tx.bucket(PACKAGES).get(id)?.meta;
    if (meta !== undefined) dropRelations(tx, id, meta);
    tx.bucket(PACKAGES).delete(id);
    tx.bucket(FILES).delete(id);
  }
  for (const id of packages) {
    const encoded = tx.bucket(FILES).get(id);
    for (const { xattrs } of encoded === undefined ? [] : decodeFiles(encoded))
      if (xattrs !== undefined) attributes.add(xattrs);
  }
  dropOthers(tx, NODES, nodes);
  dropOthers(tx, SELECTIONS, parts);
  dropOthers(tx, TEXTS, texts);
  dropOthers(tx, ATTRIBUTES, attributes);
  return gone.length;
}

function dropOthers<V>(
  tx: WriteTransaction,
  type: Parameters<typeof tx.bucket<string, V, never>>[0],
  needed: ReadonlySet<string>,
): void {
  const bucket = tx.bucket(type);
  const unneeded = [...bucket.keys()].filter((key) => !needed.has(key));
  for (const key of unneeded) bucket.delete(key);
}

function reachable(tx: WriteTransaction, roots: readonly string[], attributes: Set<string>): Set<string> {
  const seen = new Set<string>();
  const todo = [...roots];
  for (let key = todo.pop(); key !== undefined; key = todo.pop()) {
    if (seen.has(key)) continue;
    seen.add(key);
    const encoded = tx.bucket(NODES).get(key);
    if (encoded === undefined) continue;
    const node = decodeNode(encoded);
    todo.push(...childKeys(node));
    if (isIndex(node)) continue;
    for (const { xattrs } of node) if (xattrs !== undefined) attributes.add(xattrs);
  }
  return seen;
}
