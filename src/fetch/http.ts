// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** One request: with limits on silence and slowness, and failures sorted into those that may pass and those that will not. */
import { describeError, Failure } from "#base/errors";
import type { Pace } from "#fetch/events";

/** A failure that another attempt may not meet. */
export class Passing extends Error {
  /** Milliseconds that the server asks to wait. */
  readonly wait: number | undefined;

  constructor(message: string, options: { readonly cause?: unknown; readonly wait?: number } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.wait = options.wait;
  }
}

const AGAIN = new Set([408, 425, 429, 500, 502, 503, 504]);
const MAX_WAIT = 20_000;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Pieces of the body. Ends with a Passing failure where the server falls silent. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Ends the connection. */
  readonly cancel: () => void;
}

/** Sends a GET. Throws Passing, or `fetch.failed` for an answer that will stay as it is. */
export async function get(
  url: string,
  headers: Readonly<Record<string, string>>,
  { idle, slow, slowTime }: Pace,
  signal?: AbortSignal,
): Promise<Answer> {
  const abort = new AbortController();
  const stop = () => abort.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  const untilSilent = () => setTimeout(() => abort.abort(new Error("nothing came")), idle);
  let timer = untilSilent();
  const finish = () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  };
  const failure = (cause: unknown) => {
    throwIfStopped(signal);
    if (cause instanceof Failure || cause instanceof Passing) return cause;
    return new Passing(abort.signal.aborted ? silence(idle) : reason(cause), { cause });
  };
  let response: Response;
  try {
    // The bytes must be the file's own: an encoding on the way would change sizes and ranges.
    response = await fetch(url, { headers: { "accept-encoding": "identity", ...headers }, signal: abort.signal });
  } catch (cause) {
    finish();
    throw failure(cause);
  }
  const { status } = response;
  if (AGAIN.has(status)) {
    finish();
    await response.body?.cancel();
    const wait = Number(response.headers.get("retry-after") ?? Number.NaN) * 1000;
    throw new Passing(`the server says ${status}`, wait > 0 && wait <= MAX_WAIT ? { wait } : {});
  }
  if (status >= 400 && status !== 416) {
    finish();
    await response.body?.cancel();
    throw new Failure("fetch.failed", `Cannot fetch "${url}": the server says ${status} ${response.statusText}`.trim());
  }
  const onChunk = () => {
    clearTimeout(timer);
    timer = untilSilent();
  };
  const cancel = () => {
    finish();
    abort.abort();
  };
  return { status, headers: response.headers, chunks: chunksOf(response.body), cancel };

  async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
    try {
      if (body !== null) yield* withPace(body, slow, slowTime, onChunk);
    } catch (cause) {
      throw failure(cause);
    } finally {
      finish();
    }
  }
}

/**
 * Hands pieces on, and gives up where fewer than `slow` bytes a second came over `slowTime` milliseconds: silence alone would
 * let a server hold us for ever with a byte now and then. Time in which nobody asked for more, for the disk is slow or there
 * is a pause, is not the server's. Throws Passing.
 */
async function* withPace(
  body: ReadableStream<Uint8Array>,
  slow: number,
  slowTime: number,
  onChunk: () => void,
): AsyncGenerator<Uint8Array> {
  let span = 0;
  let came = 0;
  let asked = performance.now();
  for await (const chunk of body) {
    span += performance.now() - asked;
    came += chunk.byteLength;
    if (span >= slowTime) {
      if (came < (slow * span) / 1000) throw new Passing(tooSlow(came, span, slow));
      span = 0;
      came = 0;
    }
    onChunk();
    yield chunk;
    asked = performance.now();
  }
}

/** What went wrong, without the advice that the runtime gives to programmers. */
function reason(cause: unknown): string {
  return describeError(cause).replace(/\.? For more information, pass `verbose: true`.*$/, "");
}

function silence(idle: number): string {
  return `nothing came for ${idle / 1000} s`;
}

function tooSlow(bytes: number, milliseconds: number, slow: number): string {
  const seconds = Math.round(milliseconds / 100) / 10;
  return `only ${bytes} bytes came in ${seconds} s, expected ${slow} a second at least`;
}

/** Throws `interrupted` where whoever asked has stopped it. */
export function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new Failure("interrupted", "Cannot go on fetching: it was stopped");
}

/** Runs an attempt again after failures that may pass, waiting longer each time. */
export async function withRetries<T>(
  what: string,
  options: {
    readonly retries: number;
    readonly backoff: number;
    readonly signal?: AbortSignal | undefined;
    readonly onRetry?: (reason: string, wait: number) => void;
  },
  attempt: () => Promise<T>,
): Promise<T> {
  for (let tried = 0; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Passing)) throw error;
      if (tried >= options.retries) {
        const times = tried === 0 ? "" : ` (${tried + 1} attempts)`;
        throw new Failure("fetch.failed", `Cannot fetch "${what}": ${error.message}${times}`, {
          hint: "Check the network and the address, and try again: what has come already is kept.",
          cause: error.cause,
        });
      }
      const wait = error.wait ?? options.backoff * 2 ** tried;
      options.onRetry?.(error.message, wait);
      await Bun.sleep(wait);
      throwIfStopped(options.signal);
    }
  }
}
