// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The tree of a set of packages: its laws, by properties, and the clashes it refuses. */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { Failure } from "#base/errors";
import { walk } from "#model/walk";
import { changedPaths, countChanges, diffTrees, listTree } from "#tree/diff";
import { type PackageFiles, sameIdentity, type TreeEntry, type TreeRecord } from "#tree/entry";
import { changeTree, emptyTree, type MergedTree, mergeAll } from "#tree/merge";
import { decodeNode, encodeNode, isIndex } from "#tree/node";

const sha = (n: number) => n.toString(16).padStart(64, "0");
const file = (path: string, n = 1, mode = 0o644): TreeRecord => ({
  kind: "file",
  path,
  mode,
  uid: 0,
  gid: 0,
  sha256: sha(n),
  size: n,
});
const link = (path: string, target: string): TreeRecord => ({ kind: "symlink", path, target, uid: 0, gid: 0 });
const folder = (path: string, mode = 0o755): TreeRecord => ({ kind: "directory", path, mode, uid: 0, gid: 0 });

/** Nodes of every tree made so far, as a database would have them. */
function store() {
  const nodes = new Map<string, Uint8Array>();
  return {
    node: (key: string) => nodes.get(key),
    keep(tree: MergedTree): MergedTree {
      for (const [key, bytes] of tree.nodes) nodes.set(key, bytes);
      return tree;
    },
  };
}

function outcome(make: () => MergedTree): { tree: MergedTree } | { code: string } {
  try {
    return { tree: make() };
  } catch (error) {
    if (error instanceof Failure) return { code: error.code };
    throw error;
  }
}

const identity = (result: ReturnType<typeof outcome>) => ("tree" in result ? result.tree.key : "refused");

const part = fc.constantFrom("a", "b", "c", "d");
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const target = fc.oneof(
  path,
  path.map((p) => `../${p}`),
  path.map((p) => `/usr/${p}`),
  fc.constantFrom(".", "..", "a/../b", "../../usr/c", "/etc/x", "/lib/a"),
);
const record = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(path, fc.integer({ min: 1, max: 2 })).map(([p, n]) => file(p, n)) },
  { weight: 2, arbitrary: fc.tuple(path, target).map(([p, t]) => link(p, t)) },
  { weight: 2, arbitrary: fc.tuple(path, fc.constantFrom(0o755, 0o700)).map(([p, m]) => folder(p, m)) },
);
/** Packages with records that seldom clash: most sets of the plain arbitrary do. */
const packages = fc
  .array(fc.uniqueArray(record, { selector: (r) => r.path, maxLength: 4 }), { minLength: 1, maxLength: 5 })
  .map((list) => list.map((records, i): PackageFiles => ({ name: `p${i}`, records })));

test("the order of packages never changes the tree or its refusal", () => {
  let whole = 0;
  fc.assert(
    fc.property(packages, fc.array(fc.nat(), { minLength: 5, maxLength: 5 }), (list, randoms) => {
      const keyed = list.map((item, i) => ({ item, at: randoms[i] ?? 0 }));
      const shuffled = keyed.sort((a, b) => a.at - b.at).map(({ item }) => item);
      const first = outcome(() => mergeAll(list));
      if ("tree" in first) whole += 1;
      expect(identity(outcome(() => mergeAll(shuffled)))).toBe(identity(first));
    }),
    { numRuns: 3000 },
  );
  expect(whole).toBeGreaterThan(300);
});

test("adding and removing packages gives the tree that a merge from nothing gives", () => {
  let compared = 0;
  fc.assert(
    fc.property(packages, packages, fc.nat(31), fc.nat(31), (some, others, keep, add) => {
      const nodes = store();
      const before = outcome(() => nodes.keep(mergeAll(some)));
      if ("code" in before) return;
      const removed = some.filter((_, i) => (keep & (1 << i)) !== 0);
      const kept = some.filter((_, i) => (keep & (1 << i)) === 0);
      // A package of the same name is an upgrade where the old build goes, and has another name where it stays.
      const names = new Set(kept.map(({ name }) => name));
      const added = others
        .filter((_, i) => (add & (1 << i)) !== 0)
        .map((files) => (names.has(files.name) ? { ...files, name: `${files.name}x` } : files));
      const all = [...kept, ...added];
      const changed = outcome(() => changeTree({ source: nodes, base: before.tree, removed, added, all: () => all }));
      const whole = outcome(() => mergeAll(all));
      expect(identity(changed)).toBe(identity(whole));
      if ("tree" in whole) compared += 1;
      if ("tree" in whole && "tree" in changed) expect(changed.tree.content).toBe(whole.tree.content);
    }),
    { numRuns: 5000 },
  );
  expect(compared).toBeGreaterThan(500);
});

