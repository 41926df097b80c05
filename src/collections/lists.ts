// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Brings the lists of files that an index names, after the index itself: a collection is of use without them. They are fetched, like
 * stones, by hash, size and address, and are checked whole; what is wrong with them is told and never ends a refresh.
 */
import { edenGC } from "bun:jsc";
import { rmSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describeError, errnoCode, Failure } from "#base/errors";
import { hasLists } from "#collections/kept-lists";
import { COLLECTIONS, type CollectionRecord, FILES, IDS, offersOf } from "#collections/schema";
import { inTransactions, type Step } from "#collections/steps";
import type { CollectionStore } from "#collections/store";
import { download } from "#fetch/download";
import type { DownloadOptions } from "#fetch/events";
import { decodeFileList, type FileListsRef, listsBeside, readFileLists, unpackedSize } from "#stone/repository";
import { hashFile } from "#sys/sha256";

/** Bytes that the lists of one collection may have. */
const MAX_LISTS = 2 ** 30;
/** Bytes that they may have once they are unpacked: twice those of all that Debian has. zstd packs ten thousand times. */
const MAX_UNPACKED = 2 ** 32;
/** Bytes of one step of storing. */
const STEP = 2 ** 19;
/** Entries that are read before what they took is collected. */
const ENTRIES = 10_000;

/** Where the lists of the index at an address lie. */
function addressOf(index: string): string {
  const url = new URL(index);
  url.pathname = listsBeside(url.pathname);
  return url.href;
}

/** The lists on this machine: fetched to `kept`, or where they lie. Throws fetch.*. */
async function arrive(ref: FileListsRef, url: string, kept: string, options: DownloadOptions): Promise<string> {
  const { sha256, size } = ref;
  if (size > MAX_LISTS) {
    throw new Failure("fetch.toolarge", `Cannot use "${url}": it has ${size} bytes, expected at most ${MAX_LISTS}`);
  }
  if (!url.startsWith("file:")) {
    await download({ url, path: kept, sha256, size, name: url }, options);
    return kept;
  }
  const path = fileURLToPath(url);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) throw new Failure("fetch.failed", `Cannot read "${path}": it is no file`);
  if (stat.size !== size || hashFile(path) !== sha256) {
    throw new Failure("fetch.digest", `Cannot use "${path}": it has another SHA-256 than the index names`);
  }
  return path;
}

/**
 * Reads every list to its end. Before they are stored, and not meanwhile: the collector clears nothing within a transaction. Throws
 * `stone.*`.
 */
function check(path: string, url: string): void {
  let bytes = 0;
  for (const { list } of readFileLists(path, url)) {
    bytes += unpackedSize(list, url);
    if (bytes <= MAX_UNPACKED) continue;
    throw new Failure(
      "stone.limit",
      `Cannot use "${url}": unpacked it has more than ${MAX_UNPACKED} bytes, expected fewer`,
    );
  }
  let entries = 0;
  for (const { id, list } of readFileLists(path, url)) {
    entries += decodeFileList(list, `${url} of ${id}`).entries.length;
    if (entries < ENTRIES) continue;
    entries = 0;
    edenGC();
  }
}

/** Lists are stored as they came; those of packages that are not in the index are left out. */
function* storing(path: string, url: string, generation: number): Generator<Step, undefined> {
  let piece: { readonly id: string; readonly list: Uint8Array }[] = [];
  let bytes = 0;
  const store = (): Step => {
    const some = piece;
    piece = [];
    bytes = 0;
    return (tx) => {
      const home = tx.bucket(offersOf(generation));
      const ids = home.bucket(IDS);
      const lists = home.bucket(FILES);
      for (const { id, list } of some) if (ids.get(id) !== undefined) lists.set(id, list);
    };
  };
  for (const item of readFileLists(path, url)) {
    piece.push(item);
    bytes += item.list.byteLength;
    if (bytes >= STEP) yield store();
  }
  if (piece.length > 0) yield store();
}

/**
 * Brings the lists of a collection whose index is stored and has none yet. Gives what is wrong with them, or undefined; throws only where
 * it was told to stop.
 */
export async function bringLists(
  store: CollectionStore,
  name: string,
  record: CollectionRecord,
  options: DownloadOptions,
  alone: () => Promise<Disposable>,
): Promise<string | undefined> {
  const { files, generation, url: index } = record;
  if (files === undefined || files === false || files.stored) return undefined;
  const url = addressOf(index);
  // By the name of the collection: what is left of a fetch that did not end goes with the next one.
  const kept = `${store.folder}/lists/${name}`;
  try {
    const path = await arrive(files, url, kept, options);
    check(path, url);
    using _lock = await alone();
    // Another process may have stored a newer index meanwhile, and removed this one; or these lists.
    const now = store.record(name);
    if (now?.generation !== generation || now.files === false || hasLists(now)) return undefined;
    const steps = storing(path, url, generation);
    try {
      inTransactions(store.writable(), steps, (tx) => {
        const records = tx.bucket(COLLECTIONS);
        const found = records.get(name);
        if (found?.generation === generation) records.set(name, { ...found, files: { ...files, stored: true } });
      });
    } finally {
      steps.return(undefined);
    }
    rmSync(kept, { force: true });
    return undefined;
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    // Another process may have been quicker, and have taken away what both fetched; or there is a newer index by now.
    const now = store.record(name);
    if (now?.generation !== generation || hasLists(now)) return undefined;
    if (error instanceof Failure) return describeError(error);
    const code = errnoCode(error);
    if (code === undefined) throw error;
    return `Cannot use "${url}": ${code}`;
  }
}
