// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The collections of a profile: refreshed into a store that all builds share, and asked there. */
import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "#base/errors";
import { mapLimited } from "#base/parallel";
import type { Collection } from "#collections/model";
import { refresh } from "#collections/refresh";
import { CollectionStore } from "#collections/store";
import { downloadPath } from "#moss/plan";
import { indexFolder, readIndex } from "#stone/repository";
import { sha256Hex } from "#sys/sha256";
import type { ProfileCollection } from "../profile/model";
import { type Download, isAddress } from "../upstreams/archives";
import { Offers, type RootOffer } from "./resolve";

export interface CollectionOptions {
  /** Folder for what collections offer. */
  readonly cache: string;
  /** Looks again for indexes that are there already. */
  readonly refresh: boolean;
  /** Collections by the name that people know them by. */
  readonly known: ReadonlyMap<string, string>;
}

/** What the active collections of a profile offer. Folders are indexed where their index is not of now. */
export async function openCollections(
  collections: readonly ProfileCollection[],
  options: CollectionOptions,
): Promise<Offers> {
  const store = new CollectionStore(options.cache);
  const opened = await openAll(store, collections, options);
  const names = new Map(opened.map(({ name, known }) => [known.name, name]));
  // A refresh after this changes the record for good, so that what is kept under this version is never asked for again.
  const version = JSON.stringify(opened.map(({ name, known }) => [name, known, store.record(known.name)]));
  return new Offers(store.catalogue(opened.map(({ known }) => known)), names, { folder: options.cache, version });
}

/** How many packages each active collection of a profile offers, by its name, after looking at all of them. */
export async function countPackages(
  collections: readonly ProfileCollection[],
  options: CollectionOptions,
): Promise<Map<string, number>> {
  using store = new CollectionStore(options.cache);
  const opened = await openAll(store, collections, { ...options, refresh: true });
  return new Map(opened.map(({ name, known }) => [name, store.record(known.name)?.packages ?? 0]));
}

/** Refreshes where that is to be done. Collections whose folder does not exist yet are left out. */
async function openAll(
  store: CollectionStore,
  collections: readonly ProfileCollection[],
  options: CollectionOptions,
): Promise<{ readonly name: string; readonly known: Collection }[]> {
  const active = collections.filter((collection) => collection.active);
  const opened = await mapLimited(active, 4, async (collection) => {
    const place = await placeOf(collection, options);
    if (place === undefined) return [];
    const { name, description, priority } = collection;
    // Profiles may call different places by one name, so that the name alone is no key.
    const key = `${sha256Hex(place).slice(0, 16)}-${name}`.slice(0, 64);
    const known = { name: key, description, source: { uri: place }, priority, active: true, file: "", vendor: false };
    if (options.refresh || !isCurrent(place, store.record(key)?.refreshed)) await refresh(store, known);
    return [{ name, known }];
  });
  return opened.flat();
}

/** Clocks of file systems and of programs differ by this much at most, in milliseconds. */
const CLOCK_SLACK = 2000;

/** Was an index read when it was as it is now? One that comes by network is only looked at when that is asked for. */
function isCurrent(place: string, refreshed: number | undefined): boolean {
  if (refreshed === undefined) return false;
  if (isAddress(place)) return true;
  const stat = statSync(place);
  // What lies in a folder without an index may have changed without any sign.
  return !stat.isDirectory() && stat.ctimeMs + CLOCK_SLACK < refreshed;
}

/** The address of a collection's index, or its path; undefined where there is no such folder yet. */
async function placeOf(collection: ProfileCollection, options: CollectionOptions): Promise<string | undefined> {
  const uri = options.known.get(collection.uri) ?? collection.uri;
  return uri.startsWith("file:") || !isAddress(uri) ? await localIndex(collection, uri) : uri;
}

/** The index of a folder, made anew where stones are younger than it; undefined where there is no such folder yet. */
async function localIndex(collection: ProfileCollection, uri: string): Promise<string | undefined> {
  const place = uri.startsWith("file:") ? fileURLToPath(uri) : uri;
  if (!place.includes("/")) {
    throw new Failure(
      "collection.unknown",
      `Cannot use the collection "${collection.name}": "${uri}" is no known collection, expected a folder or an address`,
      { hint: `Name its place: boulder profile add NAME -r name=${collection.name},uri=/path/of/the/folder` },
    );
  }
  const path = resolve(place);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isDirectory()) return stat === undefined ? undefined : path;
  const index = join(path, "stone.index");
  // Somebody else's folder in which only stones lie: its index is made apart from it.
  if (!existsSync(index) && !isWritable(path)) return path;
  if (!isFresh(path, index)) await indexFolder(path);
  return index;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Is the index younger than every stone below the folder, and is each of its stones there? */
function isFresh(folder: string, index: string): boolean {
  const made = statSync(index, { throwIfNoEntry: false });
  if (made === undefined) return false;
  const stones = new Set<string>();
  // A folder whose names changed after the index was put there may lack stones that the index tells of.
  let untouched = statSync(folder).mtimeMs <= made.ctimeMs;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) untouched &&= statSync(path).mtimeMs <= made.ctimeMs;
    if (!entry.name.endsWith(".stone")) continue;
    stones.add(relative(folder, path));
    // The change time, as a stone that is moved here keeps the time of its bytes.
    if (statSync(path).ctimeMs > made.ctimeMs) return false;
  }
  if (untouched) return true;
  return readIndex(index).every((offer) => isAddress(offer.uri) || stones.has(decodeURI(offer.uri)));
}

/** The file of a stone: where it lies, or fetched and verified into the downloads of a cache. Throws `fetch.*`. */
export async function stoneFile(
  { id, uri, size, meta }: RootOffer["offer"],
  cache: string,
  download: Download,
): Promise<string> {
  if (uri.startsWith("file:")) return fileURLToPath(uri);
  const path = downloadPath(cache, id);
  await download({ url: uri, path, sha256: id, name: meta.name, ...(size > 0 ? { size } : {}) }, {});
  return path;
}
