// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The roots that are kept for later builds. A root is known by the hash of its tree, so that sets of packages with the same
 * files share one; a small file for each set says which tree it is, so that nothing is merged to find a root again.
 *
 *   <roots>/<tree hash>/         the root; its marker was touched when it was last used
 *   <roots>/<tree hash>.use      shared lock of whoever is in it
 *   <roots>/packages/<set>       the tree hash of a set of packages
 *   <roots>/making-<pid>-<set>/  a root that is not whole yet
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoCode } from "#base/errors";
import { FileLock } from "#sys/lock";
import { writeFileAtomic } from "#sys/sync";

/** A root that stays as it is while this is held. */
export interface BuildRoot extends Disposable {
  readonly folder: string;
  /** Hash of the contents of its tree. */
  readonly tree: string;
}

export interface KeptRoot {
  readonly folder: string;
  readonly tree: string;
  /** Milliseconds since 1970. */
  readonly used: number;
}

/** Roots that no build used for so many days are removed. */
const KEEP_DAYS = 14;
const DAY_MS = 86_400_000;
/** What exported trees have beside their /usr; it comes last, so that a root without it is not whole. */
const MARKER = ".moss-tree";
const TREE = /^[0-9a-f]{64}$/;
const MAKING = "making-";

export class KeptRoots {
  readonly folder: string;

  /** @param folder made where it is missing */
  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(join(folder, "packages"), { recursive: true });
  }

  /** The lock of whoever makes the root of a set. */
  lockPath(set: string): string {
    return join(this.folder, "packages", `${set}.lock`);
  }

  /** The root of a set of packages, where one is kept. */
  find(set: string): BuildRoot | undefined {
    const known = join(this.folder, "packages", set);
    if (!existsSync(known)) return undefined;
    const tree = readFileSync(known, "utf8").trim();
    return TREE.test(tree) ? this.#enter(tree) : undefined;
  }

  /** A new folder for a root that is being made; it goes with the holder, but for what `keep` takes. */
  begin(set: string): BuildRoot {
    const folder = join(this.folder, `${MAKING}${process.pid}-${set.slice(0, 16)}`);
    const lock = hold(folder);
    rmSync(folder, { recursive: true, force: true });
    return { folder, tree: "", [Symbol.dispose]: () => drop(folder, lock) };
  }

  /** Keeps what was made as the root of a tree, or drops it where that is kept already, which `existed` says. */
  keep(set: string, made: BuildRoot, tree: string): { readonly root: BuildRoot; readonly existed: boolean } {
    const folder = join(this.folder, tree);
    const lock = hold(folder);
    const existed = !moveTo(made.folder, folder);
    writeFileAtomic(join(this.folder, "packages", set), `${tree}\n`);
    touch(folder);
    return { root: { folder, tree, [Symbol.dispose]: () => lock[Symbol.dispose]() }, existed };
  }

  /** Every root that is whole. */
  list(): KeptRoot[] {
    return readdirSync(this.folder)
      .filter((name) => TREE.test(name))
      .flatMap((tree) => {
        const folder = join(this.folder, tree);
        const used = statSync(join(folder, MARKER), { throwIfNoEntry: false })?.mtimeMs;
        return used === undefined ? [] : [{ folder, tree, used }];
      });
  }

  /** Removes a root; false where somebody is in it. */
  remove(root: Pick<KeptRoot, "folder">): boolean {
    const path = `${root.folder}.use`;
    const lock = FileLock.tryAcquire(path, "exclusive", "");
    if (lock === undefined) return false;
    drop(root.folder, lock);
    return true;
  }

  /** Removes roots that were not used for long, and what attempts left that were killed. */
  sweep(): void {
    const oldest = Date.now() - KEEP_DAYS * DAY_MS;
    for (const root of this.list()) if (root.used < oldest) this.remove(root);
    // Of one that was killed at its beginning or end there is a lock alone.
    const attempts = readdirSync(this.folder).filter((name) => name.startsWith(MAKING));
    for (const name of new Set(attempts.map((attempt) => attempt.replace(/\.use$/, "")))) {
      this.remove({ folder: join(this.folder, name) });
    }
    this.#forget(oldest);
  }

  /** Forgets sets whose root is gone. A lock that goes under a waiter's hands costs it no more than making a root twice. */
  #forget(oldest: number): void {
    const folder = join(this.folder, "packages");
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (name.endsWith(".lock")) {
        const since = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? oldest;
        if (since < oldest) rmSync(path, { force: true });
      } else if (!existsSync(join(this.folder, readFileSync(path, "utf8").trim(), MARKER)))
        rmSync(path, { force: true });
    }
  }

  #enter(tree: string): BuildRoot | undefined {
    const folder = join(this.folder, tree);
    if (!existsSync(folder)) return undefined;
    const lock = hold(folder);
    if (!existsSync(join(folder, MARKER))) {
      lock[Symbol.dispose]();
      return undefined;
    }
    touch(folder);
    return { folder, tree, [Symbol.dispose]: () => lock[Symbol.dispose]() };
  }
}

/** A shared lock beside the root, waiting for one who is removing it. */
function hold(folder: string): FileLock {
  const path = `${folder}.use`;
  for (;;) {
    closeSync(openSync(path, "a", 0o644));
    const lock = FileLock.acquireShared(path);
    if (lock.isAt(path)) return lock;
    lock[Symbol.dispose]();
  }
}

/**
 * Removes a folder and the lock beside it, which the caller holds. It loses its name first: what is found under a name is
 * always whole.
 */
function drop(folder: string, lock: FileLock): void {
  const gone = join(dirname(folder), `${MAKING}${process.pid}-gone-${basename(folder)}`);
  using _going = hold(gone);
  if (existsSync(folder)) renameSync(folder, gone);
  rmSync(`${folder}.use`, { force: true });
  lock[Symbol.dispose]();
  rmSync(gone, { recursive: true, force: true });
  rmSync(`${gone}.use`, { force: true });
}

/** Moves a folder to its place; false where one is there already. */
function moveTo(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    const code = errnoCode(error);
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw error;
  }
}

function touch(folder: string): void {
  const now = Date.now() / 1000;
  utimesSync(join(folder, MARKER), now, now);
}
