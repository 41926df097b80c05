// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Puts the offers of a new index in the place of the old ones, in one transaction. */
import { compareText, getOrInsert } from "#base/order";
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
import { formatCapability } from "#model/dependency";
import type { PackageOffer } from "#model/package";
import type { Database, WriteBucket } from "#moss-db/index";

const ROWS = 512;

type Lists = Map<string, number[]>;

/** Keys are stored sorted: LMDB fills its pages best so. */
function store(bucket: WriteBucket<string, readonly number[], string>, lists: Lists): void {
  for (const key of [...lists.keys()].sort(compareText)) if (fitsKey(key)) bucket.set(key, lists.get(key) ?? []);
}

/** Stores what an index says. Readers see the old offers or the new ones. Gives the record. */
export function replaceOffers(
  database: Database,
  name: string,
  offers: readonly PackageOffer[],
  known: Omit<CollectionRecord, "generation" | "packages">,
): CollectionRecord {
  const names: Lists = new Map();
  const gives: Lists = new Map();
  const replaces: Lists = new Map();
  offers.forEach(({ meta }, number) => {
    getOrInsert(names, meta.name, () => []).push(number);
    for (const text of new Set(meta.provides.map(formatCapability))) getOrInsert(gives, text, () => []).push(number);
    for (const other of new Set(meta.replaces)) getOrInsert(replaces, other, () => []).push(number);
  });
  const ids = offers.map(({ id }, number) => [id, number] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return database.update((tx) => {
    const records = tx.bucket(COLLECTIONS);
    const old = records.get(name);
    const generation = Math.max(0, ...[...records.values()].map((record) => record.generation)) + 1;
    const record = { ...known, generation, packages: offers.length };
    const home = tx.bucket(offersOf(generation));
    const packages = home.bucket(PACKAGES);
    offers.forEach((offer, number) => {
      packages.set(number, offer);
    });
    const byId = home.bucket(IDS);
    for (const [id, number] of ids) byId.set(id, number);
    store(home.bucket(NAMES), names);
    store(home.bucket(GIVES), gives);
    store(home.bucket(REPLACES), replaces);
    const texts = home.bucket(TEXTS);
    for (let at = 0; at < offers.length; at += ROWS) {
      const rows = offers
        .slice(at, at + ROWS)
        .map(({ meta }, i): SearchRow => [at + i, meta.name, meta.summary, meta.description]);
      texts.set(at, rows);
    }
    records.set(name, record);
    if (old !== undefined) tx.drop(offersOf(old.generation));
    return record;
  });
}
