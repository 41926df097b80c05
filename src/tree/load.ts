// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Nodes as they are asked for: decoded once for each source, split directories put together again. */
import { Failure } from "#base/errors";
import { compareText } from "#base/order";
import type { NodeSource, TreeEntry } from "#tree/entry";
import { decodeNode, isIndex, type NodeIndex, PARTS } from "#tree/node";

/** Entries that are kept decoded for a source. A change looks at the same few nodes again and again; a walk over all does not. */
const KEPT = 20_000;

interface Memory {
  readonly nodes: Map<string, TreeEntry[] | NodeIndex>;
  entries: number;
}

const memories = new WeakMap<NodeSource, Memory>();

/** Keeps a node for whoever asks this source for it next. */
export function remember(source: NodeSource, key: string, node: TreeEntry[] | NodeIndex): void {
  let memory = memories.get(source);
  if (memory === undefined) {
    memory = { nodes: new Map(), entries: 0 };
    memories.set(source, memory);
  }
  if (memory.entries > KEPT) return;
  memory.nodes.set(key, node);
  memory.entries += isIndex(node) ? PARTS : node.length;
}

/** The decoded node with this key; not to be changed. Throws db.corrupt where it is not there, db.decode. */
export function loadRaw(source: NodeSource, key: string): TreeEntry[] | NodeIndex {
  const known = memories.get(source)?.nodes.get(key);
  if (known !== undefined) return known;
  const bytes = source.node(key);
  if (bytes === undefined) {
    throw new Failure("db.corrupt", `Cannot read the node "${key}" of a tree: nothing, expected an encoded directory`, {
      hint: "The database is damaged; see the guide on restoring it.",
    });
  }
  const node = decodeNode(bytes);
  remember(source, key, node);
  return node;
}

/** The entries of one part of a split directory, or of one that is not split. Throws as loadRaw does. */
export function loadPart(source: NodeSource, key: string): readonly TreeEntry[] {
  const node = loadRaw(source, key);
  if (!isIndex(node)) return node;
  throw new Failure("db.decode", `Cannot read the node "${key}" of a tree: an index, expected entries`, {
    hint: "The database is damaged; see the guide on restoring it.",
  });
}

/** All entries of the directory with this key, sorted. Throws as loadRaw does. */
export function loadNode(source: NodeSource, key: string): readonly TreeEntry[] {
  const node = loadRaw(source, key);
  if (!isIndex(node)) return node;
  return node.parts.flatMap((part) => loadPart(source, part.key)).sort(byName);
}

/** The entries of two directories, without those of parts that they share; each sorted. */
export function loadDiffering(source: NodeSource, before: string, after: string) {
  const a = loadRaw(source, before);
  const b = loadRaw(source, after);
  if (!isIndex(a) || !isIndex(b)) return [loadNode(source, before), loadNode(source, after)] as const;
  const old: TreeEntry[] = [];
  const now: TreeEntry[] = [];
  a.parts.forEach((part, i) => {
    const other = b.parts[i];
    if (other === undefined || part.content === other.content) return;
    old.push(...loadPart(source, part.key));
    now.push(...loadPart(source, other.key));
  });
  return [old.sort(byName), now.sort(byName)] as const;
}

function byName(a: TreeEntry, b: TreeEntry): number {
  return compareText(a.name, b.name);
}
