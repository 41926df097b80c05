// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Build roots: trees of exactly the packages that a build needs, linked out of the store that all builds share. A root is
 * kept by the hash of its tree, so that the next build with the same root finds it ready.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { mapLimited } from "#base/parallel";
import { sha256Hex } from "#sys/sha256";
import { exportTree } from "#transition/export";
import { MossRoot } from "#transition/root";
import type { RootRef } from "#tree/entry";
import { type Download, lockFor } from "../upstreams/archives";
import { stoneFile } from "./collections";
import { type BuildRoot, KeptRoots } from "./kept";
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
  | { readonly kind: "making"; readonly packages: number; readonly missing: number }
  /** Other packages with the same files have made this root before. */
  | { readonly kind: "shared"; readonly folder: string };

/** Where boulder keeps its roots, and the root of moss whose store they are linked out of. */
export function rootsFolder(cache: string): string {
  return join(cache, "roots");
}

export function storeFolder(cache: string): string {
  return join(cache, "moss");
}

/** The root of these packages, made or found. Throws what fetching, reading and linking of stones throws. */
export async function makeRoot(packages: readonly ResolvedPackage[], options: RootMakerOptions): Promise<BuildRoot> {
  const { cache, onEvent } = options;
  const set = sha256Hex(
    packages
      .map((item) => item.offer.id)
      .sort()
      .join("\n"),
  );
  const roots = new KeptRoots(rootsFolder(cache));
  const found = (): BuildRoot | undefined => {
    const root = roots.find(set);
    if (root !== undefined) onEvent?.({ kind: "reused", folder: root.folder });
    return root;
  };
  let root = found();
  if (root === undefined) {
    using _lock = await lockFor(roots.lockPath(set));
    // Another boulder may have made it while we waited.
    root = found() ?? (await make(set, roots, packages, options));
  }
  roots.sweep();
  return root;
}

async function make(
  set: string,
  roots: KeptRoots,
  packages: readonly ResolvedPackage[],
  options: RootMakerOptions,
): Promise<BuildRoot> {
  using making = roots.begin(set);
  const { content } = await link(packages, making.folder, options);
  const { root, existed } = roots.keep(set, making, content);
  if (existed) options.onEvent?.({ kind: "shared", folder: root.folder });
  return root;
}

/** Links the packages' tree out of the store, which takes in what it lacks. */
async function link(packages: readonly ResolvedPackage[], folder: string, options: RootMakerOptions): Promise<RootRef> {
  const home = storeFolder(options.cache);
  mkdirSync(home, { recursive: true });
  using root = MossRoot.open(home);
  // The database is made by the first writer; before it nothing is known.
  const missing = packages.filter((item) => root.package(item.offer.id) === undefined);
  options.onEvent?.({ kind: "making", packages: packages.length, missing: missing.length });
  const files = await mapLimited(missing, 6, async ({ offer }) => {
    const file = await stoneFile(offer, root.cache, options.download);
    return [offer.id, file] as const;
  });
  using _lock = root.lock({ command: options.command, wait: 3_600_000 });
  return await exportTree(root, folder, {
    selections: packages.map(({ offer, asked, reason }) => ({ id: offer.id, explicit: asked, reason })),
    stones: new Map(files),
    systemModel: "",
    command: options.command,
  });
}
