// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The collections of a profile, read: what each offers, and where its stones lie. */
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Failure } from "#base/errors";
import { mapLimited } from "#base/parallel";
import { indexFolder, readIndex } from "#stone/repository";
import { sha256Hex } from "#sys/sha256";
import type { ProfileCollection } from "../profile/model";
import { type Download, isAddress } from "../upstreams/archives";
import type { RootOffer } from "./resolve";

export interface CollectionOptions {
  /** Folder for indexes that come by network. */
  readonly cache: string;
  readonly download: Download;
  /** Fetches indexes again that are there already. */
  readonly refresh: boolean;
  /** Collections by the name that people know them by. */
  readonly known: ReadonlyMap<string, string>;
}

/** The offers of a profile's active collections. Folders without an index are indexed first. */
export async function readCollections(
  collections: readonly ProfileCollection[],
  options: CollectionOptions,
): Promise<RootOffer[]> {
  const active = collections.filter((collection) => collection.active);
  const lists = await mapLimited(active, 4, async (collection) => {
    const index = await indexOf(collection, options);
    if (index === undefined) return [];
    const { path, base } = index;
    return readIndex(path).map((offer): RootOffer => {
      const uri = new URL(offer.uri, base).href;
      return { offer: { ...offer, uri }, collection: collection.name, priority: collection.priority };
    });
  });
  return lists.flat();
}

interface Index {
  readonly path: string;
  /** Address that the stones' addresses are relative to. */
  readonly base: string;
}

async function indexOf(collection: ProfileCollection, options: CollectionOptions): Promise<Index | undefined> {
  const uri = options.known.get(collection.uri) ?? collection.uri;
  if (uri.startsWith("file:") || !isAddress(uri)) return localIndex(collection, uri);
  const address = uri.endsWith(".index") ? uri : `${uri.replace(/\/$/, "")}/stone.index`;
  const path = join(options.cache, `${sha256Hex(address).slice(0, 16)}-${collection.name}.index`);
  if (options.refresh || !existsSync(path)) {
    mkdirSync(options.cache, { recursive: true });
    const part = `${path}.${process.pid}.part`;
    await options.download(address, part, undefined);
    renameSync(part, path);
  }
  return { path, base: address };
}

/** The index of a folder, made anew where stones are younger than it; undefined where there is no such folder yet. */
async function localIndex(collection: ProfileCollection, uri: string): Promise<Index | undefined> {
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
  if (stat === undefined) return undefined;
  if (!stat.isDirectory()) return { path, base: pathToFileURL(path).href };
  const index = join(path, "stone.index");
  if (!isFresh(path, index)) await indexFolder(path);
  return { path: index, base: pathToFileURL(index).href };
}

/** Is the index younger than every stone below the folder, and is each of its stones there? */
function isFresh(folder: string, index: string): boolean {
  const made = statSync(index, { throwIfNoEntry: false });
  if (made === undefined) return false;
  const stones = new Set<string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".stone")) continue;
    stones.add(name);
    // The change time, as a stone that is moved here keeps the time of its bytes.
    if (statSync(join(folder, name)).ctimeMs > made.ctimeMs) return false;
  }
  return readIndex(index).every((offer) => isAddress(offer.uri) || stones.has(decodeURI(offer.uri)));
}

/** The folder of a stone's cache file, by its id. */
export function downloadPath(downloads: string, id: string): string {
  return join(downloads, id.slice(0, 2), id);
}

/** The file of a stone: where it lies, or fetched and verified into the downloads. */
export async function stoneFile(
  offer: RootOffer["offer"],
  downloads: string,
  download: Download,
  hashFile: (path: string) => string,
): Promise<string> {
  if (offer.uri.startsWith("file:")) return fileURLToPath(offer.uri);
  const path = downloadPath(downloads, offer.id);
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  await download(offer.uri, part, undefined);
  const found = hashFile(part);
  if (found !== offer.id) {
    throw new Failure("fetch.digest", `Cannot use "${offer.uri}": its SHA-256 is ${found}, expected ${offer.id}`);
  }
  renameSync(part, path);
  return path;
}
