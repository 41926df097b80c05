// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Is there room for what a plan brings? Asked before anything is fetched. */
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Failure } from "#base/errors";
import type { Plan } from "#moss/plan";
import { freeSpace } from "#store/disk";
import type { MossRoot } from "#transition/root";

// Blocks that are not filled, folders, names, the database: a twentieth and a little more.
const SHARE = 1.05;
const LEAST = 1 << 20;

function existing(path: string): string {
  return existsSync(path) ? path : existing(dirname(path));
}

/**
 * Throws disk.full where a file system has less room than the plan needs: for downloads, for the store, and for trees
 * where they are on another file system than the store and so are copies. `target` is where the tree goes.
 */
export function checkSpace(root: MossRoot, plan: Plan, target = root.trees): void {
  const needs = new Map<number, { readonly path: string; bytes: number }>();
  const need = (path: string, bytes: number) => {
    const at = existing(path);
    const { dev } = statSync(at);
    const entry = needs.get(dev) ?? { path: at, bytes: 0 };
    entry.bytes += bytes;
    needs.set(dev, entry);
  };
  need(`${root.cache}/downloads`, plan.download);
  need(root.store, plan.store);
  if (statSync(existing(target)).dev !== statSync(existing(root.store)).dev) need(target, plan.store);
  for (const { path, bytes } of needs.values()) {
    if (bytes === 0) continue;
    const wanted = Math.ceil(bytes * SHARE) + LEAST;
    const free = freeSpace(path);
    if (free >= wanted) continue;
    const mib = (value: number) => `${(value / (1 << 20)).toFixed(1)} MiB`;
    throw new Failure("disk.full", `Cannot go on: ${path} has ${mib(free)} left, expected ${mib(wanted)}`, {
      hint: 'Nothing was fetched. "moss state prune" and "moss cache clean" give space back.',
    });
  }
}
