// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Begins to write what is unpacked to the disk while others still unpack, so that the sync at the end has little left to
 * do. It has a thread of its own that waits for the disk. Those that write must not ask for it themselves: the kernel makes
 * whoever asks wait while the disk is busy, which took a third of the time of a large installation.
 */
import { ask, releaseThread, startThread } from "#store/thread";

/** Bytes after which the disk is given work: each time the journal is written too, for which all who create files wait. */
const WORTH = 192 * 1024 * 1024;

/** Dispose it with `await using`. */
export class WriteOut implements AsyncDisposable {
  readonly #path: string;
  readonly #onFailure: (error: unknown) => void;
  #thread: Worker | undefined;
  #fresh = 0;
  /** Ended where the thread has answered. */
  #answer: Promise<void> | undefined;

  /** `path` lies on the file system in question. `onFailure` is told that writing has failed: nobody else hears of that. */
  constructor(path: string, onFailure: (error: unknown) => void) {
    this.#path = path;
    this.#onFailure = onFailure;
  }

  /** Says that so many bytes have been written to files. */
  wrote(bytes: number): void {
    this.#fresh += bytes;
    if (this.#fresh < WORTH || this.#answer !== undefined) return;
    this.#fresh = 0;
    this.#answer = this.#begin().finally(() => {
      this.#answer = undefined;
    });
  }

  async #begin(): Promise<void> {
    const thread = this.#thread ?? startThread();
    this.#thread = undefined;
    try {
      await ask(thread, { kind: "write-out", path: this.#path }, () => {});
      this.#thread = thread;
    } catch (error) {
      this.#onFailure(error);
      thread.terminate();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#answer;
    if (this.#thread !== undefined) releaseThread(this.#thread);
  }
}
