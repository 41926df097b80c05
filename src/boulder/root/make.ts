// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Build roots: trees of exactly the packages that a build needs, linked out of the store that all builds share. A root
 * is kept by the identity of its packages, so that the next build with the same root finds it ready.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { mapLimited } from "#base/parallel";
import { FileLock } from "#sys/lock";
import { sha256Hex } from "#sys/sha256";
import { exportTree } from "#transition/export";
import { MossRoot } from "#transition/root";
import { type Download, lockFor } from "../upstreams/archives";
import { stoneFile } from "./collections";
import type { ResolvedPackage } from "./resolve";

export interface RootMakerOptions {
  /** Cache folder of boulder. */
  readonly cache: string;
  readonly download: Download;
  readonly command: string;
  readonly onEvent?: (event: RootEvent) => void;
}

export type RootEvent =
  | { readonly kind: "reused"; readonly folder: string }
  | { readonly kind: "making"; readonly packages: number; readonly missing: number };

/** A root that stays as it is while this is held. */
export interface BuildRoot extends Disposable {
  readonly folder: string;
  readonly key: string;
}

/** Roots that no build used for so many days are removed. */
const KEEP_DAYS = 14;

/** The root of these packages, made or found. Throws what fetching, reading and linking of stones throws. */
export async function makeRoot(packages: readonly ResolvedPackage[], options: RootMakerOptions): Promise<BuildRoot> {
  const ids = packages.map((item) => item.offer.id);
  const key = sha256Hex(ids.toSorted().join("\n"));
  const roots = join(options.cache, "roots");
  mkdirSync(roots, { recursive: true });
  const folder = join(roots, key);
  const marker = join(folder, ".moss-tree");
  using _lock = await lockFor(`${folder}.lock`);
  if (existsSync(marker)) options.onEvent?.({ kind: "reused", folder });
  else await build(packages, folder, options);
  const now = Date.now() / 1000;
  utimesSync(marker, now, now);
  const held = holdRoot(folder);
  sweep(roots, key);
  return { folder, key, [Symbol.dispose]: () => held[Symbol.dispose]() };
}

/** A shared lock beside the root: whoever sweeps leaves a root alone that somebody holds. */
function holdRoot(folder: string): Disposable {
  const path = `${folder}.use`;
  const first = FileLock.tryAcquire(path, "exclusive", "");
  first?.[Symbol.dispose]();
  const lock = FileLock.tryAcquire(path, "shared", "");
  if (lock === undefined) throw new Error(`the build root ${folder} is being removed`);
  return lock;
}

async function build(packages: readonly ResolvedPackage[], folder: string, options: RootMakerOptions): Promise<void> {
  const home = join(options.cache, "moss");
  mkdirSync(home, { recursive: true });
  using root = MossRoot.open(home);
  // The database is made by the first writer; before it nothing is known.
  const missing = packages.filter((item) => root.package(item.offer.id) === undefined);
  options.onEvent?.({ kind: "making", packages: packages.length, missing: missing.length });
  const files = await mapLimited(missing, 6, async ({ offer }) => {
    const file = await stoneFile(offer, join(root.cache, "downloads"), options.download);
    return [offer.id, file] as const;
  });
  using _lock = root.lock({ command: options.command, wait: 3_600_000 });
  await exportTree(root, folder, {
    selections: packages.map(({ offer, asked, reason }) => ({ id: offer.id, explicit: asked, reason })),
    stones: new Map(files),
    systemModel: "",
    command: options.command,
  });
}

/** Removes roots that were not used for long, and what failed attempts left. */
function sweep(roots: string, current: string): void {
  const oldest = Date.now() - KEEP_DAYS * 86_400_000;
  for (const name of readdirSync(roots)) {
    if (!/^[0-9a-f]{64}$/.test(name) || name === current) continue;
    const folder = join(roots, name);
    const used = statSync(join(folder, ".moss-tree"), { throwIfNoEntry: false })?.mtimeMs;
    if (used === undefined || used > oldest) continue;
    const lock = FileLock.tryAcquire(`${folder}.use`, "exclusive", "");
    if (lock === undefined) continue;
    rmSync(folder, { recursive: true, force: true });
    lock[Symbol.dispose]();
  }
}