test("removing what was added gives the old tree", () => {
  fc.assert(
    fc.property(packages, packages, (some, others) => {
      const nodes = store();
      const before = outcome(() => nodes.keep(mergeAll(some)));
      if ("code" in before) return;
      const added = others.map((files) => ({ ...files, name: `n${files.name}` }));
      const after = outcome(() =>
        nodes.keep(
          changeTree({ source: nodes, base: before.tree, removed: [], added, all: () => [...some, ...added] }),
        ),
      );
      if ("code" in after) return;
      const back = changeTree({ source: nodes, base: after.tree, removed: added, added: [], all: () => some });
      expect(back.key).toBe(before.tree.key);
    }),
    { numRuns: 3000 },
  );
});

/** Where a path really leads in a listing, by the kernel's rules; undefined where its parent is no directory. */
function resolve(listing: ReadonlyMap<string, TreeEntry>, at: string): string {
  const join = (directory: string, name: string) => (directory === "" ? name : `${directory}/${name}`);
  const parts = at.split("/");
  const name = parts.pop() ?? "";
  const parent = walk<string>(parts, at, {
    top: "",
    enter: (directory, child) => {
      const entry = listing.get(join(directory, child));
      return entry?.kind === "symlink" ? { link: entry.target } : join(directory, child);
    },
    parent: (directory) => (directory === "" ? undefined : directory.split("/").slice(0, -1).join("/")),
    followed: () => {},
  });
  return join(parent, name);
}

test("every record stands where its path leads, with its owner, and nothing else stands in the tree", () => {
  fc.assert(
    fc.property(packages, (list) => {
      const nodes = store();
      const result = outcome(() => nodes.keep(mergeAll(list)));
      if ("code" in result) return;
      const listing = new Map([...listTree(nodes, result.tree)].map(({ path, entry }) => [path, entry]));
      const claimed = new Set<string>();
      for (const { name, records } of list) {
        for (const record of records) {
          const at = resolve(listing, record.path);
          const entry = listing.get(at);
          expect(entry !== undefined && sameIdentity(entry, record)).toBe(true);
          expect(entry?.owners).toContain(name);
          claimed.add(at);
        }
      }
      for (const [at, entry] of listing) {
        const parent = at.split("/").slice(0, -1).join("/");
        expect(parent === "" || listing.get(parent)?.kind === "directory").toBe(true);
        if (claimed.has(at)) continue;
        expect(entry.kind).toBe("directory");
        expect(entry.owners).toEqual([]);
        expect([...listing.keys()].some((other) => other.startsWith(`${at}/`))).toBe(true);
      }
    }),
    { numRuns: 3000 },
  );
});

function refusal(list: PackageFiles[]): Failure {
  const result = (() => {
    try {
      return mergeAll(list);
    } catch (error) {
      return error;
    }
  })();
  if (!(result instanceof Failure)) throw new Error("nothing was refused");
  return result;
}

test("one path from two packages is refused with both names unless it is the same thing", () => {
  const failure = refusal([
    { name: "nano", records: [file("bin/edit", 1)] },
    { name: "vim", records: [file("bin/edit", 2)] },
  ]);
  expect(failure.code).toBe("tree.collision");
  expect(failure.message).toContain("nano");
  expect(failure.message).toContain("vim");
  expect(failure.message).toContain("usr/bin/edit");
  const nodes = store();
  const shared = nodes.keep(
    mergeAll([
      { name: "vim", records: [file("bin/edit", 1)] },
      { name: "nano", records: [file("bin/edit", 1)] },
    ]),
  );
  const [, edit] = [...listTree(nodes, shared)];
  expect(edit?.entry.owners).toEqual(["nano", "vim"]);
});

test("equal bytes with another mode, owner or attributes are not the same thing", () => {
  for (const other of [
    file("x", 1, 0o4755),
    { ...file("x", 1), uid: 5 },
    { ...file("x", 1), gid: 5 },
    { ...file("x", 1), xattrs: "00".repeat(32) },
  ]) {
    expect(
      refusal([
        { name: "a", records: [file("x", 1)] },
        { name: "b", records: [other] },
      ]).code,
    ).toBe("tree.collision");
  }
});

test("a file against a directory is refused whichever comes first", () => {
  for (const other of [folder("x"), file("x/y"), folder("x/y/z")]) {
    const a = { name: "a", records: [file("x")] };
    const b = { name: "b", records: [other] };
    for (const list of [
      [a, b],
      [b, a],
    ]) {
      const failure = refusal(list);
      expect(failure.code).toBe("tree.collision");
      expect(failure.message).toContain('"a"');
      expect(failure.message).toContain('"b"');
    }
  }
});

