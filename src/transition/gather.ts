// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** One look at all that a root has, or again at what was suspicious in an earlier one: as one view of the database has it. */
import { edenGC } from "bun:jsc";
import { existsSync, readlinkSync, statSync } from "node:fs";
import type { PackageId } from "#model/package";
import { ROOT_LINKS } from "#model/walk";
import type { ReadTransaction } from "#moss-db/index";
import type { Listener } from "#transition/events";
import { type OpenTree, type OpenTrees, openTrees } from "#transition/open-trees";
import type { Problem } from "#transition/problems";
import type { MossRoot } from "#transition/root";
import { CURRENT, JOURNAL, LIVE, PACKAGES } from "#transition/schema";
import { TreeSource } from "#transition/source";
import type { Suspects } from "#transition/suspects";
import { verifyDatabase } from "#transition/verify-database";
import {
  type NeededAsset,
  neededAssets,
  type StoreCheck,
  type StoreChecks,
  SWEPT,
  verifyStore,
} from "#transition/verify-store";
import { verifyTree } from "#transition/verify-tree";

/** What a look at a root counts. */
export interface Counts {
  /** Files of the store that were checked, their bytes, and files that nobody needs. */
  readonly assets: number;
  readonly bytes: number;
  readonly unneeded: number;
  readonly trees: number;
  /** Entries of those trees. */
  readonly entries: number;
}

/** What a look has learnt; for a second one, and for the repair. */
export interface Evidence {
  readonly report: Counts & { readonly problems: readonly Problem[] };
  /** The number of a commit: all is as that, or a later one, has it. */
  readonly commit: bigint;
  /** The state whose tree was /usr; 0 where there was none. */
  readonly live: number;
  /** The trees that were looked at: whose they are by the inode of their `usr` and their state. */
  readonly trees: ReadonlyMap<string, { readonly place: string; readonly state: number }>;
  /** Files and directories of /usr that this process has no right to read. */
  readonly unread: number;
  readonly needed: ReadonlyMap<string, NeededAsset>;
  readonly broken: StoreCheck["broken"];
  /** Files of the store that are right, by inode number. */
  readonly good: StoreCheck["good"];
  /** Right copies, in trees, of assets that the store has not: paths by asset name. */
  readonly salvaged: ReadonlyMap<string, string>;
}

export interface Look extends StoreChecks {
  /** False where this process may look at the live tree only, and at what of it is open to everybody. */
  readonly everything?: boolean;
  /** What to look at again; absent for all. */
  readonly only?: Suspects;
}

/**
 * The look itself. Where the lock is not held, what it finds is true only where nobody has committed meanwhile: a writer takes back
 * or changes on the disk what a commit has let go. Throws db.corrupt.
 */
export function gather(root: MossRoot, look: Look, onEvent: Listener): Evidence {
  const { everything = true, only } = look;
  onEvent({ kind: "phase", phase: "verify" });
  const commit = root.database.settled;
  if (only === undefined) root.database.check();
  return root.view((tx) => {
    using trees = openTrees(root, tx, everything);
    const problems = only === undefined ? databaseProblems(tx, onEvent) : [];
    const { needed, ...store } = everything ? checkStore(root, tx, look, onEvent) : NO_STORE;
    problems.push(...store.problems);
    const onDisk = checkTrees(root, tx, trees, { look, good: store.good, commit }, onEvent);
    problems.push(...onDisk.problems);
    // Between its exchange and its end a transition makes these links.
    if (!tx.bucket(JOURNAL).has(CURRENT) && only?.links !== false)
      problems.push(...verifyLinks(root, trees.list.length > 0));
    const { assets, bytes, unneeded } = store;
    return {
      report: { problems, assets, bytes, unneeded, trees: trees.list.length, entries: onDisk.entries },
      commit,
      live: trees.list.find(({ place }) => place === LIVE)?.generated.state ?? 0,
      trees: new Map(trees.list.map(({ key, place, generated }) => [key, { place, state: generated.state }])),
      unread: onDisk.unread,
      needed,
      broken: store.broken,
      good: store.good,
      salvaged: onDisk.salvaged,
    };
  });
}

