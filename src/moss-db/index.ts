// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What the library offers. */
export {
  type BucketType,
  bucket,
  buckets,
  type Range,
  type ReadBucket,
  type ReadParent,
  type WriteBucket,
  type WriteParent,
} from "#moss-db/bucket";
export {
  bytes,
  type Codec,
  fixedBytes,
  hexText,
  integer,
  json,
  type KeyCodec,
  MAX_KEY,
  nothing,
  text,
  u32,
  u64,
} from "#moss-db/codec";
export { Database, type DatabaseOptions, databaseUri, openDatabase } from "#moss-db/database";
export type { Schema } from "#moss-db/schema";
export type { ReadTransaction, WriteTransaction } from "#moss-db/transaction";
export { tuple } from "#moss-db/tuple";
