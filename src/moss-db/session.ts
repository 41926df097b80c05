// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What all parts of one transaction share: its environment, its snapshot, whether it still runs, its open iterators. */
import { Failure } from "#base/errors";
import type { Environment } from "#moss-db/environment";
import type { RangeIterator, ReadOptions, Snapshot } from "#moss-db/lmdb";

export class Session {
  readonly environment: Environment;
  /** Names the reader's snapshot to lmdb; a writer has none and reads what it wrote. */
  readonly options: ReadOptions;
  /** Counts the buckets dropped, after which numbers looked up before are looked up again. */
  drops = 0;
  readonly #snapshot: Snapshot | undefined;
  #ended = false;
  readonly #iterators = new Set<RangeIterator>();

  constructor(environment: Environment, snapshot: Snapshot | undefined) {
    this.environment = environment;
    this.#snapshot = snapshot;
    this.options = snapshot === undefined ? {} : { transaction: snapshot };
  }

  /** Throws `db.closed` once the callback of the transaction has ended. */
  check(): void {
    if (this.#ended) {
      throw new Failure("db.closed", `Cannot use a transaction of "${this.environment.directory}": it has ended`, {
        hint: "Take what you need out of the callback as values.",
      });
    }
  }

  track(iterator: RangeIterator): void {
    this.#iterators.add(iterator);
  }

  release(iterator: RangeIterator): void {
    if (this.#iterators.delete(iterator)) iterator.return();
  }

  end(): void {
    this.#ended = true;
    for (const iterator of this.#iterators) iterator.return();
    this.#iterators.clear();
    this.#snapshot?.done();
  }
}
