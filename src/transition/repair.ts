// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Puts right what a check finds. In this order, so that nothing is lost where it ends in the middle: rows of the database
 * and files of the store are had anew (from further inodes, from trees, from packages fetched again) before a bad one is
 * replaced; then the live tree is written anew beside the bad one and exchanged with it; other bad trees are dropped,
 * since they can be made again. No trigger runs.
 */
import { closeSync, openSync, rmSync } from "node:fs";
import { Failure } from "#base/errors";
import type { PackageId } from "#model/package";
import { type AssetIdentity, assetName, modeOnDisk } from "#store/names";
import { applyOwnerAndMode } from "#store/owner";
import { syncFileSystem } from "#sys/sync";
import { activate } from "#transition/activate";
import { makeRootLinks } from "#transition/checks";
import type { Listener } from "#transition/events";
import { fault } from "#transition/fault";
import { type Evidence, gather } from "#transition/gather";
import type { Problem } from "#transition/problems";
import { type FetchPackages, restoreAssets } from "#transition/restore";
import { restoreNodes } from "#transition/restore-nodes";
import type { MossRoot } from "#transition/root";
import { LIVE, TREES } from "#transition/schema";
import { ensureSpare } from "#transition/spare";
import { type ExamineOptions, examineRoot } from "#transition/verify";

export interface RepairOptions extends ExamineOptions {
  /** Gets the stones of packages, by id; those that it cannot get are left out. Without it nothing is fetched. */
  readonly fetch?: FetchPackages;
  /** What `examineRoot` has found under the lock that is still held; without it the root is examined here. */
  readonly evidence?: Evidence;
}

export interface RepairReport {
  readonly before: Evidence["report"];
  /** What a second check found; the same as `before` where there was nothing to repair. */
  readonly after: Evidence["report"];
  /** Packages that were fetched again. */
  readonly fetched: readonly PackageId[];
}

/** Checks a root and repairs it. Files that were read and found right are not read again. Throws root.busy, db.corrupt, disk.full. */
export async function repairRoot(
  root: MossRoot,
  options: RepairOptions,
  onEvent: Listener = () => {},
): Promise<RepairReport> {
  using _lock = root.locked ? undefined : root.lock({ command: options.command, wait: options.wait ?? 0 });
  const bytes = options.quick !== true;
  const evidence = options.evidence ?? (await examineRoot(root, options, onEvent));
  const before = evidence.report;
  if (before.problems.length === 0) return { before, after: before, fetched: [] };
  onEvent({ kind: "phase", phase: "repair" });
  repairModes(root, evidence);
  const fetched = await restoreAssets(root, evidence, options.fetch, onEvent);
  restoreNodes(root, before.problems);
  fault("restored");
  await repairTrees(root, before.problems, options, onEvent).catch(tolerateMissing);
  return { before, after: gather(root, { bytes, known: evidence.good }, onEvent).report, fetched };
}

/** Files of the store that only have a wrong mode or owner: their trees are right again with them. */
function repairModes(root: MossRoot, { report, needed }: Evidence): void {
  const wrong = new Map<string, boolean>();
  for (const problem of report.problems) {
    if (problem.where !== "store") continue;
    const only = problem.difference === "mode" || problem.difference === "owner";
    wrong.set(problem.name, only && wrong.get(problem.name) !== false);
  }
  for (const [file, only] of wrong) {
    const asset = needed.get(file.replace(/~\d+$/, ""));
    if (only && asset !== undefined) setMode(`${root.store}/${file.slice(0, 2)}/${file}`, asset);
  }
}

function setMode(path: string, asset: AssetIdentity): void {
  const fd = openSync(path, "r");
  try {
    applyOwnerAndMode(fd, asset.uid, asset.gid, modeOnDisk(asset.mode), assetName(asset));
  } finally {
    closeSync(fd);
  }
}

async function repairTrees(
  root: MossRoot,
  problems: readonly Problem[],
  options: RepairOptions,
  onEvent: Listener,
): Promise<void> {
  const bad = new Set(problems.flatMap((problem) => (problem.where === "tree" ? [problem.place] : [])));
  if (problems.some(({ where }) => where === "root")) makeRootLinks(root.directory);
  for (const place of bad) if (place !== LIVE) discard(root, place);
  if (bad.has(LIVE)) {
    const live = root.active();
    if (live === undefined) {
      throw new Failure("state.unknown", `Cannot repair "${root.usr}": no state is recorded for it`, {
        hint: 'Activate one of the states that "moss state list" shows.',
      });
    }
    await activate(root, live.id, { command: options.command, rebuild: true }, onEvent);
    for (const place of damaged(root, live.id)) discard(root, place);
  }
  // A root that was never changed has no spare, and needs none.
  if (bad.size > 0) ensureSpare(root, onEvent);
  syncFileSystem(root.trees);
}

/** What is still missing in the store, a second check tells with all else; what could be repaired stays repaired. */
function tolerateMissing(error: unknown): void {
  if (!(error instanceof Failure) || error.code !== "store.missing") throw error;
}

/** The tree that has just been live: the youngest of those that were. */
function damaged(root: MossRoot, state: number): string[] {
  const trees = root.view((tx) => [...tx.bucket(TREES).entries()]).filter(([place]) => place !== LIVE);
  const youngest = trees
    .filter(([, tree]) => tree.state === state && tree.since > 0)
    .sort(([, a], [, b]) => b.since - a.since)[0];
  return youngest === undefined ? [] : [youngest[0]];
}

function discard(root: MossRoot, place: string): void {
  root.database.update((tx) => tx.bucket(TREES).delete(place));
  rmSync(`${root.trees}/${place}`, { recursive: true, force: true });
}
