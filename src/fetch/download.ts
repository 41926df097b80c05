// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Downloads of files by address and hash: several at once, resumed where they stopped, tried again, bounded in size, and
 * moved to their place only once their SHA-256 is right. What is not whole lies beside it as `.part`.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { errnoCode, Failure } from "#base/errors";
import { mapLimited } from "#base/parallel";
import { DEFAULTS, type DownloadOptions, type DownloadRequest, paceOf } from "#fetch/events";
import { get, Passing, throwIfStopped, withRetries } from "#fetch/http";
import { FileLock } from "#sys/lock";
import { hashFile, Sha256 } from "#sys/sha256";
import { writeFully } from "#sys/write";

const CHUNK = 1024 * 1024;

/** Fetches every file that is not there yet. The first failure ends it. Throws fetch.* and `disk.full`. */
export async function downloadAll(requests: readonly DownloadRequest[], options: DownloadOptions = {}): Promise<void> {
  await mapLimited(
    requests,
    options.parallel ?? DEFAULTS.parallel,
    async (request) => await download(request, options),
  );
}

/** Fetches one file. */
export async function download(request: DownloadRequest, options: DownloadOptions = {}): Promise<void> {
  const { path, name, sha256 } = request;
  const tell = options.onEvent ?? (() => {});
  if (sha256 !== undefined && existsSync(path)) {
    if (hashFile(path) === sha256) {
      const { size } = statSync(path);
      tell({ kind: "bytes", name, bytes: size });
      tell({ kind: "done", name, cached: true, bytes: size });
      return;
    }
    rmSync(path);
  }
  mkdirSync(dirname(path), { recursive: true });
  // Another may be fetching the same file: then this one does it for itself.
  using lock = lockOf(path);
  const part = lock === undefined ? `${path}.${process.pid}-${++alone}.part` : `${path}.part`;
  try {
    await withRetries(
      request.url,
      {
        retries: options.retries ?? DEFAULTS.retries,
        backoff: options.backoff ?? DEFAULTS.backoff,
        signal: options.signal,
        onRetry: (reason, wait) => tell({ kind: "retry", name, reason, wait }),
      },
      async () => await attempt(request, part, options),
    );
    renameSync(part, path);
  } catch (error) {
    if (errnoCode(error) === "ENOSPC" || errnoCode(error) === "EDQUOT") {
      throw new Failure("disk.full", `Cannot fetch "${name}": no space is left at ${dirname(path)}`, { cause: error });
    }
    throw error;
  } finally {
    if (lock === undefined) rmSync(part, { force: true });
    else rmSync(`${path}.lock`, { force: true });
  }
  tell({ kind: "done", name, cached: false, bytes: statSync(path).size });
}

let alone = 0;

/** The lock on the part of a file; undefined where another has it. The lock file goes with its holder. */
function lockOf(path: string): FileLock | undefined {
  for (;;) {
    const lock = FileLock.tryAcquire(`${path}.lock`, "exclusive", "");
    if (lock === undefined || lock.isAt(`${path}.lock`)) return lock;
    lock[Symbol.dispose]();
  }
}

/** One attempt: goes on from what is there of the file. */
async function attempt(request: DownloadRequest, part: string, options: DownloadOptions): Promise<void> {
  const { url, sha256, size } = request;
  throwIfStopped(options.signal);
  const fd = openSync(part, "a+", 0o644);
  try {
    const hash = new Sha256();
    let have = hashInto(hash, fd);
    if (size !== undefined && size > 0 && have > size) {
      ftruncateSync(fd, 0);
      throw new Passing("the part that was there is too long");
    }
    const resumed = have > 0;
    if (resumed) options.onEvent?.({ kind: "bytes", name: request.name, bytes: have });
    if (!resumed || have !== size) have = await receive(request, fd, hash, have, options);
    const found = hash.hex();
    if (sha256 !== undefined && found !== sha256) {
      ftruncateSync(fd, 0);
      options.onEvent?.({ kind: "bytes", name: request.name, bytes: -have });
      // The old part may have been of another file.
      if (resumed) throw new Passing("the resumed file has another hash");
      throw new Failure("fetch.digest", `Cannot use "${url}": its SHA-256 is ${found}, expected ${sha256}`, {
        hint: "The index may be older than the file; refresh the collection with moss collection update.",
      });
    }
  } finally {
    closeSync(fd);
  }
}

