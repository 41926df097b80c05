// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What can be asked of the offers of several collections. Each question reads only what it needs of the database. */
import { byPriority, type Collection, type CollectionOffer } from "#collections/model";
import type { CapabilityText } from "#model/dependency";
import type { PackageId } from "#model/package";
import type { Database } from "#moss-db/index";

/** A package that a search found, and where its words stand. */
export interface Found {
  readonly offer: CollectionOffer;
  readonly where: "name" | "summary" | "description";
}

/** Fits `OfferSource` of the solver. */
export class Catalogue {
  readonly #collections: readonly Collection[];
  readonly #database: () => Database | undefined;

  constructor(database: () => Database | undefined, collections: readonly Collection[]) {
    this.#database = database;
    this.#collections = collections.filter((item) => item.active).sort(byPriority);
  }

  /** Every build that gives a capability, the preferred first: by priority, then the newest, then by name. */
  providing(_capability: CapabilityText): CollectionOffer[] {
    throw new Error(`not filled yet ${this.#collections.length} ${this.#database.length}`);
  }

  /** Builds that say to replace this package. */
  replacing(_name: string): CollectionOffer[] {
    throw new Error("not filled yet");
  }

  byId(_id: PackageId): CollectionOffer | undefined {
    throw new Error("not filled yet");
  }

  /** Every build of this name, the preferred first. */
  byName(_name: string): CollectionOffer[] {
    throw new Error("not filled yet");
  }

  /** Every package name once, sorted. */
  names(): string[] {
    throw new Error("not filled yet");
  }

  /** The preferred build of each name, sorted by name. */
  best(): Iterable<CollectionOffer> {
    throw new Error("not filled yet");
  }

  /** Packages with all these words in name, summary or description, whatever their case; names first, each sorted. */
  search(_words: readonly string[]): Found[] {
    throw new Error("not filled yet");
  }
}
