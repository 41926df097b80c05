// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The part of the `lmdb` package that this library uses, loaded at the first opening of a database: from sources that
 * takes tens of milliseconds, which programs that open none do not pay.
 */

/** A snapshot held by a reader. */
export interface Snapshot {
  done(): void;
}

/** How reads name their snapshot; none is given within an update. */
export interface ReadOptions {
  readonly transaction?: Snapshot;
}

export interface RangeOptions extends ReadOptions {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly values: boolean;
  readonly reverse: boolean;
  readonly exclusiveStart: boolean;
  readonly inclusiveEnd: boolean;
  readonly limit?: number;
}

export interface RangeIterator {
  next(): { readonly done?: boolean; readonly value: unknown };
  return(): void;
}

export interface Store {
  /** Bytes of the value that `getBinaryFast` found. */
  readonly lastSize: number;
  /** The value in a buffer that the next call uses again. */
  getBinaryFast(key: Uint8Array, options: ReadOptions): Buffer | undefined;
  getRange(options: RangeOptions): { iterate(): RangeIterator };
  getKeysCount(options: Omit<RangeOptions, "values">): number;
  put(key: Uint8Array, value: Uint8Array): unknown;
  remove(key: Uint8Array): unknown;
  transactionSync<T>(body: () => T): T;
  /** The number of the transaction that runs now. */
  getWriteTxnId(): number;
  useReadTransaction(): Snapshot;
  resetReadTxn(): void;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly path: string;
  readonly noSubdir: false;
  readonly readOnly: boolean;
  /** Off: a commit returns only when its pages, and after them its meta page, are on the disk. */
  readonly overlappingSync: false;
  /** Off, but for a database that has no name yet. */
  readonly noSync: boolean;
  readonly maxDbs: number;
  readonly encoding: "binary";
  readonly decoder: { decode(bytes: Buffer, size: number): unknown };
  /** True: `decoder` copies what it keeps. */
  readonly decoderCopies: true;
  readonly keyEncoder: {
    writeKey(key: Uint8Array, target: Buffer, start: number): number;
    readKey(source: Buffer, start: number, end: number): unknown;
  };
  readonly permissionsMode: number;
}

interface LmdbModule {
  open(options: OpenOptions): Store;
}

let loaded: LmdbModule | undefined;

/** The `lmdb` package. Values here are plain bytes, so the native half of its msgpack codec is not loaded. */
export function lmdb(): LmdbModule {
  process.env["MSGPACKR_NATIVE_ACCELERATION_DISABLED"] ??= "true";
  loaded ??= require("lmdb") as LmdbModule;
  return loaded;
}