/** Receives the rest of a file. Gives its length. */
async function receive(
  request: DownloadRequest,
  fd: number,
  hash: Sha256,
  start: number,
  options: DownloadOptions,
): Promise<number> {
  const { url, size, name } = request;
  const limit = size === undefined || size === 0 ? (options.limit ?? DEFAULTS.limit) : size;
  let have = start;
  let total = size;
  const take = (chunk: Uint8Array) => {
    if (have + chunk.byteLength > limit) {
      ftruncateSync(fd, 0);
      throw new Failure("fetch.toolarge", `Cannot use "${url}": it has more than ${limit} bytes`, {
        hint: "The index may be older than the file; refresh the collection with moss collection update.",
      });
    }
    writeFully(fd, chunk);
    hash.update(chunk);
    have += chunk.byteLength;
    options.onEvent?.({ kind: "bytes", name, bytes: chunk.byteLength, ...(total === undefined ? {} : { total }) });
  };
  if (url.startsWith("file:")) {
    copyLocal(url, start, take);
  } else {
    const headers: Record<string, string> = start > 0 ? { range: `bytes=${start}-` } : {};
    const answer = await get(url, headers, paceOf(options), options.signal);
    try {
      if (start > 0 && !continues(answer.status, answer.headers, start)) {
        ftruncateSync(fd, 0);
        options.onEvent?.({ kind: "bytes", name, bytes: -start });
        throw new Passing("the server does not resume", { wait: 0 });
      }
      if (start === 0 && answer.status !== 200) {
        throw new Failure("fetch.failed", `Cannot fetch "${url}": the server says ${answer.status}, expected 200`);
      }
      const declared = Number(answer.headers.get("content-length") ?? Number.NaN);
      if (declared > 0) total ??= start + declared;
      for await (const chunk of answer.chunks) take(chunk);
      if (have - start < declared) throw new Passing(`it ended after ${have} of ${start + declared} bytes`);
    } finally {
      answer.cancel();
    }
  }
  if (size !== undefined && size > 0 && have < size) throw new Passing(`it ended after ${have} of ${size} bytes`);
  return have;
}

function continues(status: number, headers: Headers, start: number): boolean {
  return status === 206 && headers.get("content-range")?.startsWith(`bytes ${start}-`) === true;
}

function copyLocal(url: string, start: number, take: (chunk: Uint8Array) => void): void {
  let fd: number;
  try {
    fd = openSync(fileURLToPath(url), "r");
  } catch (cause) {
    throw new Failure("fetch.failed", `Cannot read "${url}"`, { cause });
  }
  try {
    if (!fstatSync(fd).isFile()) throw new Failure("fetch.failed", `Cannot read "${url}": it is no file`);
    const buffer = new Uint8Array(CHUNK);
    for (let at = start; ; ) {
      const count = readSync(fd, buffer, 0, CHUNK, at);
      if (count === 0) return;
      take(buffer.subarray(0, count));
      at += count;
    }
  } finally {
    closeSync(fd);
  }
}

/** Hashes what a file holds already; its length. */
function hashInto(hash: Sha256, fd: number): number {
  const buffer = new Uint8Array(CHUNK);
  for (let at = 0; ; ) {
    const count = readSync(fd, buffer, 0, CHUNK, at);
    if (count === 0) return at;
    hash.update(buffer.subarray(0, count));
    at += count;
  }
}
