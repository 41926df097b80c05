// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Waits for the disk on another thread, while this one goes on with what needs no disk. */
import { foundFailure, newState, releaseThread, startThread, threadWaits, WORD } from "#store/thread";
import { syncFileSystem } from "#sys/sync";

/** A sync of file systems that has begun. Dispose it with `using`. */
export class SyncBeside implements Disposable {
  readonly #state = newState();
  #thread: Worker | undefined;

  /** Begins at once where a thread waits for work; else all is done here, now. `paths` lie on the file systems. */
  constructor(paths: readonly string[]) {
    if (!threadWaits()) {
      for (const path of paths) syncFileSystem(path);
      return;
    }
    this.#thread = startThread();
    this.#thread.postMessage({ kind: "sync", paths, state: this.#state }, []);
  }

  /** Waits until all that was dirty when this began is on the disk. Throws where it is not. */
  finish(): void {
    if (this.#thread === undefined) return;
    const words = new Int32Array(this.#state, 0, 3);
    while (Atomics.load(words, WORD.done) === 0) Atomics.wait(words, WORD.done, 0, 1000);
    const failure = foundFailure(this.#state);
    if (failure !== undefined) throw failure;
  }

  [Symbol.dispose](): void {
    const thread = this.#thread;
    if (thread === undefined) return;
    try {
      this.finish();
    } catch {
      // It was told by `finish`, or what has gone wrong meanwhile is.
    } finally {
      this.#thread = undefined;
      releaseThread(thread);
    }
  }
}
