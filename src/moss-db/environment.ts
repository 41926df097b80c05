// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * One open LMDB environment: a folder with `data.mdb` and `lock.mdb`. It is opened for reading only, and anew for
 * writing at the first write, because LMDB takes the writers' lock to open for writing: a program that only reads never
 * waits for one that writes.
 */
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { EMPTY } from "#base/bytes";
import { Failure } from "#base/errors";
import { Bridge, ignore, type Reader } from "#moss-db/bridge";
import { createDatabase, ensureLockFile, sweepUnfinished } from "#moss-db/create";
import { databaseFailure } from "#moss-db/failures";
import { quickCheck } from "#moss-db/file-check";
import {
  lmdb,
  type RangeIterator,
  type RangeOptions,
  type ReadOptions,
  type Snapshot,
  type Store,
} from "#moss-db/lmdb";
import { Published } from "#moss-db/published";
import { copySnapshot, lacksLock, newestTransaction } from "#moss-db/snapshot";

// The lock file can be written by its owner only: whoever can write it can halt or mislead the writers.
const FILE_MODE = 0o644;

/** How often a transaction is begun anew because it began behind the newest commit; each time is a rare coincidence. */
const BEGINNINGS = 100;

/** Ends a transaction that began behind the newest commit. */
const BEHIND = new Error("behind the newest commit");

/** The environments open in this thread, by the inode of their file: LMDB must not open one twice in a process. */
const known = new Map<string, Environment>();

export class Environment {
  readonly directory: string;
  /** Views that run now. */
  views = 0;
  /** Whether an update runs now. */
  updating = false;
  readonly #key: string;
  #users = 0;
  #store: Store | undefined;
  /** What the store's transactions begin with; undefined where LMDB has no lock file. */
  #published: Published | undefined;
  #writable = false;
  #checked = false;
  /** The transaction that the private copy being read is of; undefined where the database itself is read. */
  #copied: bigint | undefined;
  readonly #bridge = new Bridge();

  /** Of a database that is being made: what is written to it is synced once, when it is whole. */
  readonly #fresh: boolean;

  private constructor(directory: string, key: string, fresh = false) {
    this.directory = directory;
    this.#key = key;
    this.#fresh = fresh;
  }

  /**
   * The environment of a folder, made where there is a `create`, which writes what it begins with, and whether this has made
   * it; `release` it.
   */
  static acquire(
    directory: string,
    create: ((environment: Environment) => void) | undefined,
  ): { readonly environment: Environment; readonly made: boolean } {
    const file = join(directory, "data.mdb");
    let made = false;
    if (!existsSync(file)) {
      if (create === undefined)
        throw new Failure("db.open", `Cannot open the database "${directory}": nothing is there`);
      made = createDatabase(directory, (folder) => {
        const environment = new Environment(folder, "", true);
        try {
          environment.open(true);
          create(environment);
        } finally {
          environment.#close();
        }
      });
    }
    try {
      const { dev, ino } = statSync(file);
      const key = `${dev}:${ino}`;
      const environment = known.get(key) ?? new Environment(directory, key);
      known.set(key, environment);
      environment.#users += 1;
      environment.#checked ||= made;
      return { environment, made };
    } catch (error) {
      throw databaseFailure(error, "open", directory);
    }
  }

