// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Waits for the disk on a thread of its own, while the others go on with what needs no disk. Those that write files must not
 * ask for it themselves: the kernel makes whoever asks wait while the disk is busy, which took a third of the time of a
 * large installation.
 */
import { newState, releaseThread, startThread, threadWaits, WORD, waitUntilDone } from "#store/thread";
import { syncFileSystem } from "#sys/sync";

/** Syncs of file systems, one after another. Dispose it with `using`. */
export class SyncBeside implements Disposable {
  readonly #state = newState();
  readonly #words = new Int32Array(this.#state, 0, 3);
  #thread: Worker | undefined;
  #asked = 0;

  /** True where a sync that was begun has not ended. */
  get busy(): boolean {
    return Atomics.load(this.#words, WORD.done) < this.#asked;
  }

  /**
   * Begins a sync of the file systems on which `paths` lie: at once where a thread waits for work, or after those that were
   * begun before. Where no thread waits one is started if `start` says that this is worth it, else all is done here, now.
   */
  begin(paths: readonly string[], start = false): void {
    if (this.#thread === undefined && !start && !threadWaits()) {
      for (const path of paths) syncFileSystem(path);
      return;
    }
    this.#thread ??= startThread();
    this.#asked += 1;
    this.#thread.postMessage({ kind: "sync", paths, state: this.#state }, []);
  }

  /**
   * Resolves when no sync is under way any more, failed or not. A slow disk takes minutes: meanwhile this thread shows progress and
   * hears an interrupt, which it does not within `finish`.
   */
  async settled(): Promise<void> {
    for (;;) {
      const done = Atomics.load(this.#words, WORD.done);
      if (done >= this.#asked) return;
      const next = Atomics.waitAsync(this.#words, WORD.done, done, 1000);
      if (next.async) await next.value;
    }
  }

  /** Waits until all is on the disk that was dirty when the last sync began. Throws where it is not. */
  finish(): void {
    waitUntilDone(this.#state, this.#asked);
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
