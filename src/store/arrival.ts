// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The folder in the store into which one transaction unpacks. Its files have their final names and are whole, but not yet
 * certain to be on the disk, so they are no part of the store until `admit`, after a sync, has renamed them into it: what
 * lies in the store is always whole, even after a power cut. A folder that is left over from a crash is simply removed.
 * Trees may link to the files before: an inode stays what it is when its name changes.
 *
 * Like the store it has a folder for the first two digits: threads that create files seldom wait for the same folder, and
 * one that the store does not have yet is admitted whole, by one rename.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { errnoCode, Failure } from "#base/errors";
import { assetPath, parseAssetName } from "#store/names";
import { makePlainDirectory } from "#store/owner";
import { renameNoReplace } from "#sys/exchange";
import { syncPath } from "#sys/sync";

const PREFIX = "new-";

/** Questions about one folder of the store that cost more than reading it does: a whole system asks for each a hundred times. */
const OFTEN = 4;

/** The arrival folder of one transaction. */
export class Arrival {
  readonly store: string;
  readonly id: string;
  readonly directory: string;
  readonly distrusted: ReadonlySet<string>;
  /** What lies in the store's folder; what others add while this arrival is open is found when it is admitted. */
  #known: ReadonlySet<string> | undefined;
  readonly #folders = new Set<string>();
  #opened = false;
  /** Files that have come after the sync. */
  readonly #late: string[] = [];
  /** How often a folder for two digits was asked for, and from `OFTEN` on what lies in it. */
  readonly #asked = new Map<string, number | ReadonlySet<string>>();

  /**
   * `id` is unique among the transactions of all roots that share the store. `distrusted` are names of assets that are to
   * be had anew although the store may have them, and that replace those.
   */
  constructor(store: string, id: string, distrusted: ReadonlySet<string> = new Set()) {
    this.store = store;
    this.id = id;
    this.directory = `${store}/${PREFIX}${id}`;
    this.distrusted = distrusted;
  }

  /** True for an asset that the store has, and that need not be unpacked. */
  has(name: string): boolean {
    this.#known ??= new Set(existsSync(this.store) ? readdirSync(this.store) : []);
    const folder = name.slice(0, 2);
    if (!this.#known.has(folder)) return false;
    if (this.distrusted.has(name)) return false;
    const asked = this.#asked.get(folder) ?? 0;
    if (typeof asked !== "number") return asked.has(name);
    if (asked < OFTEN) {
      this.#asked.set(folder, asked + 1);
      return existsSync(`${this.store}/${assetPath(name)}`);
    }
    const names = new Set(readdirSync(`${this.store}/${folder}`));
    this.#asked.set(folder, names);
    return names.has(name);
  }

  /** Makes the folder for two digits here, once. */
  makeFolder(digits: string): void {
    if (this.#folders.has(digits)) return;
    mkdirSync(`${this.directory}/${digits}`, { recursive: true, mode: 0o700 });
    this.#folders.add(digits);
  }

  /** Makes the folder. */
  open(): void {
    makePlainDirectory(this.directory, 0o700);
    this.#opened = true;
  }

  /** True from when the folder is made until it is admitted or discarded. */
  get opened(): boolean {
    return this.#opened;
  }

  /** Says that a file has been written here that a sync may have missed. */
  late(path: string): void {
    this.#late.push(path);
  }

  /**
   * Moves everything that has arrived into the store. Sync the file system before, and again before a state names it. Throws
   * store.missing where others have removed the folder.
   */
  admit(): void {
    if (!existsSync(this.directory)) throw gone(this.directory);
    for (const path of this.#late) syncPath(path);
    for (const folder of readdirSync(this.directory, { withFileTypes: true })) {
      // What is left of a body that was not complete has no folder.
      if (folder.isDirectory() && !this.#admitWhole(folder.name)) this.#admitEach(folder.name);
    }
    this.discard();
  }

  #admitWhole(folder: string): boolean {
    try {
      renameNoReplace(`${this.directory}/${folder}`, `${this.store}/${folder}`);
      return true;
    } catch (error) {
      if (errnoCode(error) === "EEXIST") return false;
      throw error;
    }
  }

  #admitEach(folder: string): void {
    for (const name of readdirSync(`${this.directory}/${folder}`)) {
      if (parseAssetName(name) === undefined) continue;
      admitAsset(this.store, `${this.directory}/${folder}/${name}`, name, this.distrusted.has(name));
    }
  }

  /** Removes what has not been admitted. */
  discard(): void {
    this.#opened = false;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function gone(directory: string): Failure {
  return new Failure(
    "store.missing",
    `Cannot add to the store: "${directory}" was removed meanwhile, expected it kept`,
    {
      hint: "Run the command again; leave the store to moss alone.",
    },
  );
}

/** Removes what transactions that are over have left; `alive` says which ids may still run. */
export function discardArrivals(store: string, alive: (id: string) => boolean): void {
  if (!existsSync(store)) return;
  for (const name of readdirSync(store)) {
    if (name.startsWith(PREFIX) && !alive(name.slice(PREFIX.length)))
      new Arrival(store, name.slice(PREFIX.length)).discard();
  }
}

/**
 * Gives a whole file its name in the store; the folder for the first two digits is made where it is missing. An asset
 * that is there stays, since trees link to it, unless `replace` says that it is no good.
 */
export function admitAsset(store: string, from: string, name: string, replace = false): void {
  const to = `${store}/${assetPath(name)}`;
  const move = replace ? renameSync : renameNoReplace;
  try {
    move(from, to);
  } catch (error) {
    if (errnoCode(error) === "EEXIST") {
      rmSync(from);
      return;
    }
    if (errnoCode(error) !== "ENOENT" || existsSync(dirname(to))) throw error;
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    move(from, to);
  }
}
