// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What the database of collections holds: a record a collection, and a bucket with the offers of its last index. */
import { bucket, json, type Schema, text } from "#moss-db/index";

export const SCHEMA: Schema = { name: "moss-collections", version: 1 };

export interface CollectionRecord {
  /** The address of the index that is here, after the root index; stones' addresses are relative to it. */
  readonly url: string;
  /** The definition that it was made from; see `describeSource`. */
  readonly source: string;
  /** What the server, or the file system, knows this version of the index by. */
  readonly validators: { readonly etag?: string; readonly modified?: string };
  /** Milliseconds since 1970 of the last look at it. */
  readonly refreshed: number;
  readonly packages: number;
  /** Number of the bucket with its offers. */
  readonly generation: number;
}

export const COLLECTIONS = bucket("collections", {
  key: text,
  value: json((value) => value as CollectionRecord),
});

/** The bucket that holds the buckets of one generation of one collection's offers. */
export function offersOf(generation: number) {
  return bucket(`offers ${generation}`, { key: text, value: text });
}
