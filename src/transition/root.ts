// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A root that moss looks after: its private folder, its database, its store, and what can be asked of it. Asking takes no
 * lock and writes nothing.
 */
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync } from "node:fs";
import { errnoCode, Failure } from "#base/errors";
import type { PackageId } from "#model/package";
import { type Database, databaseUri, openDatabase, type ReadTransaction } from "#moss-db/index";
import { diskFailure } from "#store/disk";
import { decodeFiles } from "#store/files";
import { FileLock, waitForLockSync } from "#sys/lock";
import { cacheLockPath, joinCache, registerRoot, rememberCache } from "#transition/cache";
import { activeState, shownState } from "#transition/live";
import { busy, torn, unknownState } from "#transition/refusals";
import { belowUsr, cacheOf, checkOwnership, realDirectory } from "#transition/root-paths";
import {
  CURRENT,
  FILES,
  JOURNAL,
  type JournalRecord,
  LIVE,
  PACKAGES,
  type PackageRecord,
  SCHEMA,
  STATES,
  type StatePackage,
  type StateRecord,
  TEXTS,
} from "#transition/schema";
import { findSelection, readSelections } from "#transition/selections";
import { TreeSource } from "#transition/source";
import { listTree } from "#tree/diff";
import type { TreeRecord as FileRecord, TreeEntry } from "#tree/entry";
import { Tree } from "#tree/tree";

export { activeState } from "#transition/live";
export { unknownState } from "#transition/refusals";

export interface RootOptions {
  /** A folder for store and downloads that several roots share. */
  readonly cache?: string;
  /** Only asks; makes nothing, and needs no rights. */
  readonly readOnly?: boolean;
}

export interface LockOptions {
  /** The command line, for others that find the lock. */
  readonly command: string;
  /** Milliseconds to wait for another writer; 0, the default, fails at once. */
  readonly wait?: number;
}

/** Who owns a path, and what stands there. */
export interface Ownership {
  /** Relative to /usr, through symlinks of the tree. */
  readonly path: string;
  readonly owners: readonly string[];
  readonly kind: TreeEntry["kind"];
}

export class MossRoot {
  /** Absolute, without symlinks. */
  readonly directory: string;
  /** `.moss` of the root. */
  readonly private: string;
  /** Downloads lie in `downloads` below it. */
  readonly cache: string;
  /** Folder of the store. */
  readonly store: string;
  readonly shared: boolean;
  readonly readOnly: boolean;
  #database: Database | undefined;
  #lock: FileLock | undefined;
  #cacheLock: FileLock | undefined;

  private constructor(directory: string, options: RootOptions) {
    this.directory = directory;
    this.private = directory === "/" ? "/.moss" : `${directory}/.moss`;
    this.shared = options.cache !== undefined;
    this.cache = options.cache ?? `${this.private}/cache`;
    this.store = options.cache === undefined ? `${this.private}/assets` : `${this.cache}/assets`;
    this.readOnly = options.readOnly === true;
  }

  /** Throws root.invalid for what is no directory; root.readonly, root.foreign where moss may not write. */
  static open(directory: string, options: RootOptions = {}): MossRoot {
    const real = realDirectory(directory, "root");
    const cache = cacheOf(real, options);
    const root = new MossRoot(real, { ...options, ...(cache === undefined ? {} : { cache }) });
    if (!root.readOnly) root.#prepare();
    return root;
  }

