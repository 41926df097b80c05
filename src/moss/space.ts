// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Is there room for what a plan brings, and how do files get into trees? Asked before anything is fetched. */
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Failure } from "#base/errors";
import type { Plan } from "#moss/plan";
import { freeSpace } from "#store/disk";
import { type Strategy, strategyBetween } from "#store/strategy";
import type { MossRoot } from "#transition/root";
import { TREES } from "#transition/schema";
import { candidates, chooseSpare } from "#transition/staging";

// Blocks that are not filled, folders, names, the database: a twentieth and a little more.
const SHARE = 1.05;
const LEAST = 1 << 20;

function existing(path: string): string {
  return existsSync(path) ? path : existing(dirname(path));
}

/** How files get into the tree that a plan leads to, and the bytes that this takes beside the store, as far as they are known. */
export interface Placing {
  readonly strategy: Strategy;
  readonly bytes: number;
}

/** `directory` is that of a tree elsewhere (`--to`); where absent, the tree is the root's own. */
export function placingOf(root: MossRoot, plan: Plan, directory?: string): Placing {
  const strategy = strategyBetween(existing(root.store), existing(directory ?? root.trees));
  if (strategy !== "copy") return { strategy, bytes: 0 };
  const coming = plan.incoming.filter(({ kind }) => kind !== "mark");
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
  const changed = sum(coming.map(({ size }) => size));
  if (plan.base === 0 || (directory === undefined && hasSpare(root))) return { strategy, bytes: changed };
  const gone = new Set([...plan.incoming, ...plan.outgoing].map(({ name }) => name));
  const kept = root.packages(root.state(plan.base)).filter(({ name }) => !gone.has(name));
  const marked = plan.incoming.filter(({ kind }) => kind === "mark").map(({ size }) => size);
  return { strategy, bytes: changed + sum(marked) + sum(kept.map(({ id }) => root.package(id)?.size ?? 0)) };
}

/** Is there a tree that only has to be touched up? Else the next one is written in full. */
function hasSpare(root: MossRoot): boolean {
  const trees = root.view((tx) => [...tx.bucket(TREES).entries()]);
  return chooseSpare(candidates(trees)) !== undefined;
}

/**
 * Throws disk.full where a file system has less room than the plan needs: for downloads, for the store, and for trees
 * whose files are copies. `directory` as for `placingOf`.
 */
export function checkSpace(root: MossRoot, plan: Plan, directory?: string): void {
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
  need(directory ?? root.trees, placingOf(root, plan, directory).bytes);
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
