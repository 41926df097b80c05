// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The offers of earlier indexes, which no record names any more: removed in pieces, as a large index is written in pieces. */
import {
  COLLECTIONS,
  FILES,
  GIVES,
  generationsIn,
  IDS,
  NAMES,
  offersOf,
  PACKAGES,
  REPLACES,
  TEXTS,
} from "#collections/schema";
import { inTransactions, type Step } from "#collections/steps";
import type { BucketType, Database } from "#moss-db/index";

/** Keys that one step removes. */
const KEYS = 2048;

/** Offers of more packages than this are not removed in one transaction. */
export const MANY = 4096;

function* emptying<K, V, P>(generation: number, type: BucketType<K, V, P>): Generator<Step, undefined> {
  const last = { removed: KEYS };
  while (last.removed === KEYS) {
    yield (tx) => {
      const bucket = tx.bucket(offersOf(generation)).bucket(type);
      const keys = [...bucket.keys({ limit: KEYS })];
      for (const key of keys) bucket.delete(key);
      last.removed = keys.length;
    };
  }
}

function* removing(generation: number): Generator<Step, undefined> {
  yield* emptying(generation, PACKAGES);
  yield* emptying(generation, TEXTS);
  yield* emptying(generation, IDS);
  yield* emptying(generation, NAMES);
  yield* emptying(generation, GIVES);
  yield* emptying(generation, REPLACES);
  yield* emptying(generation, FILES);
}

/** Removes the offers of one generation, however many. No record may name it. */
export function removeOffers(database: Database, generation: number): void {
  inTransactions(database, removing(generation), (tx) => tx.drop(offersOf(generation)));
}

/** Removes what no record names: offers that a process was writing, or removing, when it was killed. */
export function sweepOffers(database: Database): void {
  const left = database.view((tx) => {
    const named = new Set([...tx.bucket(COLLECTIONS).values()].map(({ generation }) => generation));
    return generationsIn(tx).filter((generation) => !named.has(generation));
  });
  for (const generation of left) removeOffers(database, generation);
}