/** What is in the trees; each is read where it stands or, where another may have come to stand there meanwhile, by what holds it. */
function checkTrees(
  root: MossRoot,
  tx: ReadTransaction,
  { list }: OpenTrees,
  { look, good, commit }: { readonly look: Look; readonly good: StoreCheck["good"]; readonly commit: bigint },
  onEvent: Listener,
) {
  const { bytes, everything = true, only } = look;
  const problems: Problem[] = [];
  const salvaged = new Map<string, string>();
  let entries = 0;
  let unread = 0;
  const check = (tree: OpenTree, usr: string): Problem[] => {
    const found: Problem[] = [];
    const paths = only?.paths.get(tree.key);
    const checks = {
      good: everything && onOneDevice(root.store, usr) ? good : new Map<number, string>(),
      bytes,
      ...(paths === undefined ? {} : { only: paths }),
      ...(everything ? {} : { onUnread: () => void (unread += 1) }),
      salvage: (asset: string, path: string) => salvaged.set(asset, root.treePath(tree.place) + path.slice(usr.length)),
      onEntry: () => {
        entries += 1;
        if (entries % SWEPT === 0) edenGC();
        if (entries % 1000 === 0) onEvent({ kind: "verify", what: "trees", done: entries });
      },
    };
    verifyTree(new TreeSource(tx), { ...tree, usr }, checks, (problem) => found.push(problem));
    return found;
  };
  for (const tree of list) {
    if (only !== undefined && !only.paths.has(tree.key)) continue;
    const mayHaveMoved = () => !tree.stands() || root.database.newest !== commit;
    const before = { entries, unread };
    let found = mayHaveMoved() ? undefined : check(tree, tree.usr);
    if (found === undefined || mayHaveMoved()) {
      ({ entries, unread } = before);
      found = check(tree, tree.held);
    }
    problems.push(...found);
  }
  return { problems, salvaged, entries, unread };
}

function databaseProblems(tx: ReadTransaction, onEvent: Listener): Problem[] {
  return verifyDatabase(tx, (done) => {
    if (done % 1000 === 0) onEvent({ kind: "verify", what: "database", done });
  });
}

type StoreLook = StoreCheck & Pick<Evidence, "needed">;

const NO_STORE: StoreLook = {
  problems: [],
  good: new Map(),
  broken: new Map(),
  assets: 0,
  bytes: 0,
  unneeded: 0,
  needed: new Map(),
};

function checkStore(root: MossRoot, tx: ReadTransaction, { bytes, known, only }: Look, onEvent: Listener): StoreLook {
  if (only?.assets.size === 0) return NO_STORE;
  const needed = neededAssets(tx, only === undefined ? undefined : only.packages);
  if (only !== undefined) for (const name of needed.keys()) if (!only.assets.has(name)) needed.delete(name);
  const nameOf = (id: PackageId) => tx.bucket(PACKAGES).get(id)?.meta.name ?? id;
  return {
    ...verifyStore(root.store, needed, nameOf, known === undefined ? { bytes } : { bytes, known }, onEvent),
    needed,
  };
}

/** Does an inode's number mean the same file at both paths? */
function onOneDevice(a: string, b: string): boolean {
  const device = (path: string) => statSync(path, { throwIfNoEntry: false })?.dev;
  return device(a) === device(b);
}

function verifyLinks(root: MossRoot, managed: boolean): Problem[] {
  if (!managed) return [];
  return [...ROOT_LINKS].flatMap(([path, expected]) => {
    const found = target(`${root.directory}/${path}`);
    if (found === expected) return [];
    const difference = found === undefined ? ("missing" as const) : ("target" as const);
    return [{ where: "root" as const, path, difference, found: found ?? "nothing", expected }];
  });
}

function target(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return existsSync(path) ? "no symlink" : undefined;
  }
}
