// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Buckets: ordered maps from keys to values of one type each. Readers see `ReadBucket`, writers `WriteBucket`. */
import type { Codec, KeyCodec } from "#moss-db/codec";

/** What a bucket is: its name in the bucket above it, and how its keys and values become bytes. */
export interface BucketType<K, V, P = never> {
  readonly name: Uint8Array;
  readonly key: KeyCodec<K, P>;
  readonly value: Codec<V>;
}

/** Which pairs, and in which order. All that is given must hold. */
export interface Range<K, P = never> {
  /** First key, itself included. */
  readonly from?: K;
  /** Where to end, itself not included. */
  readonly to?: K;
  /** Only keys that begin so. */
  readonly prefix?: P;
  /** From the last to the first. */
  readonly reverse?: boolean;
  /** At most so many. */
  readonly limit?: number;
}

/** Opens buckets by their type. */
export interface ReadParent {
  /** A bucket in this one. It need not exist: then it is empty. */
  bucket<K, V, P>(type: BucketType<K, V, P>): ReadBucket<K, V, P>;
  /** Names of the buckets in this one, in order. */
  buckets<N>(name: KeyCodec<N, unknown>): readonly N[];
}

export interface ReadBucket<K, V, P = never> extends ReadParent {
  /** False where nothing was ever stored in it, or it was dropped. */
  readonly exists: boolean;
  get(key: K): V | undefined;
  has(key: K): boolean;
  /** Pairs in the order of their keys. An iterator must be used within the transaction. */
  entries(range?: Range<K, P>): IterableIterator<readonly [K, V], undefined>;
  keys(range?: Range<K, P>): IterableIterator<K, undefined>;
  values(range?: Range<K, P>): IterableIterator<V, undefined>;
  [Symbol.iterator](): IterableIterator<readonly [K, V], undefined>;
  /** The pair with the smallest key of a range, or with the largest where it is reversed. */
  first(range?: Omit<Range<K, P>, "limit">): readonly [K, V] | undefined;
  /** How many pairs there are; O(n), without reading them into memory. */
  count(range?: Range<K, P>): number;
}

export interface WriteParent extends ReadParent {
  bucket<K, V, P>(type: BucketType<K, V, P>): WriteBucket<K, V, P>;
  /** Removes a bucket with all that is in it. False where it did not exist. */
  drop(type: Pick<BucketType<never, never>, "name">): boolean;
}

/** A bucket is made at the first `set`. */
export interface WriteBucket<K, V, P = never> extends ReadBucket<K, V, P>, WriteParent {
  bucket<K, V, P>(type: BucketType<K, V, P>): WriteBucket<K, V, P>;
  set(key: K, value: V): void;
  delete(key: K): void;
  /** Removes every pair and every bucket in this one. */
  clear(): void;
}

/** A bucket with a text as its name. */
export function bucket<K, V, P = never>(
  name: string,
  codecs: { readonly key: KeyCodec<K, P>; readonly value: Codec<V> },
): BucketType<K, V, P> {
  return { name: Buffer.from(name), key: codecs.key, value: codecs.value };
}

/** Buckets of one type that are named by values: `const files = buckets(hexText(32), {...}); tx.bucket(files(id))`. */
export function buckets<N, K, V, P = never>(
  name: KeyCodec<N, unknown>,
  codecs: { readonly key: KeyCodec<K, P>; readonly value: Codec<V> },
): (name: N) => BucketType<K, V, P> {
  return (value) => ({ name: name.encode(value), key: codecs.key, value: codecs.value });
}
