// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What to do where an asset cannot be linked: it has as many links as the file system allows, or lies on another one. */
import { closeSync, constants, copyFileSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { threadId } from "node:worker_threads";
import { Failure } from "#base/errors";
import { modeOnDisk, parseAssetName } from "#store/names";
import { applyOwnerAndMode } from "#store/owner";
import type { Place } from "#store/place";
import { copyXattrs } from "#store/xattrs";
import { AT_FDCWD, c, cString, lastError, ptr } from "#sys/libc";

/** Of each asset that is full, the number of the inode that was not when last tried. */
const current = new Map<string, number>();

/**
 * Puts an asset at `name` in an open directory of a tree, after the plain link has failed or where links are impossible.
 * On EMLINK a further inode `~1`, `~2`, ... of the asset is linked, and made where there is none. Throws store.missing.
 */
export function linkFurther(place: Place, asset: string, directory: number, name: string): void {
  const target = cString(name);
  if (!place.hardlinks) {
    copyInto(place, asset, directory, name);
    return;
  }
  const home = homeOf(place, asset);
  for (let further = current.get(asset) ?? 0; ; further++) {
    const source = cString(further === 0 ? asset : `${asset}~${further}`);
    if (c.linkat(home.folder, ptr(source), directory, ptr(target), 0) === 0) {
      if (further > 0) current.set(asset, further);
      return;
    }
    const error = lastError("linkat", asset);
    if (error.code === "ENOENT") {
      if (further === 0 || !existsSync(`${home.path}/${asset}`)) throw missing(asset);
      copyAsset(`${home.path}/${asset}`, `${home.path}/${asset}~${further}`);
      further -= 1;
    } else if (error.code === "EXDEV") {
      // On one device and yet of two mounts, or two subvolumes.
      copyInto(place, asset, directory, name);
      return;
    } else if (error.code !== "EMLINK") throw error;
  }
}

/** Where an asset lies: in what is on its way into the store, or in the store. */
function homeOf(
  { arrival, store, storePath }: Place,
  asset: string,
): { readonly folder: number; readonly path: string } {
  if (arrival !== undefined && existsSync(`${arrival.path}/${asset}`)) return arrival;
  return { folder: store, path: storePath };
}

function missing(asset: string): Failure {
  return new Failure("store.missing", `Cannot link the asset "${asset}": nothing, expected a file of the store`, {
    hint: 'Run "moss state verify --repair" to get it back from its package.',
  });
}

/** A copy of an asset as a new inode, whole and durable before it has its name. */
export function copyAsset(from: string, to: string): void {
  const temporary = `${to}.${process.pid}.${threadId}.tmp`;
  copyWhole(from, temporary, true);
  renameSync(temporary, to);
}

function copyWhole(from: string, to: string, durable: boolean): void {
  const asset = parseAssetName(from.slice(from.lastIndexOf("/") + 1));
  if (asset === undefined) throw new Error(`"${from}" is no asset's name`);
  rmSync(to, { force: true });
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  const fd = openSync(to, "r");
  try {
    applyOwnerAndMode(fd, asset.uid, asset.gid, modeOnDisk(asset.mode), to);
    copyXattrs(from, fd, to);
    c.futimens(fd, ptr(EPOCH));
    if (durable) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function copyInto(place: Place, asset: string, directory: number, name: string): void {
  const from = `${homeOf(place, asset).path}/${asset}`;
  if (!existsSync(from)) throw missing(asset);
  const temporary = `${place.topPath}/.copy.${process.pid}.${threadId}.tmp`;
  // The tree is synced as a whole before it can become live.
  copyWhole(from, temporary, false);
  const a = cString(temporary);
  const b = cString(name);
  if (c.renameat(AT_FDCWD, ptr(a), directory, ptr(b)) !== 0) throw lastError("renameat", name);
}

/** Access and modification time of every file: one second after the epoch. struct timespec[2], 64-bit fields. */
export const EPOCH = new BigInt64Array([1n, 0n, 1n, 0n]);
