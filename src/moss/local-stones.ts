// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Stones named by their paths (`./x.stone`), offered beside those of collections. */
import { realpathSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Catalogue } from "#collections/catalogue";
import type { CollectionOffer } from "#collections/model";
import type { PackageId } from "#model/package";
import { givenBy } from "#solver/installed";
import type { OfferSource } from "#solver/model";
import { StoneReader } from "#stone/reader";
import { sizedMeta } from "#stone/repository";
import { hashFile } from "#sys/sha256";

/** What plans call the collection of a stone that was given by its path. */
export const LOCAL = "(local)";

/** Reads what a stone offers. Throws `io` and `stone.*`. */
export function readLocalStone(path: string): CollectionOffer {
  using reader = StoneReader.open(path, { expect: "binary" });
  const url = pathToFileURL(realpathSync(path)).href;
  return {
    id: hashFile(path),
    meta: sizedMeta(reader, path),
    uri: url,
    url,
    size: reader.size,
    collection: LOCAL,
    // The user named it: nothing comes before it.
    priority: Number.MAX_SAFE_INTEGER,
  };
}

/** Offers of collections with stones of our own before them. */
export class Offers implements OfferSource<CollectionOffer> {
  readonly #catalogue: Catalogue;
  readonly #local: readonly CollectionOffer[];

  constructor(catalogue: Catalogue, local: readonly CollectionOffer[] = []) {
    this.#catalogue = catalogue;
    this.#local = local;
  }

  providing(capability: string): CollectionOffer[] {
    const own = this.#local.filter(({ meta }) => givenBy(meta).has(capability));
    return [...own, ...this.#catalogue.providing(capability)];
  }

  replacing(name: string): CollectionOffer[] {
    const own = this.#local.filter(({ meta }) => meta.replaces?.includes(name) === true);
    return [...own, ...this.#catalogue.replacing(name)];
  }

  byId(id: PackageId): CollectionOffer | undefined {
    return this.#local.find((offer) => offer.id === id) ?? this.#catalogue.byId(id);
  }

  /** Questions of `body` are answered from one snapshot. */
  within<T>(body: () => T extends PromiseLike<unknown> ? never : T): T {
    return this.#catalogue.within(body);
  }

  names(): string[] {
    return [...this.#local.map(({ meta }) => meta.name), ...this.#catalogue.names()];
  }

  /** Is there a package of this name? */
  has(name: string): boolean {
    return this.#local.some(({ meta }) => meta.name === name) || this.#catalogue.byName(name).length > 0;
  }
}
