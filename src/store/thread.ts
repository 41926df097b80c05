// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What a thread beside the main one can be asked for, and how its failures come back. Threads, not processes: they end
 * with the process however it ends, so nothing writes on after a crash.
 */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { CODES, type Code, errnoCode, Failure } from "#base/errors";
import type { PackageId } from "#model/package";
import type { Place } from "#store/place";
import type { StoneFile, Unpacked } from "#store/unpack";

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
  | { readonly kind: "sync"; readonly paths: readonly string[]; readonly state: SharedArrayBuffer }
  | { readonly kind: "unit"; readonly unit: Uint8Array };

/** A stone that is unpacked. */
export interface StoneDone {
  readonly id: PackageId;
  /** Records pass in their encoded form: a few bytes copied cost less than thousands of objects. */
  readonly unpacked: Omit<Unpacked, "records">;
}

/** What a thread answers to what it is asked: stones that are done, and at the end that this was all, or why it was not. */
export type Answer = StoneDone | { readonly ended: true; readonly failure?: FailureData };

/** A failure as it passes from thread to thread. */
export interface FailureData {
  readonly message: string;
  readonly code?: string;
  readonly hint?: string;
  /** What tells an error of the system from a bug, and where it met it. */
  readonly syscall?: string;
  readonly path?: string;
}

/** What of a failure passes to another thread. */
export function failureData(error: unknown): FailureData {
  const message = error instanceof Error ? error.message : String(error);
  const code = errnoCode(error);
  const hint = error instanceof Failure ? error.hint : undefined;
  return {
    message,
    ...(code === undefined ? {} : { code }),
    ...(hint === undefined ? {} : { hint }),
    ...(error instanceof Error && "syscall" in error && typeof error.syscall === "string"
      ? { syscall: error.syscall }
      : {}),
    ...(error instanceof Error && "path" in error && typeof error.path === "string" ? { path: error.path } : {}),
  };
}

function isCode(code: string): code is Code {
  return Object.hasOwn(CODES, code);
}

/** The failure again; a system error keeps its code. */
function failureFrom({ message, code, hint, syscall, path }: FailureData): Error {
  if (code !== undefined && isCode(code)) return new Failure(code, message, hint === undefined ? {} : { hint });
  const system = { ...(syscall === undefined ? {} : { syscall }), ...(path === undefined ? {} : { path }) };
  return Object.assign(new Error(message), code === undefined ? system : { code, ...system });
}

/** Shared memory for one helper: its words, and room for a failure. */
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

/** Waits until a helper has done so many units. Throws what it has failed with. */
export function waitUntilDone(state: SharedArrayBuffer, units: number): void {
  const words = new Int32Array(state, 0, 3);
  for (let done = Atomics.load(words, WORD.done); done < units; done = Atomics.load(words, WORD.done)) {
    Atomics.wait(words, WORD.done, done, 1000);
  }
  const failure = foundFailure(state);
  if (failure !== undefined) throw failure;
}

/** Where a compiled executable carries the program of its threads; see tools/build.ts. */
const EMBEDDED = "/$bunfs/root/src/store/worker.js";

/** A thread that has done its work and waits for more: starting one takes as long as linking a few thousand files. */
let idle: Worker | undefined;

/** Starts a thread that serves messages, or takes the one that waits. */
export function startThread(): Worker {
  const waiting = idle;
  idle = undefined;
  if (waiting !== undefined) {
    waiting.ref();
    return waiting;
  }
  const source = `${import.meta.dir}/worker.ts`;
  return new Worker(existsSync(source) ? source : EMBEDDED);
}

/** True where a thread has been started and waits for work. */
export function threadWaits(): boolean {
  return idle !== undefined;
}

/** Lets go of a thread that has answered all it was asked. One is kept, which keeps no process alive. */
export function releaseThread(thread: Worker): void {
  if (idle !== undefined) {
    thread.terminate();
    return;
  }
  thread.unref();
  idle = thread;
}

/** Asks a thread for something that it answers, and waits for the end. Throws what it failed with; it is of no use then. */
export async function ask(thread: Worker, message: Message, onStone: (stone: StoneDone) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<FailureData | undefined>();
  const onMessage = ({ data }: MessageEvent<Answer>) => {
    if ("ended" in data) resolve(data.failure);
    else onStone(data);
  };
  const onError = ({ message: text }: ErrorEvent) => reject(new Error(`a thread has failed: ${text}`));
  thread.addEventListener("message", onMessage);
  thread.addEventListener("error", onError);
  try {
    thread.postMessage(message, []);
    const failure = await promise;
    if (failure !== undefined) throw failureFrom(failure);
  } finally {
    thread.removeEventListener("message", onMessage);
    thread.removeEventListener("error", onError);
  }
}
