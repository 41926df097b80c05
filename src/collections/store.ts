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
import { FileLock } from "#sys/lock";

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

  /** Forgets what a collection offered. */
  forget(name: string): void {
    const { database } = this;
    const record = database?.update((tx) => {
      const records = tx.bucket(COLLECTIONS);
      const found = records.get(name);
      records.delete(name);
      return found;
    });
    if (database !== undefined && record !== undefined) removeOffers(database, record.generation);
    if (!this.readOnly) for (const end of ["", ".part"]) rmSync(`${this.folder}/lists/${name}${end}`, { force: true });
  }

  [Symbol.dispose](): void {
    this.#database?.close();
    this.#database = undefined;
  }
}
