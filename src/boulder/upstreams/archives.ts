// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The cache of source archives, by SHA-256 of their bytes: `<cache>/archives/<2 hex>/<hash>`. The same bytes from another
 * address are fetched once; a file is checked each time before it is used, and one that is wrong is fetched again.
 */
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describeError, Failure } from "#base/errors";
import type { DownloadOptions, DownloadRequest } from "#fetch/events";
import { FileLock, lockOwner, waitForLock } from "#sys/lock";
import { hashFile } from "#sys/sha256";
import type { ArchiveUpstream } from "../recipe/model";

/** Fetches one file: `download` of #fetch/download, with whatever shows its progress. */
export type Download = (request: DownloadRequest, options: DownloadOptions) => Promise<void>;

export interface SourceOptions {
  /** Folder of the cache; made where it is missing. */
  readonly cache: string;
  /** Folders, or addresses of folders, that hold files by their hash or their name; asked before the upstream itself. */
  readonly mirrors: readonly string[];
  /** Without any network: only the cache, mirrors that are folders, and file:// addresses. */
  readonly offline: boolean;
  readonly download: Download;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: SourceEvent) => void;
}

export type SourceEvent =
  | { readonly kind: "cached"; readonly name: string }
  | { readonly kind: "fetching"; readonly name: string; readonly uri: string }
  /** The signature that the recipe names is right. */
  | { readonly kind: "signed"; readonly name: string }
  | { readonly kind: "failed"; readonly name: string; readonly uri: string; readonly reason: string }
  | { readonly kind: "fetched"; readonly name: string; readonly uri: string; readonly bytes: number };

/** No source archive is larger; a server that sends without end is stopped here. */
const MAX_BYTES = 32 * 1024 ** 3;

/** Where the cache keeps an archive. */
export function archivePath(cache: string, hash: string): string {
  return join(cache, "archives", hash.slice(0, 2), hash);
}

/**
 * The verified file of an archive, from the cache, a mirror or the upstream. Throws `upstream.digest` where the bytes found are
 * not those that the recipe names, `upstream.failed` where no place gives them.
 */
export async function fetchArchive(upstream: ArchiveUpstream, options: SourceOptions): Promise<string> {
  const path = archivePath(options.cache, upstream.hash);
  const name = upstream.fileName;
  if (existsSync(path)) {
    if (hashFile(path) === upstream.hash) {
      options.onEvent?.({ kind: "cached", name });
      return path;
    }
    rmSync(path);
  }
  mkdirSync(dirname(path), { recursive: true });
  // Not the lock of the download itself, which does not wait.
  using _lock = await lockFor(`${path}.turn.lock`);
  // Another boulder may have fetched it while we waited.
  if (existsSync(path) && hashFile(path) === upstream.hash) return path;
  const reasons: string[] = [];
  let digest: Failure | undefined;
  for (const uri of placesOf(upstream, options)) {
    options.onEvent?.({ kind: "fetching", name, uri });
    try {
      const { signal } = options;
      const request = { url: uri, path, sha256: upstream.hash, name };
      await options.download(request, { limit: MAX_BYTES, ...(signal === undefined ? {} : { signal }) });
      options.onEvent?.({ kind: "fetched", name, uri, bytes: statSync(path).size });
      return path;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof Failure && error.code === "fetch.digest") {
        digest = otherBytes(error);
        reasons.push(error.message);
        rmSync(`${path}.part`, { force: true });
      } else if (error instanceof Failure && error.code === "disk.full") throw error;
      // The sentence that these become a part of says what could not be done.
      else reasons.push(describeError(error).replace(/^Cannot fetch /, ""));
    }
    options.onEvent?.({ kind: "failed", name, uri, reason: reasons.at(-1) ?? "" });
  }
  if (digest !== undefined) throw digest;
  const tried = reasons.length === 0 ? "it is in neither the cache nor a mirror" : reasons.join("; ");
  throw new Failure("upstream.failed", `Cannot fetch "${name}": ${tried}`, {
    hint: options.offline
      ? "Run boulder fetch with a network first, or name a folder that has it with --mirror."
      : "Name a folder or address that has it with --mirror.",
  });
}

function otherBytes(error: Failure): Failure {
  return new Failure("upstream.digest", error.message, {
    hint: "If the upstream has changed its file on purpose, look at what changed before writing the new hash.",
    cause: error,
  });
}

/** The places to ask, in order. A mirror has files under their hash or under their name. */
function placesOf(upstream: ArchiveUpstream, options: SourceOptions): string[] {
  const { hash, fileName } = upstream;
  const mirrored = options.mirrors.flatMap((mirror) => {
    const names = [hash, `${hash.slice(0, 2)}/${hash}`, encodeURIComponent(fileName)];
    const base = isAddress(mirror) ? mirror.replace(/\/?$/, "/") : `${pathToFileURL(resolve(mirror)).href}/`;
    return names.map((name) => base + name).filter((uri) => !uri.startsWith("file:") || existsSync(fileURLToPath(uri)));
  });
  const places = [...mirrored, upstream.uri, ...upstream.mirrors];
  return options.offline ? places.filter((uri) => uri.startsWith("file:")) : places;
}

export function isAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

/** Milliseconds to wait for a download of somebody else. */
const LONGEST_WAIT = 3_600_000;

/** Takes a lock of the cache, waiting for another boulder that fetches the same thing. */
export async function lockFor(path: string): Promise<FileLock> {
  const take = () => FileLock.tryAcquire(path, "exclusive", `${process.pid}`);
  const lock = await waitForLock(take, { atMost: LONGEST_WAIT });
  if (lock !== undefined) return lock;
  throw new Failure("root.busy", `Cannot lock "${path}": process ${lockOwner(path)} has held it for an hour`);
}
