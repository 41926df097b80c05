// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Which roots use a shared cache: a small file for each, so that what one no longer needs is kept for the others. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { Failure } from "#base/errors";
import { FileLock, waitForLockSync } from "#sys/lock";
import { sha256Hex } from "#sys/sha256";
import { writeFileAtomic } from "#sys/sync";

/** Remembers that a root uses a cache. */
export function registerRoot(cache: string, root: string): void {
  const folder = `${cache}/roots`;
  const file = `${folder}/${sha256Hex(root).slice(0, 32)}`;
  if (existsSync(file)) return;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileAtomic(file, root);
}

/** The roots that use a cache; `gone` are registered, but no longer there to be asked. */
export function registeredRoots(cache: string): { readonly present: string[]; readonly gone: string[] } {
  const folder = `${cache}/roots`;
  const present: string[] = [];
  const gone: string[] = [];
  if (!existsSync(folder)) return { present, gone };
  for (const name of readdirSync(folder)) {
    if (name.endsWith(".tmp")) continue;
    const root = readFileSync(`${folder}/${name}`, "utf8");
    (existsSync(`${root}/.moss/db/data.mdb`) ? present : gone).push(root);
  }
  return { present: present.sort(), gone: gone.sort() };
}

/**
 * Forgets a root that is there no more, so that the store need not keep what it needed. Throws root.dangerous where it is still
 * there, root.invalid where the cache does not know it.
 */
export function forgetRoot(cache: string, root: string): void {
  const { present, gone } = registeredRoots(cache);
  if (present.includes(root)) {
    throw new Failure("root.dangerous", `Cannot forget the root "${root}": it is still there and uses "${cache}"`);
  }
  if (!gone.includes(root)) {
    throw new Failure("root.invalid", `Cannot forget the root "${root}": "${cache}" does not know it`, {
      hint: gone.length === 0 ? "No root of this cache is gone." : `Roots that are gone: ${gone.join(", ")}.`,
    });
  }
  rmSync(`${cache}/roots/${sha256Hex(root).slice(0, 32)}`, { force: true });
}

/** The cache that a root has used; undefined where it has a store of its own. `folder` is the root's `.moss`. */
export function rememberedCache(folder: string): string | undefined {
  const file = `${folder}/shared-cache`;
  if (!existsSync(file)) return undefined;
  const cache = readFileSync(file, "utf8").trim();
  return cache.startsWith("/") ? cache : undefined;
}

/** Remembers it, so that later commands need not be told. */
export function rememberCache(folder: string, cache: string): void {
  if (rememberedCache(folder) !== cache) writeFileAtomic(`${folder}/shared-cache`, `${cache}\n`);
}

/** The lock that each root holds shared while it works with a cache, and one exclusively while it sweeps. */
export function cacheLockPath(cache: string): string {
  return `${cache}/lock`;
}

/** Milliseconds that another root may need to sweep a cache. */
const SWEEPING = 60_000;

/**
 * Takes a root's share of its cache. A sweep of another root takes a moment, so that it is waited for, `wait` milliseconds in any
 * case, but not for ever: it may have been halted. Throws root.busy.
 */
export function joinCache(root: string, cache: string, wait: number, sweeping = SWEEPING): FileLock {
  const take = () => FileLock.tryAcquire(cacheLockPath(cache), "shared", "");
  const lock = waitForLockSync(take, { atMost: Math.max(wait, sweeping) });
  if (lock !== undefined) return lock;
  throw new Failure("root.busy", `Cannot change the root "${root}": another root is sweeping the cache "${cache}"`, {
    hint: "Wait for it to end, or give --wait.",
  });
}
