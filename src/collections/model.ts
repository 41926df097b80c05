// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a collection is: where packages come from, and how much it counts. */
import { Failure } from "#base/errors";
import type { PackageOffer } from "#model/package";

/** An index at one address, or one that a root index names. */
export type CollectionSource =
  | { readonly uri: string }
  | {
      readonly baseUri: string;
      readonly channel: string;
      /** `stream/...`, `tag/...` or `history/...` */
      readonly version: string;
      readonly arch: string;
    };

export interface Collection {
  readonly name: string;
  readonly description: string;
  readonly source: CollectionSource;
  /** The larger is preferred, whatever the versions. */
  readonly priority: number;
  readonly active: boolean;
  /** The file that says so. */
  readonly file: string;
  /** True where a package brought it, so that it can be overridden and not removed. */
  readonly vendor: boolean;
}

/** A package of a collection. */
export interface CollectionOffer extends PackageOffer {
  readonly collection: string;
  readonly priority: number;
  /** The absolute address of its stone. */
  readonly url: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$/;

/** Throws `usage` for a name that could not be a file name and a word of a command line. */
export function checkCollectionName(name: string): void {
  if (NAME.test(name)) return;
  throw new Failure("usage", `Cannot name a collection "${name}": expected letters, digits, and _ . + - between them`);
}

/** The order in which collections are asked: priority, then name. */
export function byPriority(a: Collection, b: Collection): number {
  return b.priority - a.priority || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

/** One line that says where a collection is. */
export function describeSource(source: CollectionSource): string {
  if ("uri" in source) return source.uri;
  return `${source.baseUri} (channel ${source.channel}, ${source.version}, ${source.arch})`;
}

/** The failure for a name that no collection has. */
export function unknownCollection(name: string, known: readonly string[]): Failure {
  return new Failure("collection.unknown", `Cannot find the collection "${name}": none has this name`, {
    hint: known.length === 0 ? "Add one: moss collection add NAME PLACE" : `Collections: ${known.join(", ")}.`,
  });
}
