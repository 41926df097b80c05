// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Files that are read into memory, such as indexes: bounded, and fetched only where they have changed. */
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { concat } from "#base/bytes";
import { Failure } from "#base/errors";
import { DEFAULTS, type DownloadOptions, paceOf } from "#fetch/events";
import { get, Passing, withRetries } from "#fetch/http";

/** What a server said to know a version of a file by. */
export interface Validators {
  readonly etag?: string;
  readonly modified?: string;
}

export interface SmallFile {
  readonly bytes: Uint8Array;
  readonly validators: Validators;
}

/**
 * The bytes of a small file, or undefined where it is still what the validators say. Throws `fetch.toolarge` above
 * `limit` bytes, `fetch.failed`.
 */
export async function fetchSmall(
  url: string,
  limit: number,
  known: Validators = {},
  options: DownloadOptions = {},
  onBytes: (bytes: number, total: number | undefined) => void = () => {},
): Promise<SmallFile | undefined> {
  if (url.startsWith("file:")) {
    const bytes = readLocal(url, limit);
    onBytes(bytes.byteLength, bytes.byteLength);
    return { bytes, validators: {} };
  }
  const { retries = DEFAULTS.retries, backoff = DEFAULTS.backoff, signal } = options;
  const onRetry = (reason: string, wait: number) => options.onEvent?.({ kind: "retry", name: url, reason, wait });
  return await withRetries(url, { retries, backoff, signal, onRetry }, async () => {
    const headers = {
      ...(known.etag === undefined ? {} : { "if-none-match": known.etag }),
      ...(known.modified === undefined ? {} : { "if-modified-since": known.modified }),
    };
    const answer = await get(url, headers, paceOf(options), signal);
    try {
      if (answer.status === 304) return undefined;
      const declared = Number(answer.headers.get("content-length") ?? Number.NaN);
      const total = Number.isNaN(declared) ? undefined : declared;
      if (declared > limit) throw tooLarge(url, limit);
      const chunks: Uint8Array[] = [];
      let have = 0;
      for await (const chunk of answer.chunks) {
        have += chunk.byteLength;
        if (have > limit) throw tooLarge(url, limit);
        chunks.push(chunk);
        onBytes(have, total);
      }
      if (have < declared) throw new Passing(`it ended after ${have} of ${declared} bytes`);
      const etag = answer.headers.get("etag");
      const modified = answer.headers.get("last-modified");
      return {
        bytes: concat(chunks),
        validators: { ...(etag === null ? {} : { etag }), ...(modified === null ? {} : { modified }) },
      };
    } finally {
      answer.cancel();
    }
  });
}

function tooLarge(what: string, limit: number): Failure {
  return new Failure("fetch.toolarge", `Cannot use "${what}": it has more than ${limit} bytes`);
}

function readLocal(url: string, limit: number): Uint8Array {
  const path = fileURLToPath(url);
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw new Failure("fetch.failed", `Cannot read "${path}": it is no file`);
    if (stat.size > limit) throw tooLarge(path, limit);
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure("fetch.failed", `Cannot read "${path}"`, { cause });
  }
}
