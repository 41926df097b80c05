// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Brings what is known of a collection up to date. The old index stays until the new one is whole and understood. */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Failure } from "#base/errors";
import { bringLists } from "#collections/lists";
import { type Collection, type CollectionSource, describeSource } from "#collections/model";
import { replaceOffers } from "#collections/replace";
import { resolveRootIndex, rootIndexUrl } from "#collections/root-index";
import { COLLECTIONS, type CollectionRecord } from "#collections/schema";
import type { CollectionStore } from "#collections/store";
import type { DownloadOptions } from "#fetch/events";
import { fetchSmall, type SmallFile } from "#fetch/small";
import type { PackageOffer } from "#model/package";
import { indexFolder, streamIndex } from "#stone/repository";
import { sha256Hex } from "#sys/sha256";

export type RefreshEvent =
  | { readonly kind: "bytes"; readonly collection: string; readonly bytes: number; readonly total?: number }
  | { readonly kind: "retry"; readonly collection: string; readonly reason: string; readonly wait: number }
  /** Stones of a folder without an index are being read. */
  | { readonly kind: "indexing"; readonly collection: string; readonly done: number; readonly stones: number }
  /** Another process is storing an index. */
  | { readonly kind: "waiting"; readonly collection: string; readonly owner: string }
  | { readonly kind: "storing"; readonly collection: string; readonly packages: number }
  /** The index is here, the lists of files that it names are not; they are tried again at the next refresh. */
  | { readonly kind: "no-lists"; readonly collection: string; readonly reason: string };

export interface RefreshOptions extends Omit<DownloadOptions, "onEvent"> {
  /** Reads and stores the index even where it seems to be the same. */
  readonly force?: boolean;
  readonly onEvent?: (event: RefreshEvent) => void;
}

export interface Refreshed {
  readonly collection: string;
  /** False where it is still the one that was here. */
  readonly changed: boolean;
  readonly packages: number;
  readonly url: string;
}

/** Bytes that an index may have; one of 65,535 packages has some 30 MB. */
const MAX_INDEX = 1 << 28;
const MAX_ROOT_INDEX = 1 << 22;

/** An index that differs from the one that is here, or undefined. */
interface Arrived {
  readonly url: string;
  readonly file: SmallFile | undefined;
  /** What the index that is here is known by from now on, where that is more than before. */
  readonly validators?: SmallFile["validators"];
}

/**
 * Refreshes one collection. Throws `fetch.*`, `stone.*` for an index that is damaged (the old one stays), and
 * `collection.invalid` for a root index that has not what the definition names, or for a place that has no index.
 */
export async function refresh(
  store: CollectionStore,
  collection: Collection,
  options: RefreshOptions = {},
): Promise<Refreshed> {
  const { name } = collection;
  const source = describeSource(collection.source);
  const old = store.record(name);
  // An older moss has not looked whether the index names lists of files, so that it has to come again.
  const whole = old?.source === source && old.files !== undefined;
  const known = whole && options.force !== true ? old : undefined;
  const { url, file, validators } = await arrive(store, collection, known, options);
  const refreshed = Date.now();
  if (file === undefined && known !== undefined) {
    store.writable().update((tx) => {
      const records = tx.bucket(COLLECTIONS);
      // Another process may have stored a newer one meanwhile, or lists of files.
      const now = records.get(name);
      if (now?.generation !== known.generation) return;
      records.set(name, { ...now, refreshed, ...(validators === undefined ? {} : { validators }) });
    });
    await listsOf(store, name, known, options);
    return { collection: name, changed: false, packages: known.packages, url };
  }
  if (file === undefined) throw new Failure("fetch.failed", `Cannot fetch "${url}": the server sent nothing`);
  const described = { url, source, validators: file.validators, refreshed };
  const record = await takeIn(store, name, file.bytes, described, options);
  await listsOf(store, name, record, options);
  return { collection: name, changed: true, packages: record.packages, url };
}

/** Stores what an index offers. */
async function takeIn(
  store: CollectionStore,
  name: string,
  bytes: Uint8Array,
  described: Omit<CollectionRecord, "generation" | "packages" | "files">,
  { onEvent }: RefreshOptions,
): Promise<CollectionRecord> {
  const { url } = described;
  const index = streamIndex(bytes, url);
  const files = index.files === undefined ? false : { ...index.files, stored: false };
  const database = store.writable();
  using _lock = await store.alone((owner) => onEvent?.({ kind: "waiting", collection: name, owner }));
  onEvent?.({ kind: "storing", collection: name, packages: index.packages });
  return replaceOffers(database, name, checked(index, url), { ...described, files });
}

/** Brings the lists of files that are not here yet. */
async function listsOf(
  store: CollectionStore,
  collection: string,
  record: CollectionRecord,
  options: RefreshOptions,
): Promise<void> {
  const plain = downloadOptions(collection, options);
  const total = record.files === undefined || record.files === false ? 0 : record.files.size;
  let bytes = 0;
  const settings: DownloadOptions = {
    ...plain,
    onEvent: (event) => {
      if (event.kind !== "bytes") return plain.onEvent?.(event);
      bytes += event.bytes;
      options.onEvent?.({ kind: "bytes", collection, bytes, total });
    },
  };
  const reason = await bringLists(store, collection, record, settings, async () => {
    return await store.alone((owner) => options.onEvent?.({ kind: "waiting", collection, owner }));
  });
  if (reason !== undefined) options.onEvent?.({ kind: "no-lists", collection, reason });
}

function* checked(offers: Iterable<PackageOffer>, url: string): Generator<PackageOffer> {
  for (const offer of offers) {
    checkAddress(offer, url);
    yield offer;
  }
}

