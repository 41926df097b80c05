// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Where the collections lie that profiles only name: those that moss knows, and those that this system's moss has. */
import { join } from "node:path";
import type { CollectionOptions } from "#boulder/root/collections";
import { cacheFolder } from "#cli/boulder/options";
import type { Options } from "#cli/spec";
import { readConfig } from "#collections/config";
import { knownCollections } from "#collections/known";

async function knownPlaces(): Promise<Map<string, string>> {
  const places = new Map([...knownCollections()].map(([name, item]) => [name, item.uri]));
  for (const { name, source } of await readConfig("/")) if ("uri" in source) places.set(name, source.uri);
  return places;
}

/** How the collections of a profile are read. */
export async function collectionOptions(options: Options, refresh: boolean): Promise<CollectionOptions> {
  return { cache: join(cacheFolder(options), "indexes"), refresh, known: await knownPlaces() };
}
