// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The tree of a set of packages.
 *
 * It depends on the set alone, not on the order. What another tree already holds is kept: packages are taken out of it and
 * put into it, and only the directories on their paths are loaded. Where that would change the way that an existing
 * symlink leads, or move what stands below a new one, all is merged from nothing.
 */
import { Failure } from "#base/errors";
import { compareText, sortedTexts } from "#base/order";
import { walk } from "#model/walk";
import { type NodeSource, type PackageFiles, type RootRef, sameIdentity, type TreeRecord } from "#tree/entry";
import { type Collision, type SealedTree, Tree } from "#tree/tree";

export interface MergedTree extends SealedTree {
  /** Paths of symlinks that led a record of some package elsewhere (perhaps more than those). Sorted. */
  readonly links: readonly string[];
}

export interface BaseTree extends RootRef {
  readonly links: readonly string[];
}

/** A tree with nothing in it, to start from. */
export function emptyTree(): MergedTree {
  const tree = new Tree({ node: () => undefined });
  return { ...tree.seal(), links: [] };
}

export interface TreeChange {
  readonly source: NodeSource;
  readonly base: BaseTree;
  readonly removed: readonly PackageFiles[];
  readonly added: readonly PackageFiles[];
  /** All packages of the result, asked for only where everything has to be merged from nothing. */
  readonly all: () => Iterable<PackageFiles>;
}

/** The tree after a change. Throws tree.collision with both names, and tree.path for a record that would leave /usr. */
export function changeTree(change: TreeChange): MergedTree {
  return changeInPlace(change) ?? mergeAll(change.all());
}

function changeInPlace(change: TreeChange): MergedTree | undefined {
  const { source, base } = change;
  const { removed, added } = withoutUnchanged(change);
  const tree = new Tree(source, base);
  const used = new Set(base.links);
  for (const { name, records } of removed) {
    if (tree.remove(name, records).some((path) => used.has(path))) return undefined;
  }
  const collisions: Collision[] = [];
  for (const links of [true, false]) {
    for (const { name, records } of added) {
      for (const record of linksFirst(records, links)) {
        const placed = tree.place(name, record);
        if (placed === "moves" || (links && used.has(record.path))) return undefined;
        if (placed !== undefined) collisions.push(placed);
      }
    }
  }
  refuse(collisions);
  return { ...tree.seal(), links: sortedTexts(new Set([...base.links, ...tree.links])) };
}

/** The change without the records that an upgraded package has in both of its builds. */
function withoutUnchanged({ removed, added }: TreeChange): Pick<TreeChange, "removed" | "added"> {
  const before = new Map(removed.map((files) => [files.name, new Map(files.records.map((r) => [r.path, r]))]));
  const kept = new Map<string, Set<string>>();
  const fresh = added.map(({ name, records }) => {
    const old = before.get(name);
    if (old === undefined) return { name, records };
    const same = new Set<string>();
    for (const record of records) {
      const other = old.get(record.path);
      if (other !== undefined && sameIdentity(other, record)) same.add(record.path);
    }
    kept.set(name, same);
    return { name, records: records.filter(({ path }) => !same.has(path)) };
  });
  const gone = removed.map(({ name, records }) => {
    const same = kept.get(name);
    return { name, records: same === undefined ? records : records.filter(({ path }) => !same.has(path)) };
  });
  return { removed: gone, added: fresh };
}

function linksFirst(records: readonly TreeRecord[], links: boolean): readonly TreeRecord[] {
  const wanted = records.filter((record) => (record.kind === "symlink") === links);
  return links ? wanted.sort((a, b) => depth(a.path) - depth(b.path)) : wanted;
}

function depth(path: string): number {
  let count = 0;
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) count += 1;
  return count;
}

