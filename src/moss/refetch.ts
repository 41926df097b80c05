// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Stones of installed packages for a repair, from wherever they can still be had. */
import { existsSync } from "node:fs";
import { describeError, Failure } from "#base/errors";
import type { PackageId } from "#model/package";
import type { EngineListener } from "#moss/events";
import type { Moss } from "#moss/moss";
import { downloadPath } from "#moss/plan";
import { bringStones } from "#moss/stones";
import { hashFile } from "#sys/sha256";
import type { FetchPackages } from "#transition/restore";

/** Gets stones by id from the downloads and the collections; tells of those that it cannot get. */
export function refetch(moss: Moss, onEvent: EngineListener): FetchPackages {
  return async (ids) => {
    const catalogue = await moss.catalogue();
    const stones = new Map<PackageId, string>();
    for (const id of ids) {
      const kept = downloadPath(moss.root.cache, id);
      if (existsSync(kept) && hashFile(kept) === id) {
        stones.set(id, kept);
        continue;
      }
      const offer = catalogue.byId(id);
      const name = offer?.meta.name ?? moss.root.package(id)?.meta.name ?? id;
      if (offer === undefined) {
        onEvent({ kind: "warning", message: `No collection offers this build of ${name} any more` });
        continue;
      }
      try {
        for (const [key, path] of await bringStones([offer], moss.root.cache, onEvent)) stones.set(key, path);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        onEvent({ kind: "warning", message: `${name} cannot be fetched again: ${describeError(error)}` });
      }
    }
    return stones;
  };
}
