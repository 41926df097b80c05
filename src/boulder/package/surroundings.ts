// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What handlers may look at besides the file itself: the build's own files, and the root that it was built in. */
import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { posix } from "node:path";
import type { InstalledFile } from "#boulder/package/walk";
import type { Surroundings } from "#capabilities/file";

export interface SurroundingsOptions {
  /** The build root; only the build's own files where left out. Links in it never lead out of it. */
  readonly root?: string;
  readonly libraryFolders: readonly string[];
  readonly machine: string;
}

/** As the kernel counts links that lead to links. */
const LINK_LIMIT = 40;

type Found = { readonly kind: "link"; readonly target: string } | { readonly kind: "other" } | undefined;

export function surroundingsOf(files: readonly InstalledFile[], options: SurroundingsOptions): Surroundings {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const folders = new Set<string>();
  for (const { path } of files) {
    for (let folder = posix.dirname(path); folder !== "/" && !folders.has(folder); folder = posix.dirname(folder)) {
      folders.add(folder);
    }
  }
  const seen = new Map<string, Found>();
  const inRoot = (path: string): Found => {
    if (options.root === undefined) return undefined;
    if (seen.has(path)) return seen.get(path);
    const place = options.root + path;
    const stat = lstatSync(place, { throwIfNoEntry: false });
    const found: Found =
      stat === undefined
        ? undefined
        : stat.isSymbolicLink()
          ? { kind: "link", target: readlinkSync(place) }
          : { kind: "other" };
    seen.set(path, found);
    return found;
  };
  const find = (path: string): Found => {
    const own = byPath.get(path);
    if (own !== undefined) return own.kind === "symlink" ? { kind: "link", target: own.target } : { kind: "other" };
    return folders.has(path) ? { kind: "other" } : inRoot(path);
  };
  const resolved = new Map<string, string | undefined>();
  /** Follows the links of a path, component by component, as the kernel would with the root in place. */
  const resolve = (start: string): string | undefined => {
    if (resolved.has(start)) return resolved.get(start);
    let path = "/";
    let links = 0;
    const rest = posix
      .normalize(start)
      .split("/")
      .filter((part) => part !== "");
    while (rest.length > 0 && links <= LINK_LIMIT) {
      const next = posix.join(path, rest.shift() ?? "");
      const found = next === "/" ? ({ kind: "other" } as const) : find(next);
      if (found === undefined) return remember(start, undefined);
      if (found.kind === "link") {
        links++;
        rest.unshift(...found.target.split("/").filter((part) => part !== "" && part !== "."));
        if (found.target.startsWith("/")) path = "/";
      } else path = next;
    }
    return remember(start, links > LINK_LIMIT ? undefined : path);
  };
  const remember = (start: string, result: string | undefined) => {
    resolved.set(start, result);
    return result;
  };
  return {
    exists: (path) => resolve(path) !== undefined,
    realPath: (path) => resolve(path) ?? path,
    read: (path, limit) => {
      const file = byPath.get(resolve(path) ?? path);
      return file?.kind === "regular" && file.size <= limit ? readFileSync(file.source) : undefined;
    },
    libraryFolders: options.libraryFolders,
    machine: options.machine,
  };
}