/** The tree of packages, from nothing. */
export function mergeAll(packages: Iterable<PackageFiles>): MergedTree {
  const list = [...packages];
  const tree = new Tree({ node: () => undefined });
  const collisions: Collision[] = [];
  let moved = "";
  const place = (owner: string, record: TreeRecord) => {
    const placed = tree.place(owner, record);
    if (placed === "moves") moved = record.path;
    else if (placed !== undefined) collisions.push(placed);
  };
  const { settled, through } = settleLinks(list);
  for (const { owner, record } of settled) place(owner, record);
  for (const { name, records } of list) {
    for (const record of records) if (record.kind !== "symlink") place(name, record);
  }
  refuse(collisions);
  if (moved !== "") throw new Error(`"usr/${moved}" moved although the symlinks are settled`);
  return { ...tree.seal(), links: sortedTexts(new Set([...tree.links, ...through])) };
}

interface OwnedLink {
  readonly owner: string;
  readonly record: TreeRecord & { kind: "symlink" };
}

function symlinksOf(list: readonly PackageFiles[]): OwnedLink[] {
  return list.flatMap(({ name, records }) =>
    records.flatMap((record) => (record.kind === "symlink" ? [{ owner: name, record }] : [])),
  );
}

/** Rounds after which symlinks that keep moving each other are refused. Two are the rule. */
const MAX_ROUNDS = 16;

/** All symlinks at the paths where they really stand, and the paths on which that hangs. */
function settleLinks(list: readonly PackageFiles[]): { settled: OwnedLink[]; through: ReadonlySet<string> } {
  const links = symlinksOf(list);
  let settled = links;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const targets = targetsOf(settled);
    const through = new Set<string>();
    let moved = false;
    settled = links.map(({ owner, record }, i) => {
      const path = resolveParent(record.path, targets, through);
      moved ||= path !== settled[i]?.record.path;
      return { owner, record: { ...record, path } };
    });
    if (moved) continue;
    settled.sort((a, b) => compareText(a.record.path, b.record.path) || compareText(a.record.target, b.record.target));
    return { settled, through };
  }
  throw new Failure("tree.path", "Cannot place the symlinks of these packages: they move each other without an end", {
    hint: "Two packages have symlinks to directories inside each other.",
  });
}

/** Where two links claim a path, which is a collision told later, the smaller target counts meanwhile. */
function targetsOf(links: readonly OwnedLink[]): Map<string, string> {
  const targets = new Map<string, string>();
  for (const { record } of links) {
    const present = targets.get(record.path);
    if (present === undefined || compareText(record.target, present) < 0) targets.set(record.path, record.target);
  }
  return targets;
}

function resolveParent(path: string, targets: ReadonlyMap<string, string>, through: Set<string>): string {
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  const join = (directory: string, child: string) => (directory === "" ? child : `${directory}/${child}`);
  const parent = walk<string>(parts, path, {
    top: "",
    enter: (directory, child) => {
      const at = join(directory, child);
      const link = targets.get(at);
      return link === undefined ? at : { link };
    },
    parent: (directory) => {
      through.add(directory);
      return directory === "" ? undefined : directory.slice(0, Math.max(0, directory.lastIndexOf("/")));
    },
    followed: (directory, child) => through.add(join(directory, child)),
  });
  return join(parent, name);
}

function refuse(collisions: readonly Collision[]): void {
  const first = collisions[0];
  if (first === undefined) return;
  const [a, b] = first.sides;
  const more = collisions.length > 1 ? ` (and ${collisions.length - 1} more)` : "";
  const lines = collisions
    .slice(1, 20)
    .map(({ path, sides: [x, y] }) => `usr/${path}: ${x.owner} (${x.what}), ${y.owner} (${y.what})`);
  throw new Failure(
    "tree.collision",
    `Cannot place "usr/${first.path}": "${a.owner}" has a ${a.what} there and "${b.owner}" a ${b.what}, expected one of them${more}`,
    {
      hint: ["These packages cannot be installed together as they are.", ...lines].join("\n"),
    },
  );
}
