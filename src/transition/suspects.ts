// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What was found beside a writer, and what of it is to be looked at again. */
import { getOrInsert } from "#base/order";
import type { Problem } from "#transition/problems";

/** What to look at again. */
export interface Suspects {
  /** Names of assets, and of the packages that need them. */
  readonly assets: ReadonlySet<string>;
  readonly packages: ReadonlySet<string>;
  /** Paths below /usr with all directories above them, by the tree, named by its inode and state. */
  readonly paths: ReadonlyMap<string, ReadonlySet<string>>;
  readonly links: boolean;
}

/** Is it of the disk? What the database says of itself is the same whoever writes, as a view of it never changes. */
export function isOfDisk(problem: Problem): boolean {
  return problem.where !== "database";
}

/** The places of problems, in the trees (by inode and state) in which they were found. */
export function suspectsOf(
  problems: readonly Problem[],
  trees: ReadonlyMap<string, { readonly place: string }>,
): Suspects {
  const keys = new Map([...trees].map(([key, { place }]) => [place, key] as const));
  const assets = new Set<string>();
  const packages = new Set<string>();
  const paths = new Map<string, Set<string>>();
  let links = false;
  for (const problem of problems) {
    if (problem.where === "root") links = true;
    else if (problem.where === "store") {
      // All inodes of an asset are looked at together.
      assets.add(problem.name.replace(/~\d+$/, ""));
      for (const name of problem.packages) packages.add(name);
    } else if (problem.where === "tree") {
      const of = getOrInsert(paths, keys.get(problem.place) ?? "", () => new Set<string>());
      for (let path = problem.path; path !== ""; path = path.slice(0, Math.max(0, path.lastIndexOf("/")))) of.add(path);
    }
  }
  return { assets, packages, paths, links };
}