  #prepare(): void {
    checkOwnership(this.directory, this.private, this.store);
    try {
      mkdirSync(this.private, { recursive: true, mode: 0o755 });
      accessSync(this.private, constants.W_OK);
      // Old set-id programs must not stay within everybody's reach.
      mkdirSync(this.trees, { recursive: true, mode: 0o700 });
      mkdirSync(`${this.cache}/downloads`, { recursive: true, mode: 0o755 });
      mkdirSync(this.store, { recursive: true, mode: 0o700 });
      if (this.shared) registerRoot(this.cache, this.directory);
      if (this.shared) rememberCache(this.private, this.cache);
      if (this.shared) closeSync(openSync(cacheLockPath(this.cache), "a", 0o644));
    } catch (cause) {
      const code = errnoCode(cause);
      if (code !== "EACCES" && code !== "EPERM") throw diskFailure(cause, `prepare the root "${this.directory}"`);
      throw new Failure("root.readonly", `Cannot change the root "${this.directory}": no right to write to it`, {
        hint: "Run the command as root, or choose another root with -D.",
        cause,
      });
    }
  }

  /** Folder of the trees that are not live. */
  get trees(): string {
    return `${this.private}/root`;
  }

  get usr(): string {
    return this.directory === "/" ? "/usr" : `${this.directory}/usr`;
  }

  /** Path of the tree at a place. */
  treePath(place: string): string {
    return place === LIVE ? this.usr : `${this.trees}/${place}/usr`;
  }

  /** False for a directory that moss has never written to. */
  get exists(): boolean {
    return this.#database !== undefined || existsSync(`${this.private}/db/data.mdb`);
  }

  /** Throws root.invalid where nothing was ever installed and this is only for reading. */
  get database(): Database {
    if (this.#database !== undefined) return this.#database;
    if (this.readOnly && !this.exists) {
      throw new Failure(
        "root.invalid",
        `Cannot read the root "${this.directory}": moss has never installed anything in it`,
        {
          hint: "Give the root with -D, or install something first.",
        },
      );
    }
    const folder = `${this.private}/db`;
    try {
      this.#database = openDatabase(databaseUri(folder), { schema: SCHEMA, readOnly: this.readOnly });
    } catch (error) {
      throw error instanceof Failure && error.code === "db.corrupt" ? torn(folder, error) : error;
    }
    return this.#database;
  }

  view<T>(body: (tx: ReadTransaction) => T extends PromiseLike<unknown> ? never : T): T {
    return this.database.view(body);
  }

  #unlock(): void {
    this.#cacheLock?.[Symbol.dispose]();
    this.#cacheLock = undefined;
    this.#lock?.[Symbol.dispose]();
    this.#lock = undefined;
  }

  [Symbol.dispose](): void {
    this.#unlock();
    this.#database?.close();
    this.#database = undefined;
  }

  /** True while this object holds the root for writing. */
  get locked(): boolean {
    return this.#lock !== undefined;
  }

  /** Takes the root for writing. Throws root.busy, naming the one who has it. */
  lock(options: LockOptions): Disposable {
    if (this.#lock !== undefined) throw new Error("the root is locked already");
    const path = `${this.private}/lock`;
    const owner = JSON.stringify({ pid: process.pid, command: options.command });
    const wait = options.wait ?? 0;
    const start = performance.now();
    this.#lock = waitForLockSync(() => FileLock.tryAcquire(path, "exclusive", owner), { atMost: wait });
    if (this.#lock === undefined) throw busy(this.directory, path);
    try {
      // While any root that shares the cache is at work, nobody may sweep what has arrived and is not yet named.
      if (this.shared) this.#cacheLock = joinCache(this.directory, this.cache, wait - (performance.now() - start));
    } catch (error) {
      this.#unlock();
      throw error;
    }
    return { [Symbol.dispose]: () => this.#unlock() };
  }

  /** Runs `work` while no other root that shares the cache is at work; undefined where one is. The lock must be held. */
  aloneInCache<T>(work: () => T): T | undefined {
    return this.#cacheLock === undefined ? work() : this.#cacheLock.exclusively(work);
  }

  /** The journal of a transition that has not ended. */
  pending(): JournalRecord | undefined {
    return this.exists ? this.view((tx) => tx.bucket(JOURNAL).get(CURRENT)) : undefined;
  }

  /**
   * The live state: the one whose tree is /usr now, whatever a crash may have left unsaid. Where /usr is gone, or is of a
   * state that the database does not have, the one that was live last: what /usr should be.
   */
  active(): StateRecord | undefined {
    if (!this.exists) return undefined;
    // Between the look at the database and that at /usr a writer may have made a state and exchanged: look again.
    for (let attempt = 0; attempt < 3 && !this.locked && existsSync(`${this.usr}/.stateID`); attempt++) {
      const state = this.view((tx) => shownState(this, tx));
      if (state !== undefined) return state;
    }
    return this.view((tx) => activeState(this, tx));
  }

  /** All states, the youngest first. */
  states(): StateRecord[] {
    return this.exists ? this.view((tx) => [...tx.bucket(STATES).values({ reverse: true })]) : [];
  }

  /** Throws state.unknown. */
  state(id: number): StateRecord {
    const state = this.exists ? this.view((tx) => tx.bucket(STATES).get(id)) : undefined;
    if (state === undefined) throw unknownState(id);
    return state;
  }

  /** Packages of a state, sorted by name. */
  packages(state: StateRecord | undefined): StatePackage[] {
    return state === undefined ? [] : this.view((tx) => readSelections(tx, state.selections));
  }

  /** The package of this name in a state, without reading the whole list. */
  find(state: StateRecord | undefined, name: string): StatePackage | undefined {
    return state === undefined ? undefined : this.view((tx) => findSelection(tx, state.selections, name));
  }

  package(id: PackageId): PackageRecord | undefined {
    return this.exists ? this.view((tx) => tx.bucket(PACKAGES).get(id)) : undefined;
  }

  /** What a package records, sorted by path relative to /usr. Empty for one that is not here. */
  files(id: PackageId): FileRecord[] {
    return this.view((tx) => {
      const encoded = tx.bucket(FILES).get(id);
      return encoded === undefined ? [] : decodeFiles(encoded);
    });
  }

  /** The owners of a path (absolute, or relative to /usr) in a state; undefined where nothing stands. */
  owner(path: string, state: StateRecord | undefined = this.active()): Ownership | undefined {
    if (state === undefined) return undefined;
    const inside = belowUsr(path);
    if (inside === undefined) return undefined;
    return this.view((tx) => {
      const entry = new Tree(new TreeSource(tx), state.tree).lookup(inside);
      return entry === undefined ? undefined : { path: inside, owners: entry.owners, kind: entry.kind };
    });
  }

  /** Every entry of a state's tree, with paths relative to /usr. */
  listing(state: StateRecord): { readonly path: string; readonly entry: TreeEntry }[] {
    return this.view((tx) => [...listTree(new TreeSource(tx), state.tree)]);
  }

  /** The text of a state's usr/lib/system-model.kdl. */
  systemModel(state: StateRecord): string {
    return this.view((tx) => tx.bucket(TEXTS).get(state.systemModel)) ?? "";
  }
}