  /** Ends one use; the last one closes the environment. */
  release(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    known.delete(this.#key);
    this.#close();
  }

  /** Opens the environment, for writing anew where it was open for reading only. */
  open(writable: boolean): Store {
    if (this.#store !== undefined && (this.#writable || !writable)) return this.#store;
    this.#close();
    if (!this.#checked && !this.#fresh) quickCheck(this.directory);
    this.#checked = true;
    if (writable) {
      this.#store = this.#openStore(this.directory, true);
      sweepUnfinished(this.directory);
    } else if (lacksLock(this.directory)) {
      this.#store = this.#openCopy();
    } else {
      this.#store = this.#openStore(this.directory, false);
    }
    this.#writable = writable;
    return this.#store;
  }

  /**
   * Begins a view: a snapshot of what others have committed until now or, of a view within another, of what that one sees.
   * The caller ends it.
   */
  beginView(): Snapshot {
    if (this.views > 0) return this.open(false).useReadTransaction();
    for (let left = BEGINNINGS; ; left--) {
      const store = this.#renew();
      const committed = this.#published?.committed() ?? 0n;
      const snapshot = store.useReadTransaction();
      if (this.#published === undefined || this.#published.published() >= committed) return snapshot;
      // The snapshot is whole, only old.
      if (left === 0) return snapshot;
      snapshot.done();
      this.#close();
    }
  }

  /** The number of the commit that a view which begins now sees at least. */
  settled(): bigint {
    this.open(false);
    // A commit is in the meta page, and read from there, a moment before views begin with it: until it is on the disk.
    return this.#published?.published() ?? newestTransaction(this.directory);
  }

  /** Opens the environment such that the next snapshot is new. */
  #renew(): Store {
    if (this.#copied !== undefined && newestTransaction(this.directory) !== this.#copied) this.#close();
    const store = this.open(false);
    store.resetReadTxn();
    return store;
  }

  /** Runs `body` in LMDB's only writing transaction, which begins with the newest commit, and commits it. */
  transact<T>(body: () => T): T {
    for (let left = BEGINNINGS; ; left--) {
      const store = this.open(true);
      try {
        return store.transactionSync(() => {
          const committed = this.#published?.committed();
          if (committed !== undefined && BigInt(store.getWriteTxnId()) !== committed + 1n) throw BEHIND;
          return body();
        });
      } catch (error) {
        if (error !== BEHIND || left === 0) throw error;
        this.#close();
      }
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
      if (writable) ensureLockFile(path);
      const store = lmdb().open({
        path,
        noSubdir: false,
        readOnly: !writable,
        overlappingSync: false,
        noSync: this.#fresh,
        maxDbs: 1,
        ...this.#bridge.options(),
        permissionsMode: FILE_MODE,
      });
      this.#publish(store, path);
      return store;
    } catch (error) {
      throw databaseFailure(error, "open", this.directory);
    }
  }

  #publish(store: Store, path: string): void {
    try {
      if (!this.#fresh) this.#published = Published.open(path);
    } catch (error) {
      void store.close();
      throw error;
    }
  }

  /** The stored value of a key of a bucket, read by `read`; undefined where there is none. */
  get(prefix: Uint8Array, key: Uint8Array, options: ReadOptions, read: Reader): unknown {
    const store = this.open(this.updating);
    const found = this.#find(store, prefix, key, options);
    return found === undefined ? undefined : read(found, 0, store.lastSize);
  }

  has(prefix: Uint8Array, key: Uint8Array, options: ReadOptions): boolean {
    return this.#find(this.open(this.updating), prefix, key, options) !== undefined;
  }

  #find(store: Store, prefix: Uint8Array, key: Uint8Array, options: ReadOptions): Buffer | undefined {
    this.#bridge.prefix = prefix;
    try {
      return store.getBinaryFast(key, options);
    } catch (error) {
      throw databaseFailure(error, "read", this.directory);
    }
  }

  /** Walks over whole keys, their buckets' numbers included. */
  range(options: RangeOptions): RangeIterator {
    try {
      return this.open(this.updating).getRange(options).iterate();
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
    this.#bridge.prefix = EMPTY;
    this.#bridge.readKey = readKey;
    this.#bridge.readValue = readValue;
    try {
      return iterator.next();
    } catch (error) {
      throw databaseFailure(error, "read", this.directory);
    }
  }

  count(options: Omit<RangeOptions, "values">): number {
    this.#bridge.prefix = EMPTY;
    this.#bridge.readKey = ignore;
    try {
      return this.open(this.updating).getKeysCount(options);
    } catch (error) {
      throw databaseFailure(error, "read", this.directory);
    }
  }

  put(prefix: Uint8Array, key: Uint8Array, value: Uint8Array): void {
    this.#bridge.prefix = prefix;
    try {
      this.open(true).put(key, value);
    } catch (error) {
      throw databaseFailure(error, "write", this.directory);
    }
  }

  remove(prefix: Uint8Array, key: Uint8Array): void {
    this.#bridge.prefix = prefix;
    try {
      this.open(true).remove(key);
    } catch (error) {
      throw databaseFailure(error, "write", this.directory);
    }
  }

  #close(): void {
    const store = this.#store;
    const published = this.#published;
    this.#store = undefined;
    this.#published = undefined;
    this.#copied = undefined;
    // Whoever believes to be the last to close destroys the mutexes in the lock file, and another process that opens in
    // this moment would find them so (EINVAL, and again with each try). With the byte that says "somebody is here" held
    // by us, nobody is ever the last; the next who is alone when it opens makes them anew.
    published?.stay();
    // No write is ever queued, so the closing has happened when this returns; the promise is lmdb's form for the others.
    if (store !== undefined) void store.close();
    published?.close();
  }
}
