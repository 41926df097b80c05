// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * One open LMDB environment: a folder with `data.mdb` and `lock.mdb`. It is opened for reading only, and anew for
 * writing at the first write, because LMDB takes the writers' lock to open for writing: a program that only reads never
 * waits for one that writes.
 */
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoCode } from "#base/errors";
import { databaseFailure } from "#moss-db/failures";
import { quickCheck } from "#moss-db/file-check";
import { lmdb, type RangeIterator, type RangeOptions, type RawKey, type Snapshot, type Store } from "#moss-db/lmdb";
import { copySnapshot, lacksLock, newestTransaction } from "#moss-db/snapshot";
import { syncDirectory } from "#sys/sync";

/** Reads what lies in `source[start, end)`, which is valid only during the call. */
export type Reader = (source: Buffer, start: number, end: number) => unknown;

// The lock file can be written by its owner only: whoever can write it can halt or mislead the writers.
const FILE_MODE = 0o644;

const ignore: Reader = () => undefined;

export class Environment {
  readonly directory: string;
  #store: Store | undefined;
  #writable = false;
  /** The transaction that the private copy being read is of; undefined where the database itself is read. */
  #copied: bigint | undefined;
  #readKey: Reader = ignore;
  #readValue: Reader = ignore;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Opens the environment; for writing it is made where it does not exist. */
  open(writable: boolean): Store {
    if (this.#store !== undefined && (this.#writable || !writable)) return this.#store;
    this.close();
    if (writable && !existsSync(join(this.directory, "data.mdb"))) this.#create();
    quickCheck(this.directory);
    if (writable) {
      this.#store = this.#openStore(this.directory, true);
    } else if (lacksLock(this.directory)) {
      this.#store = this.#openCopy();
    } else {
      this.#store = this.#openStore(this.directory, false);
    }
    this.#writable = writable;
    return this.#store;
  }

  /** Opens the environment for a new snapshot: what others have committed is seen from now on. */
  renew(): Store {
    if (this.#copied !== undefined && newestTransaction(this.directory) !== this.#copied) this.close();
    const store = this.open(false);
    store.resetReadTxn();
    return store;
  }

  /** Makes an empty database elsewhere and moves it in: a crash leaves a whole database or none. */
  #create(): void {
    const folder = join(this.directory, `new-${process.pid}`);
    try {
      mkdirSync(folder, { recursive: true });
      void this.#openStore(folder, true).close();
      syncFile(join(folder, "data.mdb"));
      linkSync(join(folder, "data.mdb"), join(this.directory, "data.mdb"));
      syncDirectory(this.directory);
    } catch (error) {
      // Another process was faster, which is as good.
      if (errnoCode(error) !== "EEXIST") throw databaseFailure(error, "open", this.directory);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  #openCopy(): Store {
    const copy = copySnapshot(this.directory);
    try {
      const store = this.#openStore(copy.directory, false);
      this.#copied = copy.transaction;
      return store;
    } finally {
      // LMDB has it open: the files are gone with the process at the latest.
      rmSync(copy.directory, { recursive: true, force: true });
    }
  }

  #openStore(path: string, writable: boolean): Store {
    try {
      return lmdb().open({
        path,
        noSubdir: false,
        readOnly: !writable,
        overlappingSync: false,
        maxDbs: 1,
        encoding: "binary",
        decoder: { decode: (bytes, size) => this.#readValue(bytes, 0, size) },
        decoderCopies: true,
        keyEncoder: { writeKey, readKey: (source, start, end) => this.#readKey(source, start, end) },
        permissionsMode: FILE_MODE,
      });
    } catch (error) {
      throw databaseFailure(error, "open", this.directory);
    }
  }

  get store(): Store {
    return this.#store ?? this.open(false);
  }

  /** The stored value of a key, read by `read`; undefined where there is none. */
  get(key: RawKey, snapshot: Snapshot | undefined, read: Reader): unknown {
    const store = this.store;
    const found = fetchValue(store, key, snapshot, this.directory);
    return found === undefined ? undefined : read(found, 0, store.lastSize);
  }

  has(key: RawKey, snapshot: Snapshot | undefined): boolean {
    return fetchValue(this.store, key, snapshot, this.directory) !== undefined;
  }

  range(options: RangeOptions): RangeIterator {
    try {
      return this.store.getRange(options).iterate();
    } catch (error) {
      throw databaseFailure(error, "read", this.directory);
    }
  }

  /** The next step of an iterator, its key and value read by these readers. */
  step(
    iterator: RangeIterator,
    readKey: Reader,
    readValue: Reader,
  ): { readonly done?: boolean; readonly value: unknown } {
    this.#readKey = readKey;
    this.#readValue = readValue;
    try {
      return iterator.next();
    } catch (error) {
      throw databaseFailure(error, "read", this.directory);
    }
  }

  count(options: Omit<RangeOptions, "values">): number {
    this.#readKey = ignore;
    try {
      return this.store.getKeysCount(options);
    } catch (error) {
      throw databaseFailure(error, "read", this.directory);
    }
  }

  put(key: RawKey, value: Uint8Array): void {
    try {
      this.store.put(key, value);
    } catch (error) {
      throw databaseFailure(error, "write", this.directory);
    }
  }

  remove(key: RawKey): void {
    try {
      this.store.remove(key);
    } catch (error) {
      throw databaseFailure(error, "write", this.directory);
    }
  }

  close(): void {
    const store = this.#store;
    this.#store = undefined;
    this.#copied = undefined;
    // No write is ever queued, so the closing has happened when this returns; the promise is lmdb's form for the others.
    if (store !== undefined) void store.close();
  }
}

function syncFile(path: string): void {
  const fd = openSync(path, "r+");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function fetchValue(store: Store, key: RawKey, snapshot: Snapshot | undefined, directory: string): Buffer | undefined {
  try {
    return snapshot === undefined ? store.getBinaryFast(key) : store.getBinaryFast(key, { transaction: snapshot });
  } catch (error) {
    throw databaseFailure(error, "read", directory);
  }
}

function writeKey(key: RawKey, target: Buffer, start: number): number {
  const { prefix, bytes } = key;
  for (let i = 0; i < prefix.length; i++) target[start + i] = prefix[i] ?? 0;
  const at = start + prefix.length;
  target.set(bytes, at);
  return at + bytes.length;
}
