// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The stones that a plan needs: fetched, or found where they lie. Unpacking sees that they are what the index names. */
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Failure } from "#base/errors";
import { mapLimited } from "#base/parallel";
import type { CollectionOffer } from "#collections/model";
import { download } from "#fetch/download";
import { DEFAULTS, type DownloadEvent, type DownloadOptions } from "#fetch/events";
import type { PackageId } from "#model/package";
import { stoneFileName } from "#model/package";
import type { EngineListener } from "#moss/events";
import { downloadPath } from "#moss/plan";
import { holdUnfinished, sweepFolders } from "#stone/leftovers";

export type FetchOptions = Pick<DownloadOptions, "parallel" | "retries" | "signal">;

/**
 * Paths of the stones of offers, by id. What lies on this machine is used where it is, unchecked; the rest goes into `cache`. Throws
 * fetch.* and disk.full.
 */
export async function bringStones(
  offers: readonly CollectionOffer[],
  cache: string,
  onEvent: EngineListener,
  options: FetchOptions = {},
): Promise<Map<PackageId, string>> {
  const total = offers.reduce((sum, { url, size }) => sum + (url.startsWith("file:") ? 0 : size), 0);
  let bytes = 0;
  const tell = (event: DownloadEvent) => {
    if (event.kind === "retry") return onEvent(event);
    if (event.kind === "done")
      return onEvent({ kind: "fetched", name: event.name, cached: event.cached, bytes: event.bytes });
    bytes += event.bytes;
    onEvent({ kind: "fetch", name: event.name, bytes, total: Math.max(total, bytes) });
  };
  const paths = await mapLimited(offers, options.parallel ?? DEFAULTS.parallel, async (offer) => {
    if (offer.url.startsWith("file:")) return localStone(offer);
    const path = downloadPath(cache, offer.id);
    const request = { url: offer.url, path, sha256: offer.id, name: offer.meta.name };
    await download(offer.size > 0 ? { ...request, size: offer.size } : request, { ...options, onEvent: tell });
    return path;
  });
  return new Map(offers.map(({ id }, i) => [id, paths[i] ?? ""]));
}

function localStone({ url }: CollectionOffer): string {
  const path = fileURLToPath(url);
  if (!existsSync(path)) {
    throw new Failure("fetch.failed", `Cannot read "${path}": nothing is there, expected a stone of the collection`, {
      hint: "The index is older than the folder; refresh it with moss collection update.",
    });
  }
  // Whether it is the package that the index names is seen when it is unpacked, by the thread that reads it anyway.
  return path;
}

/** Writes stones into a folder of the user's, under the names that stones have. Gives the paths, in order. */
export async function fetchInto(
  offers: readonly CollectionOffer[],
  folder: string,
  onEvent: EngineListener,
  options: FetchOptions = {},
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  sweepFolders(folder, "moss-fetch");
  const work = `${folder}/.moss-fetch.${process.pid}.part`;
  mkdirSync(work, { recursive: true });
  const held = openSync(work, "r");
  holdUnfinished(held);
  try {
    return await mapLimited(offers, options.parallel ?? DEFAULTS.parallel, async (offer) => {
      const path = `${work}/${offer.id}`;
      const request = { url: offer.url, path, sha256: offer.id, name: offer.meta.name };
      await download(request, {
        ...options,
        onEvent: (event) => {
          if (event.kind === "retry") onEvent(event);
          if (event.kind === "done") onEvent({ kind: "fetched", name: event.name, cached: false, bytes: event.bytes });
        },
      });
      // Versions come from outside, and nobody has checked them for what would lead elsewhere.
      const target = `${folder}/${stoneFileName(offer.meta).replace(/[^A-Za-z0-9._+~:@-]/g, "_")}`;
      renameSync(path, target);
      return target;
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
    closeSync(held);
  }
}
