// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** One file by HTTP: resumed where an earlier attempt stopped, tried again where the server or the line fails. */
import { closeSync, ftruncateSync, openSync, statSync, writeSync } from "node:fs";
import { describeError, Failure } from "#base/errors";

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 500;
/** A connection that brings nothing for so long is given up. */
const IDLE_MS = 60_000;
/** No source archive is larger; a server that sends without end is stopped here. */
const MAX_BYTES = 32 * 1024 ** 3;

/** Is told how many bytes of a file are there, and of how many where the server says so. */
export type OnBytes = (done: number, total: number | undefined) => void;

/** Fetches an address to a file; what the file already holds is taken for the beginning. Throws `fetch.failed`. */
export async function download(
  uri: string,
  destination: string,
  signal?: AbortSignal,
  onBytes?: OnBytes,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await attemptOnce(uri, destination, signal, onBytes);
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (attempt === ATTEMPTS || (error instanceof Failure && error.code !== "fetch.failed")) throw error;
      if (error instanceof NotThere) throw new Failure("fetch.failed", error.message);
      await Bun.sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
  }
}

/** An answer that asking again will not change. */
class NotThere extends Error {}

async function attemptOnce(
  uri: string,
  destination: string,
  signal: AbortSignal | undefined,
  onBytes: OnBytes | undefined,
): Promise<void> {
  const have = statSync(destination, { throwIfNoEntry: false })?.size ?? 0;
  const idle = new AbortController();
  let timer = setTimeout(() => idle.abort(), IDLE_MS);
  const handle = openSync(destination, "a");
  try {
    const response = await fetch(uri, {
      headers: { "user-agent": "boulder", ...(have > 0 ? { range: `bytes=${have}-` } : {}) },
      signal: signal === undefined ? idle.signal : AbortSignal.any([signal, idle.signal]),
      redirect: "follow",
    });
    if (response.status === 416) {
      // What is there is more than the server has: it is not a beginning of it.
      ftruncateSync(handle, 0);
      throw new Failure("fetch.failed", `Cannot fetch "${uri}": what was there before is not a part of it`);
    }
    if (!response.ok) {
      const message = `Cannot fetch "${uri}": status ${response.status}, expected 200`;
      throw response.status >= 500 || response.status === 429
        ? new Failure("fetch.failed", message)
        : new NotThere(message);
    }
    if (response.status !== 206) ftruncateSync(handle, 0);
    let size = response.status === 206 ? have : 0;
    // Of what the server packs for the way, the length is that of the packed bytes.
    const packed = response.headers.has("content-encoding");
    const length = packed ? 0 : Number(response.headers.get("content-length") ?? "");
    const total = length > 0 ? size + length : undefined;
    const body: AsyncIterable<Uint8Array> | undefined = response.body ?? undefined;
    if (body === undefined) return;
    for await (const chunk of body) {
      clearTimeout(timer);
      timer = setTimeout(() => idle.abort(), IDLE_MS);
      size += chunk.byteLength;
      if (size > MAX_BYTES) throw new Failure("fetch.toolarge", `Cannot fetch "${uri}": more than 32 GiB`);
      for (let at = 0; at < chunk.byteLength; ) at += writeSync(handle, chunk, at);
      onBytes?.(size, total);
    }
  } catch (error) {
    if (error instanceof Failure || error instanceof NotThere) throw error;
    throw new Failure("fetch.failed", `Cannot fetch "${uri}": ${describeError(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
    closeSync(handle);
  }
}
