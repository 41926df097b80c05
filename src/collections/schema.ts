// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What the database of collections holds: a record a collection, and buckets with the offers of its last index. */
import type { PackageOffer } from "#model/package";
import {
  bucket,
  bytes,
  type Codec,
  hexText,
  json,
  nothing,
  type ReadParent,
  type Schema,
  text,
  u32,
} from "#moss-db/index";

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
  /** The lists of files that the index names, and whether they are here; false: it names none; absent: nobody has looked. */
  readonly files?: { readonly sha256: string; readonly size: number; readonly stored: boolean } | false;
}

export const COLLECTIONS = bucket("collections", {
  key: text,
  value: json((value) => value as CollectionRecord),
});

/** The bucket that holds the buckets of one generation of one collection's offers. */
export function offersOf(generation: number) {
  return bucket(`offers ${generation}`, { key: text, value: nothing });
}

/** Every generation of which there are offers. */
export function generationsIn(tx: ReadParent): number[] {
  return tx.buckets(text).flatMap((name) => {
    const [, generation] = /^offers (\d+)$/.exec(name) ?? [];
    return generation === undefined ? [] : [Number(generation)];
  });
}

/** Numbers of packages, 4 bytes each. */
const numbers: Codec<readonly number[]> = {
  encode(value) {
    const out = Buffer.allocUnsafe(value.length * 4);
    value.forEach((number, i) => {
      out.writeUInt32LE(number, i * 4);
    });
    return out;
  },
  decode(stored) {
    const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
    return Array.from({ length: stored.byteLength >> 2 }, (_, i) => view.getUint32(i * 4, true));
  },
};

/** Packages by their number in the index. */
export const PACKAGES = bucket("packages", { key: u32, value: json((value) => value as PackageOffer) });
export const IDS = bucket("ids", { key: hexText(32), value: u32 });
export const NAMES = bucket("names", { key: text, value: numbers });
/** Who gives a capability, by its text, besides those that have it as their name. */
export const GIVES = bucket("gives", { key: text, value: numbers });
/** Who replaces a package of this name. */
export const REPLACES = bucket("replaces", { key: text, value: numbers });
/** Number, name, summary and description of a package. */
export type SearchRow = readonly [number, string, string, string];
/** What searches read, many packages a piece. */
export const TEXTS = bucket("texts", { key: u32, value: json((value) => value as readonly SearchRow[]) });

/** The list of the files of a package, as it lies beside the index. Read only where the record says that all are here. */
export const FILES = bucket("files", { key: hexText(32), value: bytes });

/** A key may have 1,960 bytes; nothing that is longer can be stored or found. */
export function fitsKey(key: string): boolean {
  return key.length <= 600 || Buffer.byteLength(key) <= 1900;
}
