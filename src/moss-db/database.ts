// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * moss-db: an ordered, transactional store of typed buckets in one LMDB environment. See README.md of this folder.
 */
import { isAbsolute } from "node:path";
import { Failure } from "#base/errors";
import { Environment } from "#moss-db/environment";
import { databaseFailure } from "#moss-db/failures";
import { checkPages } from "#moss-db/file-check";
import { isCurrent, isNew, migrate, type Schema } from "#moss-db/schema";
import { Session } from "#moss-db/session";
import { newestTransaction } from "#moss-db/snapshot";
import { type ReadTransaction, Update, View, type WriteTransaction } from "#moss-db/transaction";

export interface DatabaseOptions {
  readonly schema?: Schema;
  /** Refuses writes, and makes nothing: the database must exist. */
  readonly readOnly?: boolean;
  /** Looks at every page of the file first (1 ms for 4 MB): after a crash, or where damage is suspected. */
  readonly check?: boolean;
}

/** A result that is no promise: transactions end when their callbacks return. */
type Synchronous<T> = T extends PromiseLike<unknown> ? never : T;

const SCHEME = "lmdb://";

/** The URI of the database in a folder, given as an absolute path. */
export function databaseUri(directory: string): string {
  return SCHEME + encodeURI(directory).replaceAll("?", "%3F").replaceAll("#", "%23");
}

function directoryOf(uri: string): string {
  const path = uri.startsWith(SCHEME) ? decodePath(uri.slice(SCHEME.length)) : undefined;
  if (path === undefined || !isAbsolute(path) || path.includes("\0")) {
    throw new Failure("db.open", `Cannot open the database "${uri}": no such kind of URI, expected lmdb:///path`);
  }
  return path;
}

function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** An open database. Dispose it with `using`, or `close` it; one that is not closed keeps no lock. */
export class Database {
  readonly #environment: Environment;
  readonly #readOnly: boolean;
  #closed = false;

  /** Use `openDatabase`. */
  constructor(environment: Environment, readOnly: boolean) {
    this.#environment = environment;
    this.#readOnly = readOnly;
  }

  /** The folder of the database. */
  get directory(): string {
    return this.#environment.directory;
  }

  /**
   * Runs `body` on a snapshot: what others commit meanwhile is not seen. Never waits for a writer. Everything that
   * `tx` gave out is dead when `body` returns; its result and what it throws are passed on.
   */
  view<T>(body: (tx: ReadTransaction) => Synchronous<T>): T {
    this.#check();
    const environment = this.#environment;
    if (environment.updating) throw new Error("A view cannot begin within an update: use the update's own tx");
    const session = this.#begin(() => new Session(environment, environment.beginView()), "read");
    environment.views += 1;
    try {
      return synchronous(body(new View(session)));
    } finally {
      environment.views -= 1;
      session.end();
    }
  }

  /**
   * Runs `body` in a transaction that is committed, and on the disk, when this returns, or leaves no trace where
   * `body` throws; the error is passed on. One writer at a time: another process waits here.
   */
  update<T>(body: (tx: WriteTransaction) => Synchronous<T>): T {
    return this.#update((session) => synchronous(body(new Update(session))));
  }

  #update<T>(body: (session: Session) => T): T {
    this.#check();
    if (this.#readOnly) {
      throw new Failure("db.open", `Cannot write the database "${this.directory}": it was opened for reading only`);
    }
    const environment = this.#environment;
    if (environment.views > 0) throw new Error("An update cannot begin within a view");
    if (environment.updating) throw new Error("An update cannot begin within another");
    const session = new Session(environment, undefined);
    let thrown: { readonly error: unknown } | undefined;
    environment.updating = true;
    try {
      return environment.transact(() => {
        try {
          return body(session);
        } catch (error) {
          thrown = { error };
          throw error;
        } finally {
          session.end();
        }
      });
    } catch (error) {
      if (thrown !== undefined) throw thrown.error;
      throw databaseFailure(error, "write", this.directory);
    } finally {
      environment.updating = false;
    }
  }

  /** Makes the database what its schema says, where it is not yet. Called once by `openDatabase`. */
  prepare(schema: Schema | undefined): void {
    if (schema === undefined) return;
    // A new one has nothing to read, which is no error.
    const ready = (session: Session) => isCurrent(session, schema) || (this.#readOnly && isNew(session));
    if (this.#look(ready)) return;
    if (this.#readOnly) {
      throw new Failure("db.schema", `Cannot read the database "${this.directory}": its version is older than ours`, {
        hint: "Run a command that writes first: it brings the database to the new version.",
      });
    }
    this.#update((session) => {
      migrate(session, schema);
    });
  }

  #look(body: (session: Session) => boolean): boolean {
    const session = this.#begin(() => new Session(this.#environment, this.#environment.beginView()), "read");
    try {
      return body(session);
    } finally {
      session.end();
    }
  }

  #begin(make: () => Session, verb: "read" | "write"): Session {
    try {
      return make();
    } catch (error) {
      throw databaseFailure(error, verb, this.directory);
    }
  }

  #check(): void {
    if (this.#closed) throw new Failure("db.closed", `Cannot use the database "${this.directory}": it is closed`);
  }

  /**
   * The number of a commit, of anybody: the next view sees that one or a later one. Where `newest` is the same after some views, all
   * of them saw just this one, and nobody has committed since.
   */
  get settled(): bigint {
    this.#check();
    return this.#environment.settled();
  }

  /** The number of the newest commit of anybody, which a view may not see yet: it may be on its way still. */
  get newest(): bigint {
    this.#check();
    return newestTransaction(this.directory);
  }

  /** Looks at every page of the file. Throws `db.corrupt` where one is not what it must be. */
  check(): void {
    this.#check();
    checkPages(this.directory);
  }

  /** Closes the database. Not within a transaction. */
  close(): void {
    if (this.#closed) return;
    const { views, updating } = this.#environment;
    if (views > 0 || updating) throw new Error("A database cannot be closed within a transaction");
    this.#closed = true;
    this.#environment.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function synchronous<T>(result: T): T {
  if (typeof result === "object" && result !== null && "then" in result && typeof result.then === "function") {
    throw new TypeError("The callback of a transaction must not be async");
  }
  return result;
}

/**
 * Opens the database at a URI (`lmdb:///var/lib/thing`, see `databaseUri`), which is made with its folder where it does
 * not exist. Throws `db.open`, `db.corrupt` or `db.schema`.
 */
export function openDatabase(uri: string, options: DatabaseOptions = {}): Database {
  const readOnly = options.readOnly === true;
  const directory = directoryOf(uri);
  if (options.check === true) checkPages(directory);
  const { schema } = options;
  // A new database has its schema from the first: no commit of its own for it.
  const create = (environment: Environment) => new Database(environment, false).prepare(schema);
  const { environment, made } = Environment.acquire(directory, readOnly ? undefined : create);
  const database = new Database(environment, readOnly);
  try {
    // To look at what has just been written would open it once more, for reading only.
    if (!made) database.prepare(schema);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}