async function arrive(
  store: CollectionStore,
  { name, source }: Collection,
  known: CollectionRecord | undefined,
  options: RefreshOptions,
): Promise<Arrived> {
  const { onEvent } = options;
  const settings = downloadOptions(name, options);
  const url = "uri" in source ? source.uri : await rootIndexed(source, settings);
  const local = localPath(url);
  if (local !== undefined) return await fromFolder(store, name, local, known, onEvent);
  const address = new URL(url).pathname.endsWith(".index") ? url : `${url.replace(/\/$/, "")}/stone.index`;
  const validators = known?.url === address ? known.validators : {};
  const file = await fetchSmall(address, MAX_INDEX, validators, settings, (bytes, total) => {
    onEvent?.({ kind: "bytes", collection: name, bytes, ...(total === undefined ? {} : { total }) });
  });
  return { url: address, file };
}

function downloadOptions(collection: string, options: RefreshOptions): DownloadOptions {
  const { onEvent, force: _force, ...rest } = options;
  return {
    ...rest,
    onEvent: (event) => {
      if (event.kind === "retry") onEvent?.({ kind: "retry", collection, reason: event.reason, wait: event.wait });
    },
  };
}

async function rootIndexed(
  source: Exclude<CollectionSource, { readonly uri: string }>,
  settings: DownloadOptions,
): Promise<string> {
  const url = rootIndexUrl(source);
  const file = await fetchSmall(url, MAX_ROOT_INDEX, {}, settings);
  if (file === undefined) throw new Failure("fetch.failed", `Cannot fetch "${url}": the server sent nothing`);
  return resolveRootIndex(source, file.bytes);
}

/** The path of what lies on this machine; undefined for an address of the network. */
function localPath(uri: string): string | undefined {
  if (isAbsolute(uri)) return uri;
  let protocol: string;
  try {
    ({ protocol } = new URL(uri));
  } catch {
    throw new Failure("collection.invalid", `Cannot use "${uri}": it is neither an address nor an absolute path`);
  }
  if (protocol === "http:" || protocol === "https:") return undefined;
  if (protocol === "file:") return fileURLToPath(uri);
  throw new Failure("collection.invalid", `Cannot use "${uri}": expected http:, https:, file: or an absolute path`);
}

/** An index on this machine, or the index of a folder, made on the fly where only stones lie in it. */
async function fromFolder(
  store: CollectionStore,
  name: string,
  place: string,
  known: CollectionRecord | undefined,
  onEvent: RefreshOptions["onEvent"],
): Promise<Arrived> {
  const stat = statSync(place, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new Failure("fetch.failed", `Cannot read "${place}": nothing is there, expected a folder or an index`);
  }
  let path = stat.isDirectory() ? join(place, "stone.index") : place;
  if (statSync(path, { throwIfNoEntry: false }) === undefined) path = await makeIndex(store, name, place, onEvent);
  const url = pathToFileURL(path).href;
  const old = known?.url === url ? known.validators : {};
  // What the file system says of a file that was not touched is enough; a file that says something else is read.
  const modified = stampOf(path);
  if (modified !== undefined && modified === old.modified) return { url, file: undefined };
  const bytes = readWhole(path);
  onEvent?.({ kind: "bytes", collection: name, bytes: bytes.byteLength, total: bytes.byteLength });
  const etag = `sha256 ${sha256Hex(bytes)}`;
  const validators = { etag, ...(modified === undefined ? {} : { modified }) };
  return { url, file: etag === old.etag ? undefined : { bytes, validators }, validators };
}

/** A file changed twice within one tick of the clock has one stamp for two contents, so that young files have none. */
const SETTLED_MS = 1000;

function stampOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined || Number(stat.ctimeMs) + SETTLED_MS > Date.now()) return undefined;
  return [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(" ");
}

/** The index of a folder in which only stones lie, made apart from it: the folder may be anybody's. Gives its path. */
async function makeIndex(
  store: CollectionStore,
  name: string,
  folder: string,
  onEvent: RefreshOptions["onEvent"],
): Promise<string> {
  store.writable();
  const path = join(store.folder, "made", `${name}.index`);
  mkdirSync(join(store.folder, "made"), { recursive: true });
  let stones = 0;
  await indexFolder(folder, {
    out: path,
    profile: "fast",
    collisions: false,
    onEvent: (event) => {
      if (event.type === "found") stones = event.stones;
      if (event.type === "read") onEvent?.({ kind: "indexing", collection: name, done: event.done, stones });
    },
  });
  return path;
}

function readWhole(path: string): Uint8Array {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isFile()) throw new Failure("fetch.failed", `Cannot read "${path}": it is no file`);
  if ((stat?.size ?? 0) > MAX_INDEX) {
    throw new Failure("fetch.toolarge", `Cannot use "${path}": it has more than ${MAX_INDEX} bytes`);
  }
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Failure("fetch.failed", `Cannot read "${path}"`, { cause });
  }
}

/** An index that came by network must not name files of this machine, or anything but files to fetch. */
function checkAddress({ uri, meta }: PackageOffer, index: string): void {
  let protocol: string | undefined;
  try {
    ({ protocol } = new URL(uri, index));
  } catch {
    protocol = undefined;
  }
  const web = protocol === "http:" || protocol === "https:";
  if (web || (protocol === "file:" && index.startsWith("file:"))) return;
  throw new Failure("collection.invalid", `Cannot use "${index}": the address "${uri}" of "${meta.name}" is refused`, {
    hint: "Stones must lie where their index lies, or at an http: or https: address.",
  });
}
