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

/** What handlers may look at: the build's own files, then those of the root. */
export function surroundingsOf(files: readonly InstalledFile[], options: SurroundingsOptions): Surroundings {
  const view = new View(files, options.root);
  return {
    exists: (path) => view.resolve(path) !== undefined,
    realPath: (path) => view.resolve(path) ?? path,
    read: (path, limit) => {
      const file = view.own(view.resolve(path) ?? path);
      return file?.kind === "regular" && file.size <= limit ? readFileSync(file.source) : undefined;
    },
    libraryFolders: options.libraryFolders,
    machine: options.machine,
  };
}

/** The build's files over those of the root, each looked at once. */
class View {
  readonly #own: ReadonlyMap<string, InstalledFile>;
  /** Folders above the build's own files. */
  readonly #folders = new Set<string>();
  readonly #root: string | undefined;
  readonly #inRoot = new Map<string, Found>();
  readonly #resolved = new Map<string, string | undefined>();

  constructor(files: readonly InstalledFile[], root: string | undefined) {
    this.#own = new Map(files.map((file) => [file.path, file]));
    this.#root = root;
    for (const { path } of files) {
      let folder = posix.dirname(path);
      for (; folder !== "/" && !this.#folders.has(folder); folder = posix.dirname(folder)) this.#folders.add(folder);
    }
  }

  /** A file of the build, by its path as it is. */
  own(path: string): InstalledFile | undefined {
    return this.#own.get(path);
  }

  /** Where a path leads; undefined where nothing is there. */
  resolve(path: string): string | undefined {
    if (!this.#resolved.has(path)) this.#resolved.set(path, this.#follow(path));
    return this.#resolved.get(path);
  }

  /** Follows the links of a path, component by component, as the kernel would with the root in place. */
  #follow(start: string): string | undefined {
    let path = "/";
    let links = 0;
    const rest = posix
      .normalize(start)
      .split("/")
      .filter((part) => part !== "");
    while (rest.length > 0) {
      const next = posix.join(path, rest.shift() ?? "");
      const found = next === "/" ? ({ kind: "other" } as const) : this.#find(next);
      if (found === undefined) return undefined;
      if (found.kind === "link") {
        if (++links > LINK_LIMIT) return undefined;
        rest.unshift(...found.target.split("/").filter((part) => part !== "" && part !== "."));
        if (found.target.startsWith("/")) path = "/";
      } else path = next;
    }
    return path;
  }

  #find(path: string): Found {
    const own = this.#own.get(path);
    if (own !== undefined) return own.kind === "symlink" ? { kind: "link", target: own.target } : { kind: "other" };
    return this.#folders.has(path) ? { kind: "other" } : this.#findInRoot(path);
  }

  #findInRoot(path: string): Found {
    if (this.#root === undefined) return undefined;
    if (!this.#inRoot.has(path)) this.#inRoot.set(path, look(this.#root + path));
    return this.#inRoot.get(path);
  }
}

function look(place: string): Found {
  const stat = lstatSync(place, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  return stat.isSymbolicLink() ? { kind: "link", target: readlinkSync(place) } : { kind: "other" };
}
