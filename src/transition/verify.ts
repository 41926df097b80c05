// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A check of everything that a root has: database, store, the trees on disk, the links at its top. Changes nothing. */
import { edenGC } from "bun:jsc";
import { accessSync, constants, existsSync, readlinkSync, statSync } from "node:fs";
import { errnoCode, Failure } from "#base/errors";
import type { PackageId } from "#model/package";
import { ROOT_LINKS } from "#model/walk";
import type { ReadTransaction } from "#moss-db/index";
import type { Listener } from "#transition/events";
import type { Hooks } from "#transition/hooks";
import type { Problem } from "#transition/problems";
import { recover } from "#transition/recover";
import { activeState, type MossRoot } from "#transition/root";
import { checkOwnership } from "#transition/root-paths";
import { LIVE, PACKAGES, STATES, TEXTS, TREES } from "#transition/schema";
import { TreeSource } from "#transition/source";
import { verifyDatabase } from "#transition/verify-database";
import {
  type NeededAsset,
  neededAssets,
  type StoreCheck,
  type StoreChecks,
  SWEPT,
  verifyStore,
} from "#transition/verify-store";
import { type TreeToCheck, verifyTree } from "#transition/verify-tree";

export interface VerifyOptions {
  readonly command: string;
  /** Milliseconds to wait for another writer. */
  readonly wait?: number;
  /** Reads no file's bytes: only sizes, modes, owners, names. */
  readonly quick?: boolean;
  /** What a transition that did not end still has to run. */
  readonly hooks?: Hooks;
}

export interface VerifyReport {
  readonly problems: readonly Problem[];
  /** Files of the store that were checked, their bytes, and files that nobody needs. */
  readonly assets: number;
  readonly bytes: number;
  readonly unneeded: number;
  readonly trees: number;
  /** Entries of those trees. */
  readonly entries: number;
}

/** What a check has learnt beside its report; for the repair. */
export interface Evidence {
  readonly report: VerifyReport;
  readonly needed: ReadonlyMap<string, NeededAsset>;
  readonly broken: StoreCheck["broken"];
  /** Files of the store that are right, by inode number. */
  readonly good: StoreCheck["good"];
  /** Right copies, in trees, of assets that the store has not: paths by asset name. */
  readonly salvaged: ReadonlyMap<string, string>;
}

/** Checks a root, which it locks meanwhile. What an earlier run left is finished or undone first. Throws root.busy, db.corrupt. */
export async function verifyRoot(
  root: MossRoot,
  options: VerifyOptions,
  onEvent: Listener = () => {},
): Promise<VerifyReport> {
  return (await examineRoot(root, options, onEvent)).report;
}

/** As `verifyRoot`, with what a repair under the same lock can go on from. */
export async function examineRoot(
  root: MossRoot,
  options: VerifyOptions,
  onEvent: Listener = () => {},
): Promise<Evidence> {
  using _lock = root.locked ? undefined : root.lock({ command: options.command, wait: options.wait ?? 0 });
  await recover(root, options.hooks ?? {}, onEvent);
  return gather(root, { bytes: options.quick !== true }, onEvent);
}

/**
 * Checks a root on a disk that can only be read: nobody changes it, so nothing is locked, and nothing that was cut off is
 * finished first. Throws db.corrupt, root.foreign, root.readonly where its store cannot be looked into.
 */
export function verifyUnwritable(
  root: MossRoot,
  options: Pick<VerifyOptions, "quick">,
  onEvent: Listener = () => {},
): VerifyReport {
  if (!root.exists) return { problems: [], assets: 0, bytes: 0, unneeded: 0, trees: 0, entries: 0 };
  checkOwnership(root.directory, root.private, root.store);
  try {
    accessSync(root.store, constants.R_OK | constants.X_OK);
    accessSync(root.trees, constants.R_OK | constants.X_OK);
  } catch (cause) {
    // What is not there is damage, and told as such.
    if (errnoCode(cause) !== "EACCES") return gather(root, { bytes: options.quick !== true }, onEvent).report;
    throw new Failure("root.readonly", `Cannot verify the root "${root.directory}": no right to read its store`, {
      hint: "Run the command as root.",
      cause,
    });
  }
  return gather(root, { bytes: options.quick !== true }, onEvent).report;
}

/** The check itself; the lock must be held, or the disk be such that nobody can write. */
export function gather(root: MossRoot, { bytes, known }: StoreChecks, onEvent: Listener): Evidence {
  onEvent({ kind: "phase", phase: "verify" });
  root.database.check();
  return root.view((tx) => {
    const problems = verifyDatabase(tx, (done) => {
      if (done % 1000 === 0) onEvent({ kind: "verify", what: "database", done });
    });
    const needed = neededAssets(tx);
    const nameOf = (id: PackageId) => tx.bucket(PACKAGES).get(id)?.meta.name ?? id;
    const store = verifyStore(root.store, needed, nameOf, known === undefined ? { bytes } : { bytes, known }, onEvent);
    problems.push(...store.problems);
    const salvaged = new Map<string, string>();
    let entries = 0;
    const trees = treesOf(root, tx);
    for (const tree of trees) {
      const checks = {
        good: onOneDevice(root.store, tree.usr) ? store.good : new Map<number, string>(),
        bytes,
        salvage: (asset: string, path: string) => salvaged.set(asset, path),
        onEntry: () => {
          entries += 1;
          if (entries % SWEPT === 0) edenGC();
          if (entries % 1000 === 0) onEvent({ kind: "verify", what: "trees", done: entries });
        },
      };
      verifyTree(new TreeSource(tx), tree, checks, (problem) => problems.push(problem));
    }
    problems.push(...verifyLinks(root, trees.length > 0));
    const { assets, bytes: size, unneeded } = store;
    const report = { problems, assets, bytes: size, unneeded, trees: trees.length, entries };
    return { report, needed, broken: store.broken, good: store.good, salvaged };
  });
}

/** Does an inode's number mean the same file at both paths? */
function onOneDevice(a: string, b: string): boolean {
  const device = (path: string) => statSync(path, { throwIfNoEntry: false })?.dev;
  return device(a) === device(b);
}

/** The trees on disk, the live one first. What it should be is told by its state, whatever its record says. */
function treesOf(root: MossRoot, tx: ReadTransaction): TreeToCheck[] {
  const found: TreeToCheck[] = [];
  const active = activeState(root, tx);
  const model = (state: number) => {
    const text = tx.bucket(STATES).get(state)?.systemModel;
    return text === undefined ? undefined : tx.bucket(TEXTS).get(text);
  };
  if (active !== undefined) {
    const generated = { state: active.id, systemModel: model(active.id) ?? "" };
    found.push({ place: LIVE, usr: root.usr, tree: active.tree, generated });
  }
  for (const [place, { state, tree }] of tx.bucket(TREES).entries()) {
    const systemModel = model(state);
    // A spare that an undone transition left is of a state that never was; its like is not needed.
    if (place === LIVE || systemModel === undefined) continue;
    found.push({ place, usr: root.treePath(place), tree, generated: { state, systemModel } });
  }
  return found;
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
