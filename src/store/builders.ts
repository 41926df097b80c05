// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Carries out units of steps on this thread and on others. All is synchronous for the caller: who gives a unit either
 * hands it to a thread that has room or does it himself, so a thread that starts late or never does no harm.
 */
import { execute } from "#store/execute";
import type { Place } from "#store/place";
import { foundFailure, newState, releaseThread, startThread, THREADS, WORD, waitUntilDone } from "#store/thread";

/** Units that wait at a thread: enough that it never waits, few enough that none has much to do when all others are done. */
const AHEAD = 3;

interface Helper {
  readonly thread: Worker;
  readonly state: SharedArrayBuffer;
  readonly words: Int32Array<SharedArrayBuffer>;
  given: number;
}

/**
 * Starts a thread that whole trees, or many stones, will want soon: it is ready by then, where the caller has the disk to
 * wait for meanwhile. It keeps no process alive.
 */
export function warmUp(): void {
  if (THREADS > 1) releaseThread(startThread());
}

/** Dispose it with `using`. */
export class Builders implements Disposable {
  readonly #place: Place;
  readonly #helpers: Helper[] = [];

  /** `helpers`: threads beside this one. */
  constructor(place: Place, helpers = THREADS - 1) {
    this.#place = place;
    for (let i = 0; i < helpers; i++) {
      const thread = startThread();
      const state = newState();
      thread.postMessage({ kind: "place", place, state }, []);
      this.#helpers.push({ thread, state, words: new Int32Array(state, 0, 3), given: 0 });
    }
  }

  /** Carries out a unit, now or soon. Throws what `execute` throws, perhaps of an earlier unit. */
  give(unit: Uint8Array<SharedArrayBuffer>): void {
    for (const helper of this.#helpers) {
      const failure = foundFailure(helper.state);
      if (failure !== undefined) throw failure;
      if (helper.given - Atomics.load(helper.words, WORD.done) >= AHEAD) continue;
      helper.thread.postMessage({ kind: "unit", unit }, []);
      helper.given += 1;
      return;
    }
    execute(unit, this.#place);
  }

  /** Waits for all units that were given. */
  finish(): void {
    for (const { state, given } of this.#helpers) waitUntilDone(state, given);
  }

  [Symbol.dispose](): void {
    // A thread in the middle of a unit ends it before it is gone; wait, for the caller may remove the tree.
    try {
      this.finish();
    } catch {
      // Its failure is known, or another is on its way.
    }
    for (const { thread } of this.#helpers) releaseThread(thread);
  }
}
