// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Finds paths that several packages of a set would put different things at. */
import { hex } from "#base/bytes";
import { compareText, getOrInsert } from "#base/order";
import { formatCapability } from "#model/dependency";
import type { LayoutEntry } from "#model/layout";
import type { PackageMeta } from "#model/package";

export interface Collision {
  readonly path: string;
  /** Names of the packages, sorted. */
  readonly packages: readonly string[];
}

/** What must be equal for two packages to share a path. */
function identity(entry: LayoutEntry): string {
  const what = entry.kind === "regular" ? hex(entry.digest) : entry.kind === "symlink" ? entry.target : "";
  const xattrs = [...(entry.xattrs ?? [])].map(([name, value]) => `${name}=${hex(value)}`).sort();
  return [entry.kind, entry.mode, entry.uid, entry.gid, what, ...xattrs].join("\0");
}

function conflict(a: PackageMeta, b: PackageMeta): boolean {
  const gives = new Set([`name(${b.name})`, ...b.provides.map(formatCapability)]);
  return a.conflicts.some((item) => gives.has(formatCapability(item)));
}

/** Neither a directory, nor a symlink, which may lead to one. */
function isLeaf(entry: LayoutEntry): boolean {
  return entry.kind !== "directory" && entry.kind !== "symlink";
}

/** Collects the layouts of a set, one after another. */
export class CollisionFinder {
  readonly #first = new Map<string, { meta: PackageMeta; identity: string; leaf: boolean }>();
  readonly #others = new Map<string, Set<PackageMeta>>();
  /** Of every path with something below it, the first package that has that. */
  readonly #below = new Map<string, PackageMeta>();

  /** Takes the files of one more package. */
  add(meta: PackageMeta, entries: readonly LayoutEntry[]): void {
    for (const entry of entries) {
      this.#addParents(meta, entry.path);
      const known = this.#first.get(entry.path);
      const own = identity(entry);
      if (known === undefined) this.#first.set(entry.path, { meta, identity: own, leaf: isLeaf(entry) });
      else if (known.identity !== own) this.#note(entry.path, known.meta, meta);
    }
  }

  #addParents(meta: PackageMeta, path: string): void {
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      const parent = path.slice(0, end);
      if (this.#below.has(parent)) return;
      this.#below.set(parent, meta);
    }
  }

  #note(path: string, first: PackageMeta, other: PackageMeta): void {
    if (conflict(other, first) || conflict(first, other)) return;
    getOrInsert(this.#others, path, () => new Set([first])).add(other);
  }

  /** Every collision, sorted by path. Each package is compared with the first one that has the path. */
  collisions(): Collision[] {
    for (const [path, { meta, leaf }] of this.#first) {
      const below = leaf ? this.#below.get(path) : undefined;
      if (below !== undefined && below !== meta) this.#note(path, meta, below);
    }
    return [...this.#others]
      .sort((a, b) => compareText(a[0], b[0]))
      .map(([path, metas]) => ({ path, packages: [...metas].map((meta) => meta.name).sort(compareText) }));
  }
}
