// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The first state of a root where another root of its store has a state of just the same packages, as roots for builds,
 * containers and images have: that one's tree is what merging would give again. Nobody looks whether the store still has all of
 * its files; linking them does.
 */
import { Failure } from "#base/errors";
import type { PackageId } from "#model/package";
import type { ReadTransaction } from "#moss-db/index";
import { decodeFiles } from "#store/files";
import { type Arrived, type KnownPackage, type MergedState, writtenOsRelease } from "#transition/change";
import { askOthers } from "#transition/others";
import type { MossRoot } from "#transition/root";
import { ATTRIBUTES, FILES, NODES, PACKAGES, STATES, type StateRecord } from "#transition/schema";
import { readSelections } from "#transition/selections";
import type { TreeSource } from "#transition/source";
import type { RootRef, TreeEntry } from "#tree/entry";
import { remember } from "#tree/load";
import { childKeys, decodeNode, type NodeIndex } from "#tree/node";
import { Tree } from "#tree/tree";

export interface CopiedState {
  readonly arrived: Arrived;
  readonly merged: MergedState;
  /** Every node of its tree, decoded. */
  readonly decoded: ReadonlyMap<string, TreeEntry[] | NodeIndex>;
}

/** States of another root that are looked at, the youngest first: a list of packages is more to read than a package. */
const LOOKED_AT = 4;

/** A state of just these packages that another root has; undefined where none has one that is whole. */
export function copyState(root: MossRoot, ids: readonly PackageId[]): CopiedState | undefined {
  const wanted = new Set(ids);
  if (wanted.size === 0) return undefined;
  return askOthers(root, (tx) => {
    const state = stateOf(tx, wanted);
    return state === undefined ? undefined : copyOf(tx, state, wanted, root.store);
  });
}

function stateOf(tx: ReadTransaction, wanted: ReadonlySet<PackageId>): StateRecord | undefined {
  for (const state of tx.bucket(STATES).values({ reverse: true, limit: LOOKED_AT })) {
    if (state.packages !== wanted.size) continue;
    if (readSelections(tx, state.selections).every(({ id }) => wanted.has(id))) return state;
  }
  return undefined;
}

function copyOf(
  tx: ReadTransaction,
  { tree, links, osRelease }: StateRecord,
  ids: ReadonlySet<PackageId>,
  store: string,
): CopiedState | undefined {
  const arrived = packagesOf(tx, ids);
  const found = nodesOf(tx, tree);
  if (arrived === undefined || found === undefined) return undefined;
  const { nodes, decoded } = found;
  const source = { node: (key: string) => nodes.get(key) };
  for (const [key, node] of decoded) remember(source, key, node);
  const merged = { tree: { ...tree, links, nodes }, osRelease };
  if (osRelease === "package") return { arrived, merged, decoded };
  // What moss itself writes may be another text by now.
  const fresh = writtenOsRelease(new Tree(source, tree), [store]);
  return fresh.osRelease === osRelease ? { arrived, merged: { ...merged, fresh: fresh.file }, decoded } : undefined;
}

function packagesOf(tx: ReadTransaction, ids: ReadonlySet<PackageId>): Arrived | undefined {
  const [packages, files, attributes] = [tx.bucket(PACKAGES), tx.bucket(FILES), tx.bucket(ATTRIBUTES)];
  const some = attributes.first() !== undefined;
  const arrived = new Map<PackageId, KnownPackage>();
  for (const id of ids) {
    const record = packages.get(id);
    const encoded = files.get(id);
    if (record === undefined || encoded === undefined) return undefined;
    // Most systems have few attributes or none: then no list of files need be read.
    const used = new Map<string, Uint8Array>();
    for (const { xattrs } of some ? decodeFiles(encoded) : []) {
      const value = xattrs === undefined ? undefined : attributes.get(xattrs);
      if (xattrs !== undefined && value === undefined) return undefined;
      if (xattrs !== undefined && value !== undefined) used.set(xattrs, value);
    }
    const { meta, entries, size } = record;
    arrived.set(id, { meta, entries, size, encoded, attributes: used });
  }
  return arrived;
}

function nodesOf(tx: ReadTransaction, tree: RootRef) {
  const stored = tx.bucket(NODES);
  const nodes = new Map<string, Uint8Array>();
  const decoded = new Map<string, TreeEntry[] | NodeIndex>();
  const todo = [tree.key];
  for (let key = todo.pop(); key !== undefined; key = todo.pop()) {
    if (nodes.has(key)) continue;
    const bytes = stored.get(key);
    if (bytes === undefined) return undefined;
    const node = decodeNode(bytes);
    nodes.set(key, bytes);
    decoded.set(key, node);
    todo.push(...childKeys(node));
  }
  return { nodes, decoded };
}

/** Makes its nodes known to whoever builds its tree. */
export function makeKnown(source: TreeSource, { merged, decoded }: CopiedState): MergedState {
  source.know(merged.tree.nodes);
  for (const [key, node] of decoded) remember(source, key, node);
  return merged;
}

/** What `link` gives; undefined where the store does not have a file that a copied state stands on. */
export function unlessMissing<T>(link: () => T): T | undefined {
  try {
    return link();
  } catch (error) {
    if (error instanceof Failure && error.code === "store.missing") return undefined;
    throw error;
  }
}
