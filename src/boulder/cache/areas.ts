// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Where each part of boulder's cache lies, and what is in it. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { KeptRoots } from "../root/kept";
import { rootsFolder, storeFolder } from "../root/make";
import { AREAS, type Area } from "./model";

/** One thing that can be removed by itself. */
export interface CacheItem {
  readonly area: Area;
  readonly name: string;
  readonly path: string;
}

const below = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** All that is in some areas. Locks stay: they are empty, and somebody may be waiting for one. */
export function itemsOf(cache: string, areas: readonly Area[]): CacheItem[] {
  return AREAS.filter((area) => areas.includes(area)).flatMap((area) =>
    PATHS[area](cache).map(([name, path]) => ({ area, name, path })),
  );
}

type Named = readonly [name: string, path: string];

const PATHS: Readonly<Record<Area, (cache: string) => Named[]>> = {
  roots: (cache) => {
    const folder = rootsFolder(cache);
    return existsSync(folder) ? new KeptRoots(folder).list().map((root): Named => [root.tree, root.folder]) : [];
  },
  store: (cache) =>
    ["assets", "cache/downloads"]
      .map((name): Named => [name, join(storeFolder(cache), ".moss", name)])
      .filter(([, path]) => existsSync(path)),
  sources: (cache) => {
    const folder = join(cache, "upstreams");
    const archives = below(join(folder, "archives")).flatMap((shelf) => named(join(folder, "archives", shelf)));
    return [...archives, ...named(join(folder, "git"))];
  },
  compilers: (cache) => {
    const folder = join(cache, "compilers");
    return below(folder).flatMap((machine) =>
      below(join(folder, machine)).map((name): Named => [`${machine}/${name}`, join(folder, machine, name)]),
    );
  },
  builds: (cache) => named(join(cache, "builds")),
};

function named(folder: string): Named[] {
  return below(folder)
    .filter((name) => !name.endsWith(".lock"))
    .map((name): Named => [name, join(folder, name)]);
}
