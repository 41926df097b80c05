// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Getting files of the store, and rows of packages, anew: from a further inode, from a tree on disk, from the package. */
import { linkSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { errnoCode } from "#base/errors";
import type { PackageId } from "#model/package";
import { checkFile } from "#store/check";
import { copyAsset } from "#store/further";
import { assetName, assetPath } from "#store/names";
import { putSmall } from "#store/put";
import { type Unpacked, unpackStone } from "#store/unpack";
import { hashFile } from "#sys/sha256";
import { syncFileSystem } from "#sys/sync";
import { writePackages } from "#transition/arrive";
import type { Listener } from "#transition/events";
import { fault } from "#transition/fault";
import type { Evidence } from "#transition/gather";
import { arrivalOf } from "#transition/journal";
import { generatedRecord } from "#transition/os-release";
import type { MossRoot } from "#transition/root";
import { PACKAGES, STATES, TEXTS } from "#transition/schema";
import { readSelections } from "#transition/selections";
import { damageOfPackage } from "#transition/verify-database";

/** Gets the stones of packages; gives their paths by id. */
export type FetchPackages = (ids: readonly PackageId[]) => Promise<ReadonlyMap<PackageId, string>>;

/** Restores what it can; gives the packages that were fetched for it. */
export async function restoreAssets(
  root: MossRoot,
  { needed, broken, salvaged }: Evidence,
  fetch: FetchPackages | undefined,
  onEvent: Listener,
): Promise<PackageId[]> {
  const wanted = new Set<string>();
  for (const [file, further] of broken) {
    const asset = needed.get(file);
    const path = `${root.store}/${assetPath(file)}`;
    if (asset === undefined) {
      // A further inode that is no good: the next link that needs one makes it again.
      rmSync(path, { force: true });
      continue;
    }
    if (checkFile(path, asset).length === 0) continue;
    const salvage = salvaged.get(file);
    if (further !== undefined) copyAsset(`${root.store}/${assetPath(further)}`, path);
    else if (salvage === undefined || !linkBack(salvage, path)) wanted.add(file);
  }
  for (const name of restoreGenerated(root, wanted)) wanted.delete(name);
  syncFileSystem(root.store);
  fault("salvaged");
  const ids = new Set(damagedPackages(root));
  for (const name of wanted) {
    const from = [...(needed.get(name)?.packages ?? [])];
    if (!from.some((id) => ids.has(id)) && from[0] !== undefined) ids.add(from[0]);
  }
  if (ids.size === 0 || fetch === undefined) return [];
  return await refetch(root, [...ids], wanted, fetch, onEvent);
}

/** Gives a right inode of a tree its name in the store again. False where they are not on one file system. */
function linkBack(from: string, to: string): boolean {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  const temporary = `${to}.${process.pid}.tmp`;
  try {
    rmSync(temporary, { force: true });
    linkSync(from, temporary);
  } catch (error) {
    if (errnoCode(error) === "EXDEV" || errnoCode(error) === "EMLINK") return false;
    throw error;
  }
  renameSync(temporary, to);
  // Where both names were the same inode already, the rename has left both.
  rmSync(temporary, { force: true });
  return true;
}

/** The generated os-release files among the wanted ones, from their texts. */
function restoreGenerated(root: MossRoot, wanted: ReadonlySet<string>): string[] {
  const restored: string[] = [];
  for (const { osRelease } of root.states()) {
    const record = generatedRecord(osRelease);
    const name = record === undefined ? undefined : assetName(record);
    if (record === undefined || name === undefined || !wanted.has(name)) continue;
    const text = root.view((tx) => tx.bucket(TEXTS).get(record.sha256));
    if (text === undefined) continue;
    putSmall(root.store, record, text, true);
    restored.push(name);
  }
  return restored;
}

function damagedPackages(root: MossRoot): PackageId[] {
  return root.view((tx) => {
    const ids = new Set(tx.bucket(PACKAGES).keys());
    for (const { selections } of tx.bucket(STATES).values()) {
      try {
        for (const { id } of readSelections(tx, selections)) ids.add(id);
      } catch {
        // A list that is lost names nothing.
      }
    }
    return [...ids].filter((id) => damageOfPackage(tx, id) !== undefined);
  });
}

async function refetch(
  root: MossRoot,
  ids: readonly PackageId[],
  distrusted: ReadonlySet<string>,
  fetch: FetchPackages,
  onEvent: Listener,
): Promise<PackageId[]> {
  const stones = await fetch(ids);
  const arrival = arrivalOf(root, 0, distrusted);
  const arrived = new Map<PackageId, Unpacked>();
  try {
    arrival.open();
    for (const id of ids) {
      const path = stones.get(id);
      // Another file than the package that was installed restores nothing.
      if (path === undefined || hashFile(path) !== id) continue;
      const unpacked = unpackStone({ id, path }, arrival, "repair");
      arrived.set(id, unpacked);
      onEvent({ kind: "unpack", name: unpacked.meta.name, done: arrived.size, total: ids.length });
    }
    syncFileSystem(root.store);
    arrival.admit();
    syncFileSystem(root.store);
    fault("refetched");
  } finally {
    arrival.discard();
  }
  if (arrived.size > 0) root.database.update((tx) => writePackages(tx, arrived));
  return [...arrived.keys()];
}
