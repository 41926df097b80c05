// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The paths of a root: of its parts, and those that people give. */
import { accessSync, constants, existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { describeError, errnoCode, Failure } from "#base/errors";
import { rememberedCache } from "#transition/cache";

/** Where a path of a root stands below /usr, through the links at its top; undefined where it is not of /usr. */
export function belowUsr(path: string): string | undefined {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length === 0 || parts.includes("..")) return undefined;
  if (!path.startsWith("/")) return parts.join("/");
  if (parts[0] === "usr") return parts.length === 1 ? undefined : parts.slice(1).join("/");
  // /bin/sh stands at usr/bin/sh through the links of the root.
  return ["bin", "sbin", "lib", "lib32"].includes(parts[0] ?? "")
    ? parts.join("/")
    : parts[0] === "lib64"
      ? ["lib", ...parts.slice(1)].join("/")
      : undefined;
}

/** A directory that is there and can be looked into, absolute and without symlinks. Throws root.invalid. */
export function realDirectory(path: string, what: string): string {
  const problem = directoryProblem(path);
  if (problem === undefined) return checkedReal(path, what);
  throw new Failure(
    "root.invalid",
    `Cannot open the ${what} "${path}": ${problem}, expected a directory`,
    problem === ABSENT ? { hint: "Make it first." } : {},
  );
}

/** Its absolute path, where that is one: bytes that are no UTF-8 text come as others, which may name another directory. */
function checkedReal(path: string, what: string): string {
  const real = realpathSync(path);
  if (!real.includes("\ufffd")) return real;
  const [a, b] = [path, real].map((one) => statSync(one, { bigint: true, throwIfNoEntry: false }));
  if (a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev) return real;
  throw new Failure(
    "root.invalid",
    `Cannot open the ${what} "${path}": the bytes of its path "${real}" are no UTF-8 text, expected one`,
    { hint: "Rename the folder, or the one above it." },
  );
}

const ABSENT = "nothing is there";

function directoryProblem(path: string): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return ABSENT;
    if (!found.isDirectory()) return "it is no directory";
    // Without this right everything in it would seem to be absent.
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (cause) {
    return errnoCode(cause) === "EACCES" ? "no right to look into it" : describeError(cause);
  }
}

/** The cache that a root is to use: the one that is given, or that it has used before. Throws root.invalid where they differ. */
export function cacheOf(
  directory: string,
  { cache, readOnly = false }: { readonly cache?: string; readonly readOnly?: boolean },
): string | undefined {
  const own = directory === "/" ? "/.moss" : `${directory}/.moss`;
  const remembered = rememberedCache(own);
  if (cache === undefined) {
    // Who only asks needs no file of it.
    return remembered === undefined || readOnly ? remembered : rememberedDirectory(remembered, directory);
  }
  const given = realDirectory(cache, "cache");
  if (remembered === undefined) refuseOwn(given);
  const used = remembered ?? (!readOnly && holdsFiles(`${own}/assets`) ? `${own}/assets` : given);
  if (used === given) return given;
  throw new Failure("root.invalid", `Cannot use the cache "${given}": the files of "${directory}" are in "${used}"`, {
    hint: "A root stays with the store that it began with; leave --cache out.",
  });
}

/**
 * Refuses what a root has for itself: that root counts on nobody else, so each would remove what only the other needs; and its /usr
 * is another one after each change. Throws root.invalid.
 */
function refuseOwn(cache: string): void {
  const parts = cache.split("/");
  const above = (at: number) => parts.slice(0, at).join("/");
  const own = parts.indexOf(".moss");
  const usr = parts.findIndex((part, at) => part === "usr" && existsSync(`${above(at)}/.moss/db/data.mdb`));
  if (own < 0 && usr < 0) return;
  const root = above(own < 0 ? usr : own) || "/";
  const found =
    own < 0
      ? `it lies in /usr of the root "${root}", which each change exchanges`
      : `it belongs to the root "${root}" alone`;
  throw new Failure(
    "root.invalid",
    `Cannot use the cache "${cache}": ${found}, expected a folder that no root has for itself`,
    { hint: "Choose another folder, and name it for each root that is to share it." },
  );
}

/** The store of a root that has one elsewhere. Throws root.invalid, with the way back. */
function rememberedDirectory(cache: string, directory: string): string {
  checkPresent(cache, directory);
  return realDirectory(cache, "cache");
}

/** Throws root.invalid, with the way back, where the cache that holds the files of a root is gone. */
export function checkPresent(cache: string, directory: string): void {
  if (directoryProblem(cache) !== ABSENT) return;
  const problem = `nothing is there, expected the folder that holds the files of "${directory}"`;
  throw new Failure("root.invalid", `Cannot open the cache "${cache}": ${problem}`, {
    hint: `Mount it, or move it back. If it is gone for good: mkdir -p '${cache}', then moss verify --repair -D '${directory}' fills it again from the tree and the collections.`,
  });
}

/**
 * Root does not work on what an ordinary user made: their trees are all theirs, whatever owners the packages record, and what
 * root put there would be out of their reach. In a user namespace, what is ours is root's too. Throws root.foreign.
 */
export function checkOwnership(directory: string, own: string, store: string): void {
  if (process.geteuid?.() !== 0) return;
  for (const path of [`${own}/db/data.mdb`, store]) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined || stat.uid === 0) continue;
    throw foreign(directory, path === store ? store : undefined, stat.uid, !store.startsWith(`${own}/`));
  }
}

/**
 * Who has no right to look into a store can judge what root made only: modes and owners are not those of the packages where an
 * ordinary user made it. Throws root.foreign.
 */
export function checkMadeByRoot(directory: string, own: string): void {
  const uid = statSync(`${own}/db/data.mdb`, { throwIfNoEntry: false })?.uid ?? 0;
  if (uid !== 0) throw foreign(directory, undefined, uid, false);
}

/** `store` where that is what another user made; `shared` where it is a cache. */
function foreign(directory: string, store: string | undefined, uid: number, shared: boolean): Failure {
  const what = store === undefined ? "it" : `its store "${store}"`;
  // In a user namespace all others have one number, which says nothing.
  const mine = isNamespace() ? ["another user", "you"] : [`the user ${uid}`, "root"];
  const other = `Run the command as that user: without sudo, or behind "setpriv --reuid=${uid} --regid=${uid} --clear-groups".`;
  const hint =
    store !== undefined && shared
      ? "Only roots of one user share a cache: choose another with --cache."
      : isNamespace()
        ? "Run the command as the user who made it."
        : other;
  return new Failure(
    "root.foreign",
    `Cannot work on the root "${directory}": ${what} was made by ${mine[0]}, expected one that ${mine[1]} made`,
    { hint },
  );
}

/** Are we root in a user namespace only? Outside of one, every id is its own. */
function isNamespace(): boolean {
  try {
    return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync("/proc/self/uid_map", "utf8"));
  } catch {
    return false;
  }
}

function holdsFiles(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0;
}
