// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Directories that are stored in parts are the same directories, whichever way they came to be, and cost what changes. */
import { expect, test } from "bun:test";
import { changedPaths, countChanges, diffTrees, listTree } from "#tree/diff";
import type { NodeSource, PackageFiles } from "#tree/entry";
import { loadNode } from "#tree/load";
import { changeTree, type MergedTree, mergeAll } from "#tree/merge";
import { SPLIT } from "#tree/node";

/** A package with a file in a folder that all share, in a folder of its own beside those of all, and deeper. */
function packageOf(i: number): PackageFiles {
  const file = (path: string) => ({
    kind: "file" as const,
    path,
    mode: 0o644,
    uid: 0,
    gid: 0,
    sha256: i.toString(16).padStart(64, "0"),
    size: i,
  });
  return { name: `p${i}`, records: [file(`bin/p${i}`), file(`share/p${i}/doc/text`)] };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => packageOf(from + i));

/** Nodes of trees made so far; counts the nodes that are read. */
class Nodes implements NodeSource {
  readonly kept = new Map<string, Uint8Array>();
  reads = 0;
  node(key: string) {
    this.reads += 1;
    return this.kept.get(key);
  }
  keep(tree: MergedTree): MergedTree {
    for (const [key, bytes] of tree.nodes) this.kept.set(key, bytes);
    return tree;
  }
  /** The same nodes as another run of the program would find them. */
  again(): Nodes {
    const other = new Nodes();
    for (const [key, bytes] of this.kept) other.kept.set(key, bytes);
    return other;
  }
}

function change(nodes: Nodes, base: MergedTree, removed: PackageFiles[], added: PackageFiles[], all: PackageFiles[]) {
  return nodes.keep(changeTree({ source: nodes, base, removed, added, all: () => all }));
}

test("a tree grown and shrunk across the limit is the tree made from nothing", () => {
  let nodes = new Nodes();
  let tree = nodes.keep(mergeAll(range(0, SPLIT - 2)));
  for (const [from, to] of [
    [SPLIT - 2, SPLIT + 1],
    [SPLIT + 1, SPLIT + 90],
    [SPLIT + 90, SPLIT + 91],
  ] as const) {
    nodes = nodes.again();
    tree = change(nodes, tree, [], range(from, to), range(0, to));
    expect(tree.key).toBe(mergeAll(range(0, to)).key);
    expect(tree.content).toBe(mergeAll(range(0, to)).content);
  }
  for (const [from, to] of [
    [SPLIT + 91, SPLIT + 1],
    [SPLIT + 1, SPLIT],
    [SPLIT, 3],
  ] as const) {
    nodes = nodes.again();
    tree = change(nodes, tree, range(to, from), [], range(0, to));
    expect(tree.key).toBe(mergeAll(range(0, to)).key);
  }
});

test("the entries of a directory in parts are listed whole and sorted, and differences name only what differs", () => {
  const nodes = new Nodes();
  const before = nodes.keep(mergeAll(range(0, 1000)));
  const after = change(nodes, before, range(500, 501), range(1000, 1001), [...range(0, 500), ...range(501, 1001)]);
  const bin = [...listTree(nodes, after)].find(({ path }) => path === "bin")?.entry;
  const names = loadNode(nodes, bin?.kind === "directory" ? bin.key : "").map(({ name }) => name);
  expect(names).toEqual([...names].sort());
  expect(names).toHaveLength(1000);
  expect(changedPaths(nodes, before, after)).toEqual({
    added: ["bin/p1000", "share/p1000/doc/text"],
    removed: ["bin/p500", "share/p500/doc/text"],
    changed: [],
  });
  expect(countChanges(nodes, diffTrees(nodes, before, after))).toEqual({ added: 2, removed: 2, changed: 0 });
  expect([...listTree(nodes, after)].filter(({ entry }) => entry.kind === "file")).toHaveLength(2000);
});

test("a change of one package reads and writes a few nodes of a large tree, and few bytes", () => {
  const nodes = new Nodes();
  const before = nodes.keep(mergeAll(range(0, 5000)));
  const fresh = nodes.again();
  const after = change(fresh, before, [], range(5000, 5001), range(0, 5001));
  expect(fresh.reads).toBeLessThan(10);
  expect(after.nodes.size).toBeLessThan(10);
  const bytes = [...after.nodes.values()].reduce((sum, node) => sum + node.byteLength, 0);
  const all = [...before.nodes.values()].reduce((sum, node) => sum + node.byteLength, 0);
  expect(bytes).toBeLessThan(all / 50);
});