test("a symlink to a directory takes what others put below its name", () => {
  const nodes = store();
  const tree = nodes.keep(
    mergeAll([
      { name: "a", records: [file("lib64/ld.so")] },
      { name: "b", records: [link("lib64", "lib"), link("share/up", "../lib64/deep"), link("abs", "/lib64/x/../y")] },
      { name: "c", records: [file("share/up/z"), file("abs/q")] },
    ]),
  );
  const paths = [...listTree(nodes, tree)].map(({ path }) => path);
  expect(paths).toContain("lib/ld.so");
  expect(paths).toContain("lib/deep/z");
  expect(paths).toContain("lib/y/q");
  expect(paths).not.toContain("lib/x");
  expect(tree.links).toEqual(["abs", "lib/x", "lib64", "share", "share/up"]);
});

test("a symlink out of /usr is refused once something would go through it", () => {
  for (const target of ["/etc", "../../etc", "../..", "/", "../etc"]) {
    expect(
      refusal([
        { name: "a", records: [link("out", target)] },
        { name: "b", records: [file("out/passwd")] },
      ]).code,
    ).toBe("tree.path");
    expect(mergeAll([{ name: "a", records: [link("out", target)] }]).content).not.toBe(emptyTree().content);
  }
  const circle = { name: "a", records: [link("x", "y"), link("y", "x"), file("x/z")] };
  expect(refusal([circle]).code).toBe("tree.path");
});

test("the identity of a tree does not depend on who owns its entries", () => {
  const a = mergeAll([{ name: "a", records: [file("bin/x"), folder("share")] }]);
  const b = mergeAll([{ name: "b", records: [file("bin/x"), folder("share")] }]);
  expect(a.content).toBe(b.content);
  expect(a.key).not.toBe(b.key);
});

test("the difference of two trees names the paths that they do not share", () => {
  const nodes = store();
  const before = nodes.keep(
    mergeAll([{ name: "a", records: [file("a/x", 1), file("a/y", 1), file("b/deep/z", 1), file("c", 1)] }]),
  );
  const after = nodes.keep(
    mergeAll([{ name: "a", records: [file("a/x", 2), file("a/y", 1), file("c/now/dir", 1), link("d", "c")] }]),
  );
  expect(changedPaths(nodes, before, after)).toEqual({
    added: ["c/now/dir", "d"],
    removed: ["b/deep/z", "c"],
    changed: ["a/x"],
  });
  expect(countChanges(nodes, diffTrees(nodes, before, after))).toEqual({ added: 2, removed: 2, changed: 1 });
});

test("a removal of a symlink through which others were placed merges from nothing, any other removal does not", () => {
  const nodes = store();
  const links = { name: "links", records: [link("share/old", "new"), link("share/idle", "new")] };
  const through = { name: "through", records: [file("share/old/a", 1)] };
  const beside = { name: "beside", records: [file("share/new/b", 2)] };
  const base = nodes.keep(mergeAll([links, through, beside]));
  expect(base.links).toEqual(["share/old"]);
  let merged = 0;
  const remove = (gone: PackageFiles, kept: readonly PackageFiles[]) => {
    const all = () => {
      merged += 1;
      return kept;
    };
    const after = changeTree({ source: nodes, base, removed: [gone], added: [], all });
    expect(after.key).toBe(mergeAll(kept).key);
    return [...listTree(nodes, nodes.keep(after))].filter(({ entry }) => entry.kind !== "directory");
  };
  const left = remove(links, [through, beside]);
  expect(left.map(({ path }) => path)).toEqual(["share/new/b", "share/old/a"]);
  expect(merged).toBe(1);
  remove(beside, [links, through]);
  remove(through, [links, beside]);
  expect(merged).toBe(1);
});

// What takes time by the square of the entries would not end in it.
test("a directory of half a million files is merged within the time that a test has", () => {
  const records = Array.from({ length: 500_000 }, (_, i) => file(`share/many/${i}`, i));
  const { nodes } = mergeAll([{ name: "a", records }]);
  const entries = [...nodes.values()].reduce((sum, encoded) => {
    const node = decodeNode(encoded);
    return isIndex(node) ? sum : sum + node.length;
  }, 0);
  // usr/share and usr/share/many are entries too.
  expect(entries).toBe(500_002);
}, 60_000);

test("a node with a name that leads out of its directory is no node", () => {
  const encoded = (name: string) =>
    encodeNode([{ kind: "symlink", name, uid: 0, gid: 0, owners: ["a"], target: "b" }]).bytes;
  expect(decodeNode(encoded("..."))).toHaveLength(1);
  for (const name of ["", ".", "..", "a/b", "../a", "a\0b"]) expect(() => decodeNode(encoded(name))).toThrow("no node");
});
