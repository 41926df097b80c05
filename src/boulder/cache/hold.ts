// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Who uses the parts of the cache that all builds share: while anybody does, they are not cleaned. */
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { FileLock } from "#sys/lock";

const lockPath = (cache: string): string => join(cache, "use.lock");

/** Uses the cache, among others; waits where it is being cleaned. */
export function useCache(cache: string): Disposable {
  mkdirSync(cache, { recursive: true });
  closeSync(openSync(lockPath(cache), "a", 0o644));
  return FileLock.acquireShared(lockPath(cache));
}

/** The cache to oneself; undefined where somebody uses it. */
export function ownCache(cache: string): Disposable | undefined {
  return FileLock.tryAcquire(lockPath(cache), "exclusive", `${process.pid}`);
}
