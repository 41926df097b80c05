// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Gives the room of the cache back. What somebody uses stays, and is told; all of it can be made or fetched again. */
import { existsSync, rmSync } from "node:fs";
import { clearDownloads } from "#moss/downloads";
import { FileLock } from "#sys/lock";
import { cleanStore } from "#transition/clean";
import { MossRoot } from "#transition/root";
import { KeptRoots } from "../root/kept";
import { rootsFolder, storeFolder } from "../root/make";
import { type CacheItem, itemsOf } from "./areas";
import { ownCache } from "./hold";
import { AREAS, type Area } from "./model";
import { Room } from "./usage";

export interface AreaRoom {
  readonly area: Area;
  readonly items: number;
  /** Bytes on disk; what is linked from an area before it counts there. */
  readonly bytes: number;
}

/** What each area takes. */
export function cacheRoom(cache: string): AreaRoom[] {
  const room = new Room();
  return AREAS.map((area) => {
    const before = room.bytes;
    const items = itemsOf(cache, [area]);
    for (const { path } of items) room.add(path);
    return { area, items: items.length, bytes: room.bytes - before };
  });
}

export interface CleanResult {
  readonly removed: readonly CacheItem[];
  /** What somebody uses. */
  readonly busy: readonly CacheItem[];
  /** Bytes on disk that came back, or would. */
  readonly bytes: number;
}

/**
 * Removes all that is in some areas and not in use. With `dryRun` only looks. Throws what removing throws; then a part is gone, and
 * nothing is half there.
 */
export async function cleanCache(
  cache: string,
  areas: readonly Area[],
  options: { readonly command: string; readonly dryRun: boolean },
): Promise<CleanResult> {
  const items = itemsOf(cache, areas);
  if (items.length === 0) return { removed: [], busy: [], bytes: 0 };
  using own = ownCache(cache);
  const removed: CacheItem[] = [];
  const busy: CacheItem[] = [];
  const room = new Room();
  for (const item of items) {
    const free = item.area === "roots" || item.area === "builds" ? isFree(item) : own !== undefined;
    (free ? removed : busy).push(item);
    if (free) room.add(item.path);
  }
  if (!options.dryRun) await remove(cache, removed, options.command);
  return { removed, busy, bytes: room.freed };
}

/** Is nobody in a root, or at a build? */
function isFree({ area, path }: CacheItem): boolean {
  const lock = area === "roots" ? `${path}.use` : `${path}.lock`;
  if (!existsSync(lock)) return true;
  using held = FileLock.tryAcquire(lock, "exclusive", "");
  return held !== undefined;
}

async function remove(cache: string, items: readonly CacheItem[], command: string): Promise<void> {
  const roots = items.some(({ area }) => area === "roots") ? new KeptRoots(rootsFolder(cache)) : undefined;
  for (const { area, path } of items) {
    if (area === "roots") roots?.remove({ folder: path });
    else if (area === "builds") removeBuild(path);
    else if (area !== "store") rmSync(path, { recursive: true, force: true });
  }
  roots?.sweep();
  if (!items.some(({ area }) => area === "store")) return;
  using root = MossRoot.open(storeFolder(cache));
  if (root.exists) await cleanStore(root, { command });
  clearDownloads(root.cache);
}

/** Somebody may have begun to build meanwhile. */
function removeBuild(path: string): void {
  using lock = FileLock.tryAcquire(`${path}.lock`, "exclusive", `${process.pid}`);
  if (lock !== undefined) rmSync(path, { recursive: true, force: true });
}
