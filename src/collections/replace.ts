// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Puts the offers of a new index in the place of the old ones. Those of a large index are written in several transactions, as one
 * would hold all its pages in memory, into buckets that no record names; the last transaction makes them the current ones. What a
 * process that was killed has left is swept away by the next. One process at a time: see `refresh`.
 */
import { Failure } from "#base/errors";
import { compareText, getOrInsert } from "#base/order";
import { MANY, removeOffers, sweepOffers } from "#collections/generations";
import {
  COLLECTIONS,
  type CollectionRecord,
  fitsKey,
  GIVES,
  IDS,
  NAMES,
  offersOf,
  PACKAGES,
  REPLACES,
  type SearchRow,
  TEXTS,
} from "#collections/schema";
import { inTransactions, type Step } from "#collections/steps";
import { formatCapability } from "#model/dependency";
import type { PackageOffer } from "#model/package";
import type { BucketType, Database, WriteTransaction } from "#moss-db/index";

/** Packages of one piece of the search texts, and of one step. */
const ROWS = 512;
/** Keys of one step. */
const KEYS = 2048;

type Lists = Map<string, number[]>;

/** What is asked of an index besides its packages by number: gathered while these pass, stored in the order of the keys. */
class Questions {
  readonly ids = new Map<string, number>();
  readonly names: Lists = new Map();
  readonly gives: Lists = new Map();
  readonly replaces: Lists = new Map();

  add({ id, meta }: PackageOffer, number: number): void {
    this.ids.set(id, number);
    getOrInsert(this.names, meta.name, () => []).push(number);
    for (const given of new Set(meta.provides.map(formatCapability))) {
      getOrInsert(this.gives, given, () => []).push(number);
    }
    for (const other of new Set(meta.replaces)) getOrInsert(this.replaces, other, () => []).push(number);
  }
}

/** LMDB fills its pages best where keys come sorted. */
function* storing<V>(
  generation: number,
  type: BucketType<string, V, string>,
  found: Map<string, V>,
): Generator<Step, undefined> {
  const keys = [...found.keys()].filter(fitsKey).sort(compareText);
  for (let at = 0; at < keys.length; at += KEYS) {
    yield (tx) => {
      const bucket = tx.bucket(offersOf(generation)).bucket(type);
      for (const key of keys.slice(at, at + KEYS)) {
        const value = found.get(key);
        if (value !== undefined) bucket.set(key, value);
      }
    };
  }
}

function* writing(offers: Iterable<PackageOffer>, generation: number): Generator<Step, undefined> {
  const questions = new Questions();
  let count = 0;
  const piece: PackageOffer[] = [];
  const store = (): Step => {
    const start = count - piece.length;
    const some = piece.splice(0);
    return (tx) => {
      const home = tx.bucket(offersOf(generation));
      const packages = home.bucket(PACKAGES);
      some.forEach((offer, i) => {
        packages.set(start + i, offer);
      });
      const rows = some.map(({ meta }, i): SearchRow => [start + i, meta.name, meta.summary, meta.description]);
      home.bucket(TEXTS).set(start, rows);
    };
  };
  for (const offer of offers) {
    questions.add(offer, count++);
    piece.push(offer);
    if (piece.length === ROWS) yield store();
  }
  if (piece.length > 0) yield store();
  const { ids, names, gives, replaces } = questions;
  yield* storing(generation, IDS, ids);
  yield* storing(generation, NAMES, names);
  yield* storing(generation, GIVES, gives);
  yield* storing(generation, REPLACES, replaces);
}

/**
 * Stores what an index says. Readers see the old offers or the new ones; the old ones stay where `offers` throws. Gives the record.
 * One process at a time.
 */
export function replaceOffers(
  database: Database,
  name: string,
  offers: Iterable<PackageOffer>,
  known: Omit<CollectionRecord, "generation" | "packages">,
): CollectionRecord {
  sweepOffers(database);
  const generation =
    database.view((tx) =>
      [...tx.bucket(COLLECTIONS).values()].reduce((most, record) => Math.max(most, record.generation), 0),
    ) + 1;
  let packages = 0;
  const counted = function* () {
    for (const offer of offers) {
      packages += 1;
      yield offer;
    }
  };
  let old: CollectionRecord | undefined;
  let record: CollectionRecord;
  try {
    const finish = (tx: WriteTransaction) => {
      const records = tx.bucket(COLLECTIONS);
      old = records.get(name);
      const made = { ...known, generation, packages };
      records.set(name, made);
      if (old !== undefined && old.packages <= MANY) tx.drop(offersOf(old.generation));
      return made;
    };
    record = inTransactions(database, writing(counted(), generation), finish);
  } catch (error) {
    giveUp(database, generation);
    throw error;
  }
  if (old !== undefined && old.packages > MANY) {
    // All that was gathered of the new index is of no use any more, and removing reads nearly every page of the old one.
    Bun.gc(true);
    removeOffers(database, old.generation);
  }
  return record;
}

/** Removes what was written so far. On a disk that is full that may fail too: then the next refresh does it. */
function giveUp(database: Database, generation: number): void {
  try {
    removeOffers(database, generation);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}
