// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What a thread beside the main one can be asked for, and how its failures come back. Threads, not processes: they end
 * with the process however it ends, so nothing writes on after a crash.
 */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { CODES, type Code, errnoCode, Failure } from "#base/errors";
import type { Place } from "#store/place";
import type { StoneFile } from "#store/unpack";

/** Threads that work at once, this one among them: more would wait for the disk, and each takes memory. */
export const THREADS = Math.min(availableParallelism(), 8);

/** Bytes for the text of a failure in shared memory. */
const FAILURE_ROOM = 8192;

/** State of a helper that carries out units; words of its shared memory. */
export const WORD = { taken: 0, done: 1, failed: 2 } as const;
const HEADER = 16;

export interface UnpackJob {
  readonly kind: "unpack";
  readonly stones: readonly StoneFile[];
  readonly store: string;
  readonly arrival: string;
  /** Assets that are unpacked although the store has them. */
  readonly distrusted: ReadonlySet<string>;
  /** Keeps the temporary names of threads apart. */
  readonly token: string;
  /** One word: the number of the next stone that nobody has taken. */
  readonly next: SharedArrayBuffer;
}

/** Files whose SHA-256 is wanted (`hash-all.ts`): paths, each with a NUL behind it, and shared memory for what comes of it. */
export interface HashJob {
  readonly paths: Uint8Array<SharedArrayBuffer>;
  /** How many files are taken, how many done, and of how many KiB; then the KiB of each. */
  readonly words: SharedArrayBuffer;
  /** For each file its state and its digest. */
  readonly slots: SharedArrayBuffer;
}

export type Message =
  | UnpackJob
  | { readonly kind: "hash"; readonly job: HashJob }
  | { readonly kind: "place"; readonly place: Place; readonly state: SharedArrayBuffer }
  | { readonly kind: "unit"; readonly unit: Uint8Array };

/** A failure as it passes from thread to thread. */
export interface FailureData {
  readonly message: string;
  readonly code?: string;
  readonly hint?: string;
}

export function failureData(error: unknown): FailureData {
  const message = error instanceof Error ? error.message : String(error);
  const code = errnoCode(error);
  const hint = error instanceof Failure ? error.hint : undefined;
  return { message, ...(code === undefined ? {} : { code }), ...(hint === undefined ? {} : { hint }) };
}

function isCode(code: string): code is Code {
  return Object.hasOwn(CODES, code);
}

/** The failure again; a system error keeps its code. */
export function failureFrom({ message, code, hint }: FailureData): Error {
  if (code !== undefined && isCode(code)) return new Failure(code, message, hint === undefined ? {} : { hint });
  return code === undefined ? new Error(message) : Object.assign(new Error(message), { code });
}

export function newState(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER + FAILURE_ROOM);
}

/** Leaves a failure in shared memory and marks it. */
export function leaveFailure(state: SharedArrayBuffer, error: unknown): void {
  const text = Buffer.from(JSON.stringify(failureData(error)));
  const room = new Uint8Array(state, HEADER);
  const size = text.byteLength <= room.byteLength ? text.byteLength : 0;
  room.set(text.subarray(0, size));
  Atomics.store(new Int32Array(state, 0, 3), WORD.failed, size === 0 ? -1 : size);
}

/** The failure that a helper has left, if it has. */
export function foundFailure(state: SharedArrayBuffer): Error | undefined {
  const size = Atomics.load(new Int32Array(state, 0, 3), WORD.failed);
  if (size === 0) return undefined;
  if (size < 0) return new Error("a thread has failed");
  const text = Buffer.from(new Uint8Array(state, HEADER, size).slice()).toString("utf8");
  return failureFrom(JSON.parse(text) as FailureData); // our own text
}

/** Where a compiled executable carries the program of its threads; see tools/build.ts. */
const EMBEDDED = "/$bunfs/root/src/store/worker.js";

/** Starts a thread that serves messages. */
export function startThread(): Worker {
  const source = `${import.meta.dir}/worker.ts`;
  return new Worker(existsSync(source) ? source : EMBEDDED);
}
