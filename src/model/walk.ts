// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Walking a path of a tree as the kernel would once the tree is /usr: through symlinks, `..` and the root's links. */
import { Failure } from "#base/errors";

/** Names at the top of a root that lead into /usr (the links that every root is given). */
export const ROOT_LINKS: ReadonlyMap<string, string> = new Map([
  ["bin", "usr/bin"],
  ["sbin", "usr/sbin"],
  ["lib", "usr/lib"],
  ["lib32", "usr/lib32"],
  ["lib64", "usr/lib"],
]);

/** Links followed on the way to one place before it is called a loop (the kernel's own bound). */
const MAX_LINKS = 40;

/** What a walk needs to know of a tree whose directories are `D`. */
export interface Walkable<D> {
  readonly top: D;
  /** The directory at `name`, or the target of the symlink there. */
  enter(directory: D, name: string): D | { readonly link: string };
  /** The directory above, or undefined for the top, which is /usr. */
  parent(directory: D): D | undefined;
  /** Called for each symlink that the walk followed. */
  followed(directory: D, name: string): void;
}

/**
 * The directory that `parts` (components below /usr) lead to. `path` is for messages.
 * Throws tree.path where a symlink leads out of /usr, or in a circle.
 */
export function walk<D>(parts: readonly string[], path: string, tree: Walkable<D>): D {
  let todo: readonly string[] = parts;
  let at = 0;
  let links = 0;
  // Undefined while the walk stands at the root of the file system, above /usr.
  let here: D | undefined = tree.top;
  while (at < todo.length) {
    const name = todo[at++] ?? "";
    if (name === "" || name === ".") continue;
    if (name === "..") {
      if (here !== undefined) here = tree.parent(here);
      continue;
    }
    let link: string | undefined;
    if (here === undefined) {
      if (name === "usr") {
        here = tree.top;
        continue;
      }
      link = ROOT_LINKS.get(name);
      if (link === undefined) throw outside(path);
    } else {
      const next: D | { readonly link: string } = tree.enter(here, name);
      if (typeof next === "object" && next !== null && "link" in next) {
        tree.followed(here, name);
        link = next.link;
        if (link.startsWith("/")) here = undefined;
      } else {
        here = next;
        continue;
      }
    }
    links += 1;
    if (links > MAX_LINKS) {
      throw new Failure("tree.path", `Cannot place "usr/${path}": its symlinks lead in a circle, expected a directory`);
    }
    todo = [...link.split("/"), ...todo.slice(at)];
    at = 0;
  }
  if (here === undefined) throw outside(path);
  return here;
}

function outside(path: string): Failure {
  return new Failure(
    "tree.path",
    `Cannot place "usr/${path}": a symlink leads out of /usr, expected a place below it`,
    {
      hint: "One of the packages has a symlink where another has a directory.",
    },
  );
}
