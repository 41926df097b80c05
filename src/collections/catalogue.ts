// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What can be asked of the offers of several collections. Each question reads only what it needs of the database. */
import { compareText, uniqueSorted } from "#base/order";
import { hasLists, readList, sought } from "#collections/kept-lists";
import { byPriority, type Collection, type CollectionOffer, describeSource } from "#collections/model";
import {
  COLLECTIONS,
  type CollectionRecord,
  FILES,
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
import type { CapabilityText } from "#model/dependency";
import { compareRelease, type PackageId, type PackageMeta, type PackageOffer } from "#model/package";
import type { Database, ReadBucket } from "#moss-db/index";
import type { FileList } from "#stone/repository";

/** A package that a search found, and where its words stand. */
export interface Found {
  readonly offer: CollectionOffer;
  readonly where: "name" | "summary" | "description";
}

/** One collection within a view. */
interface Opened {
  readonly collection: Collection;
  readonly record: CollectionRecord;
  readonly packages: ReadBucket<number, PackageOffer>;
  readonly ids: ReadBucket<PackageId, number>;
  readonly names: ReadBucket<string, readonly number[], string>;
  readonly gives: ReadBucket<CapabilityText, readonly number[], string>;
  readonly replaces: ReadBucket<string, readonly number[], string>;
  readonly texts: ReadBucket<number, readonly SearchRow[]>;
  readonly files: ReadBucket<PackageId, Uint8Array>;
}

type Synchronous<T> = T extends PromiseLike<unknown> ? never : T;

const NAME = /^name\((.+)\)$/s;

/** What says which of two builds is preferred. */
interface Ranked extends Pick<CollectionOffer, "id" | "collection" | "priority"> {
  readonly meta: Pick<PackageMeta, "name" | "release" | "buildRelease">;
}

/** The preferred first: by priority, then the newest, then by name and collection. */
function better(a: Ranked, b: Ranked): number {
  return (
    b.priority - a.priority ||
    compareRelease(a.meta, b.meta) ||
    compareText(a.meta.name, b.meta.name) ||
    compareText(a.collection, b.collection) ||
    compareText(a.id, b.id)
  );
}

/**
 * Fits `OfferSource` of the solver. A collection that was never refreshed, or not since its definition changed, offers
 * nothing; see `unread`.
 */
export class Catalogue {
  readonly #collections: readonly Collection[];
  readonly #database: () => Database | undefined;
  #opened: readonly Opened[] | undefined;

  constructor(database: () => Database | undefined, collections: readonly Collection[]) {
    this.#database = database;
    this.#collections = collections.filter((item) => item.active).sort(byPriority);
  }

  #view<T>(body: (opened: readonly Opened[]) => Synchronous<T>): T {
    if (this.#opened !== undefined) return body(this.#opened);
    const database = this.#collections.length === 0 ? undefined : this.#database();
    if (database === undefined) return body([]);
    return database.view<T>((tx) => {
      const records = tx.bucket(COLLECTIONS);
      return body(
        this.#collections.flatMap((collection): Opened[] => {
          const record = records.get(collection.name);
          if (record === undefined || record.source !== describeSource(collection.source)) return [];
          const home = tx.bucket(offersOf(record.generation));
          const bucketsOf = {
            packages: home.bucket(PACKAGES),
            ids: home.bucket(IDS),
            names: home.bucket(NAMES),
            gives: home.bucket(GIVES),
            replaces: home.bucket(REPLACES),
            texts: home.bucket(TEXTS),
            files: home.bucket(FILES),
          };
          return [{ collection, record, ...bucketsOf }];
        }),
      );
    });
  }

  /** Answers every question of `body`, which must not wait for anything, from one snapshot: much faster for many. */
  within<T>(body: () => Synchronous<T>): T {
    if (this.#opened !== undefined) return body();
    return this.#view<T>((opened) => {
      this.#opened = opened;
      try {
        return body();
      } finally {
        this.#opened = undefined;
      }
    });
  }

  #collect(numbersIn: (one: Opened) => readonly number[]): CollectionOffer[] {
    const found = this.#view((opened) =>
      opened.flatMap((one) =>
        numbersIn(one).flatMap((number) => {
          const offer = one.packages.get(number);
          return offer === undefined ? [] : [toOffer(one, offer)];
        }),
      ),
    );
    return found.length > 1 ? found.sort(better) : found;
  }

  /** Every build that gives a capability, the preferred first: by priority, then the newest, then by name. */
  providing(capability: CapabilityText): CollectionOffer[] {
    if (!fitsKey(capability)) return [];
    const [, name] = NAME.exec(capability) ?? [];
    return this.#collect((one) => {
      const given = one.gives.get(capability) ?? [];
      return name === undefined ? given : [...new Set([...(one.names.get(name) ?? []), ...given])];
    });
  }

  /** Builds that say to replace this package. */
  replacing(name: string): CollectionOffer[] {
    return fitsKey(name) ? this.#collect(({ replaces }) => replaces.get(name) ?? []) : [];
  }

  /** Every build of this name, the preferred first. */
  byName(name: string): CollectionOffer[] {
    return fitsKey(name) ? this.#collect(({ names }) => names.get(name) ?? []) : [];
  }

  /** A build in the collection of the highest priority that has it. */
  byId(id: PackageId): CollectionOffer | undefined {
    if (!/^[0-9a-f]{64}$/.test(id)) return undefined;
    return this.#collect(({ ids }) => {
      const number = ids.get(id);
      return number === undefined ? [] : [number];
    })[0];
  }

  /**
   * The files of a build, where its collection has lists of them and this one can be read. Nobody else's list is taken where it is
   * known whose build it is: a collection can speak of its own packages alone.
   */
  files(id: PackageId, collection?: string): FileList | undefined {
    if (!/^[0-9a-f]{64}$/.test(id)) return undefined;
    return this.#view((opened) => {
      for (const {
        collection: { name },
        record,
        files,
      } of opened) {
        if (collection !== undefined && collection !== name) continue;
        const list = hasLists(record) ? readList(files.get(id), id) : undefined;
        if (list !== undefined) return list;
      }
      return undefined;
    });
  }

  /**
   * What `take` takes of the files of preferred builds that have a path in which one of the texts stands (perhaps of more builds); the
   * preferred first, without those of which it takes nothing. Reads every list, once.
   */
  listing<T>(
    texts: readonly string[],
    take: (list: FileList) => T | undefined,
  ): { readonly offer: CollectionOffer; readonly found: T }[] {
    const wanted = sought(texts);
    const taken = this.#view((opened) => {
      const hits: { offer: CollectionOffer; found: T }[] = [];
      for (const one of opened) {
        if (!hasLists(one.record)) continue;
        for (const [id, bytes] of one.files) {
          const list = readList(bytes, id, wanted);
          const found = list === undefined ? undefined : take(list);
          const number = found === undefined ? undefined : one.ids.get(id);
          const stored = number === undefined ? undefined : one.packages.get(number);
          if (found === undefined || number === undefined || stored === undefined) continue;
          if (isBest(number, stored.meta.name, one, opened)) hits.push({ offer: toOffer(one, stored), found });
        }
      }
      return hits;
    });
    return taken.sort((a, b) => better(a.offer, b.offer));
  }

  /** Every package name once, sorted. */
  names(): string[] {
    return uniqueSorted(this.#view((opened) => opened.flatMap(({ names }) => [...names.keys()])));
  }

  /** Active collections of which nothing is known: they want a refresh. */
  unread(): Collection[] {
    const read = new Set(this.#view((opened) => opened.map(({ collection }) => collection.name)));
    return this.#collections.filter(({ name }) => !read.has(name));
  }

  /** The preferred build of each name, sorted by name. */
  best(): CollectionOffer[] {
    return this.bestAs((offer) => offer);
  }

  /** What `pick` takes of the preferred build of each name, sorted by name: only that is held in memory. */
  bestAs<T>(pick: (offer: CollectionOffer) => T): T[] {
    const best = new Map<string, { readonly rank: Ranked; readonly picked: T }>();
    this.#view((opened) => {
      for (const one of opened) {
        const { name: collection, priority } = one.collection;
        for (const stored of one.packages.values()) {
          const { name, release, buildRelease } = stored.meta;
          const rank = { id: stored.id, meta: { name, release, buildRelease }, collection, priority };
          const other = best.get(name);
          if (other === undefined || better(rank, other.rank) < 0) {
            best.set(name, { rank, picked: pick(toOffer(one, stored)) });
          }
        }
      }
    });
    return [...best].sort(([a], [b]) => compareText(a, b)).map(([, { picked }]) => picked);
  }

  /** Packages with all these words in name, summary or description, whatever their case; names first, each sorted. */
  search(words: readonly string[]): Found[] {
    const wanted = words.map((word) => word.toLowerCase()).filter((word) => word !== "");
    if (wanted.length === 0) return [];
    const found = this.#view((opened) => {
      const hits: Found[] = [];
      for (const one of opened) {
        for (const rows of one.texts.values()) {
          for (const row of rows) {
            const where = placeOf(wanted, row);
            if (where === undefined || !isBest(row[0], row[1], one, opened)) continue;
            const stored = one.packages.get(row[0]);
            if (stored !== undefined) hits.push({ offer: toOffer(one, stored), where });
          }
        }
      }
      return hits;
    });
    return found.sort(
      (a, b) => PLACES.indexOf(a.where) - PLACES.indexOf(b.where) || compareText(a.offer.meta.name, b.offer.meta.name),
    );
  }
}

const PLACES = ["name", "summary", "description"] as const;

/** The first of name, summary and description that has, with those before it, every word. */
function placeOf(words: readonly string[], [, ...texts]: SearchRow): Found["where"] | undefined {
  let left = words;
  for (const [i, place] of PLACES.entries()) {
    const text = texts[i]?.toLowerCase() ?? "";
    left = left.filter((word) => !text.includes(word));
    if (left.length === 0) return place;
  }
  return undefined;
}

/** Is this the build that is preferred among all of its name? */
function isBest(number: number, name: string, mine: Opened, opened: readonly Opened[]): boolean {
  const all = opened.flatMap((one) =>
    (one.names.get(name) ?? []).flatMap((other) => {
      const stored = one.packages.get(other);
      return stored === undefined ? [] : [{ offer: toOffer(one, stored), one, other }];
    }),
  );
  const [best] = all.sort((a, b) => better(a.offer, b.offer));
  return best?.one === mine && best.other === number;
}

function toOffer({ collection, record }: Opened, offer: PackageOffer): CollectionOffer {
  return {
    ...offer,
    collection: collection.name,
    priority: collection.priority,
    url: new URL(offer.uri, record.url).href,
  };
}
