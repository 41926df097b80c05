// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The iterator behind every walk over a bucket. It holds a cursor until it is done, returned, or its transaction ends. */
import type { Reader } from "#moss-db/bridge";
import type { RangeIterator, RangeOptions } from "#moss-db/lmdb";
import type { Session } from "#moss-db/session";

const DONE = { done: true, value: undefined } as const;

export class Scan<T> implements IterableIterator<T, undefined> {
  readonly #session: Session;
  readonly #readKey: Reader;
  readonly #readValue: Reader;
  readonly #pick: (found: unknown) => T;
  #inner: RangeIterator | undefined;

  /** @param options undefined for a range that holds nothing; `pick` makes the result from what lmdb gives a pair. */
  constructor(
    session: Session,
    options: RangeOptions | undefined,
    readKey: Reader,
    readValue: Reader,
    pick: (found: unknown) => T,
  ) {
    this.#session = session;
    this.#readKey = readKey;
    this.#readValue = readValue;
    this.#pick = pick;
    if (options !== undefined) {
      this.#inner = session.environment.range(options);
      session.track(this.#inner);
    }
  }

  next(): IteratorResult<T, undefined> {
    this.#session.check();
    if (this.#inner === undefined) return DONE;
    const step = this.#session.environment.step(this.#inner, this.#readKey, this.#readValue);
    if (step.done === true) {
      this.return();
      return DONE;
    }
    return { done: false, value: this.#pick(step.value) };
  }

  return(): IteratorResult<T, undefined> {
    if (this.#inner !== undefined) this.#session.release(this.#inner);
    this.#inner = undefined;
    return DONE;
  }

  [Symbol.iterator](): this {
    return this;
  }
}
