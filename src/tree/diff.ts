// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What differs between two trees. Only directories whose content differs are loaded. */
import { compareText } from "#base/order";
import type { DirectoryNode, NodeSource, RootRef, TreeEntry } from "#tree/entry";
import { sameIdentity } from "#tree/entry";
import { loadDiffering, loadNode } from "#tree/load";

/** What changes among the entries of one directory that both trees have. */
export interface DirectoryDiff {
  /** Relative to /usr; empty for /usr itself. */
  readonly path: string;
  /** Entries that go; a directory with all that is below it. Sorted. */
  readonly removed: readonly TreeEntry[];
  /** Entries that come; a directory with all that is below it. Sorted. */
  readonly added: readonly TreeEntry[];
  /** Files and symlinks that are another thing now. Sorted. */
  readonly replaced: readonly { readonly before: TreeEntry; readonly after: TreeEntry }[];
  /** Directories in it whose own mode or owner changes. One whose attributes change goes and comes as a whole. */
  readonly altered: readonly { readonly before: DirectoryNode; readonly after: DirectoryNode }[];
}

/** Differences directory by directory, a parent before what is below it. */
export function* diffTrees(source: NodeSource, before: RootRef, after: RootRef): Generator<DirectoryDiff> {
  if (before.content !== after.content) yield* diffDirectory(source, "", before.key, after.key);
}

function* diffDirectory(source: NodeSource, path: string, before: string, after: string): Generator<DirectoryDiff> {
  const removed: TreeEntry[] = [];
  const added: TreeEntry[] = [];
  const replaced: { before: TreeEntry; after: TreeEntry }[] = [];
  const altered: { before: DirectoryNode; after: DirectoryNode }[] = [];
  const deeper: { name: string; before: string; after: string }[] = [];
  const [old, now] = loadDiffering(source, before, after);
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    const a = old[i];
    const b = now[j];
    const order = a === undefined ? 1 : b === undefined ? -1 : compareText(a.name, b.name);
    if (order < 0 && a !== undefined) {
      removed.push(a);
      i += 1;
    } else if (order > 0 && b !== undefined) {
      added.push(b);
      j += 1;
    } else if (a !== undefined && b !== undefined) {
      if (a.kind === "directory" && b.kind === "directory" && a.xattrs === b.xattrs) {
        if (!sameIdentity(a, b)) altered.push({ before: a, after: b });
        if (a.content !== b.content) deeper.push({ name: a.name, before: a.key, after: b.key });
      } else if (a.kind === "directory" || b.kind === "directory") {
        removed.push(a);
        added.push(b);
      } else if (!sameIdentity(a, b)) replaced.push({ before: a, after: b });
      i += 1;
      j += 1;
    }
  }
  if (removed.length + added.length + replaced.length + altered.length > 0) {
    yield { path, removed, added, replaced, altered };
  }
  for (const child of deeper) {
    yield* diffDirectory(source, path === "" ? child.name : `${path}/${child.name}`, child.before, child.after);
  }
}

/** Every entry of a tree with its path relative to /usr, a directory before what is in it. */
export function* listTree(
  source: NodeSource,
  root: Pick<RootRef, "key">,
  path = "",
): Generator<{ readonly path: string; readonly entry: TreeEntry }> {
  for (const entry of loadNode(source, root.key)) {
    const here = path === "" ? entry.name : `${path}/${entry.name}`;
    yield { path: here, entry };
    if (entry.kind === "directory") yield* listTree(source, entry, here);
  }
}

/** How many files and symlinks two trees do not share; directories count only where their own mode or owner changes. */
export interface ChangeCounts {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** As many as `changedPaths` lists, without making the paths: those of a whole system are many. */
export function countChanges(source: NodeSource, differences: Iterable<DirectoryDiff>): ChangeCounts {
  const changes = { added: 0, removed: 0, changed: 0 };
  const count = (entries: readonly TreeEntry[]): number =>
    entries.reduce((sum, entry) => sum + (entry.kind === "directory" ? count(loadNode(source, entry.key)) : 1), 0);
  for (const { removed, added, replaced, altered } of differences) {
    changes.added += count(added);
    changes.removed += count(removed);
    changes.changed += replaced.length + altered.length;
  }
  return changes;
}

/** The paths of files and symlinks that differ between two trees. */
export interface PathChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** The paths (relative to /usr, sorted) that two trees do not share, without plain directories. */
export function changedPaths(source: NodeSource, before: RootRef, after: RootRef): PathChanges {
  const changes = { added: [] as string[], removed: [] as string[], changed: [] as string[] };
  const all = (list: string[], path: string, entry: TreeEntry) => {
    const here = path === "" ? entry.name : `${path}/${entry.name}`;
    if (entry.kind !== "directory") list.push(here);
    else for (const below of listTree(source, entry, here)) if (below.entry.kind !== "directory") list.push(below.path);
  };
  for (const { path, removed, added, replaced, altered } of diffTrees(source, before, after)) {
    for (const entry of removed) all(changes.removed, path, entry);
    for (const entry of added) all(changes.added, path, entry);
    for (const { after: entry } of [...replaced, ...altered]) {
      changes.changed.push(path === "" ? entry.name : `${path}/${entry.name}`);
    }
  }
  return {
    added: changes.added.sort(compareText),
    removed: changes.removed.sort(compareText),
    changed: changes.changed.sort(compareText),
  };
}
