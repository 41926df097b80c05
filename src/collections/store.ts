// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What collections offered when they were last refreshed: a database of its own, apart from the states of a root. It can
 * be made again at any time, its writing must not keep writers of states waiting, and who lists installed packages
 * without rights to the lock file must not copy it.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { errnoCode, Failure } from "#base/errors";
import { Catalogue } from "#collections/catalogue";
import { removeOffers } from "#collections/generations";
import type { Collection } from "#collections/model";
import { COLLECTIONS, type CollectionRecord, SCHEMA } from "#collections/schema";
import { type Database, databaseUri, openDatabase } from "#moss-db/index";
import { FileLock, lockOwner, waitForLock } from "#sys/lock";

export interface StoreOptions {
  /** Only asks; makes nothing, and needs no rights. */
  readonly readOnly?: boolean;
}

/** Opened at the first question, so that having one costs nothing. */
export class CollectionStore {
  readonly folder: string;
  readonly readOnly: boolean;
  #database: Database | undefined;

  /** The folder, such as `R/.moss/collections`, is made at the first refresh. */
  constructor(folder: string, options: StoreOptions = {}) {
    this.folder = folder;
    this.readOnly = options.readOnly === true;
  }

  /** The database, or undefined where nothing was ever refreshed and this is only for reading. */
  get database(): Database | undefined {
    if (this.#database !== undefined) return this.#database;
    if (!existsSync(`${this.folder}/db/data.mdb`)) return undefined;
    this.#database = openDatabase(databaseUri(`${this.folder}/db`), { schema: SCHEMA, readOnly: this.readOnly });
    return this.#database;
  }

  /** The database, made where there is none. Throws root.readonly. */
  writable(): Database {
    if (this.readOnly) throw new Error("this store is only for reading");
    this.#writing(() => mkdirSync(this.folder, { recursive: true, mode: 0o755 }));
    this.#database ??= openDatabase(databaseUri(`${this.folder}/db`), { schema: SCHEMA });
    return this.#database;
  }

  /**
   * The right to store an index, or undefined while another process has it: one would take what the other has not finished for
   * what a process that was killed has left behind. Throws root.readonly.
   */
  tryLock(): FileLock | undefined {
    const path = `${this.folder}/refresh.lock`;
    return this.#writing(() => FileLock.tryAcquire(path, "exclusive", `process ${process.pid}`));
  }

  /**
   * Waits until no other process stores or removes an index, for as long as that takes; `onWait` is told whom it waits for where that is
   * more than a moment. Throws root.readonly.
   */
  async alone(onWait: (owner: string) => void = () => {}): Promise<FileLock> {
    return await waitForLock(() => this.tryLock(), {
      onWait: () => onWait(lockOwner(`${this.folder}/refresh.lock`)),
    });
  }

  #writing<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      const code = errnoCode(cause);
      if (code !== "EACCES" && code !== "EPERM" && code !== "EROFS") throw cause;
      throw new Failure("root.readonly", `Cannot write to "${this.folder}"`, {
        hint: "Run the command as root, or choose another root with -D.",
        cause,
      });
    }
  }

  /** What is known of a collection since its last refresh. */
  record(name: string): CollectionRecord | undefined {
    return this.database?.view((tx) => tx.bucket(COLLECTIONS).get(name));
  }

  /** What the active ones of these collections offer. */
  catalogue(collections: readonly Collection[]): Catalogue {
    return new Catalogue(() => this.database, collections);
  }

  /**
   * Forgets what a collection offered, while no other process stores an index: the number that its offers had is free for that one's
   * from the moment that no record names it.
   */
  async forget(name: string, onWait?: (owner: string) => void): Promise<void> {
    const { database } = this;
    if (database === undefined) return;
    using _lock = await this.alone(onWait);
    const record = database.update((tx) => {
      const records = tx.bucket(COLLECTIONS);
      const found = records.get(name);
      records.delete(name);
      return found;
    });
    if (record !== undefined) removeOffers(database, record.generation);
    for (const end of ["", ".part"]) rmSync(`${this.folder}/lists/${name}${end}`, { force: true });
  }

  [Symbol.dispose](): void {
    this.#database?.close();
    this.#database = undefined;
  }
}
