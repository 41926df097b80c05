// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Where the entries of a package stand once its own symlinks are there: what lies below a link goes to where the link leads,
 * as in the tree of a state that holds nothing else.
 */
import { Failure } from "#base/errors";
import type { LayoutEntry, SymlinkEntry } from "#model/layout";
import { walk } from "#model/walk";
import { stoneFailure } from "#stone/format";
import { sameEntry } from "#stone/layout";

/** Rounds after which links that keep moving each other are refused. Two are the rule. */
const MAX_ROUNDS = 16;

/**
 * The entries at the places where they stand. Throws `stone.path` where a link leads out of /usr or in a circle, and
 * `stone.layout` where two different entries come to stand at one path.
 */
export function redirected(entries: readonly LayoutEntry[], name: string): readonly LayoutEntry[] {
  const links = entries.filter((entry) => entry.kind === "symlink");
  if (links.length === 0) return entries;
  const targets = settled(links, name);
  const place = placer(targets, name);
  const byPath = new Map<string, LayoutEntry>();
  for (const entry of entries) {
    const path = place(entry.path);
    const other = byPath.get(path);
    if (other !== undefined && !sameEntry(other, entry)) {
      const problem = `"${entry.path}" and "${other.path}" both stand at "${path}", through links of the package, expected one`;
      throw stoneFailure("stone.layout", name, problem);
    }
    byPath.set(path, { ...entry, path });
  }
  return [...byPath.values()];
}

/** Targets of the links by the paths where they stand: a link may lie below another. */
function settled(links: readonly SymlinkEntry[], name: string): ReadonlyMap<string, string> {
  let targets = new Map(links.map(({ path, target }) => [path, target]));
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const place = placer(targets, name);
    const moved = new Map(links.map(({ path, target }) => [place(path), target]));
    if ([...moved.keys()].every((path) => targets.has(path))) return moved;
    targets = moved;
  }
  throw stoneFailure("stone.path", name, "its links move each other without an end, expected plain folders");
}

/** Gives the place of a path; each folder is followed once. */
function placer(targets: ReadonlyMap<string, string>, name: string): (path: string) => string {
  const folders = new Map<string, string>([["", ""]]);
  const join = (folder: string, child: string) => (folder === "" ? child : `${folder}/${child}`);
  const follow = (folder: string): string =>
    walk<string>(folder.split("/"), folder, {
      top: "",
      enter: (at, child) => {
        const path = join(at, child);
        const link = targets.get(path);
        return link === undefined ? path : { link };
      },
      parent: (at) => (at === "" ? undefined : at.slice(0, Math.max(0, at.lastIndexOf("/")))),
      followed: () => {},
    });
  return (path) => {
    const slash = path.lastIndexOf("/");
    const folder = path.slice(0, Math.max(0, slash));
    let found = folders.get(folder);
    if (found === undefined) {
      found = following(follow, folder, name);
      folders.set(folder, found);
    }
    return join(found, path.slice(slash + 1));
  };
}

function following(follow: (folder: string) => string, folder: string, name: string): string {
  try {
    return follow(folder);
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    throw stoneFailure("stone.path", name, `"${folder}" leads out of /usr or in a circle, expected a folder below it`, {
      cause,
    });
  }
}
