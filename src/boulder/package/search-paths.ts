// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Search paths of libraries and programs (DT_RPATH, DT_RUNPATH) that lead into the folders of a build. Where the package is
 * used nothing lies there, and whoever can make that folder decides what a program loads: such a file is refused.
 */
import { posix } from "node:path";
import { Failure } from "#base/errors";
import { isDebugFile } from "#capabilities/elf";
import { elfOf, type PackageFile, parentOf } from "#capabilities/file";
import { GUEST } from "../plan/guest";

/** Files that a failure names; the rest is counted. */
const NAMED = 10;

/** A file, and one of its search paths as written there. */
export interface BuildSearchPath {
  readonly path: string;
  readonly entry: string;
}

/** The search paths of a file that are the build's folders or lie below them; none for anything but ELF files. */
export function buildSearchPaths(file: PackageFile): BuildSearchPath[] {
  if (file.kind !== "regular" || isDebugFile(file.path)) return [];
  const dynamic = elfOf(file).elf?.dynamic;
  const entries = new Set([...(dynamic?.runpath ?? []), ...(dynamic?.rpath ?? [])]);
  return [...entries].filter((entry) => isOfBuild(entry, file.path)).map((entry) => ({ path: file.path, entry }));
}

function isOfBuild(entry: string, path: string): boolean {
  const folder = posix.normalize(entry.replaceAll(/\$\{?ORIGIN\}?/g, parentOf(path)));
  return folder === GUEST.base || folder.startsWith(`${GUEST.base}/`);
}

/** Throws `package.analysis`, with all of the files, where there are any. */
export function refuseSearchPaths(name: string, found: readonly BuildSearchPath[]): void {
  if (found.length === 0) return;
  const rows = found.slice(0, NAMED).map(({ path, entry }) => `\n  ${path}: ${entry}`);
  const more = found.length > NAMED ? `\n  and ${found.length - NAMED} more` : "";
  throw new Failure(
    "package.analysis",
    `Cannot package "${name}": search paths of libraries lead into the build folder, expected none:${rows.join("")}${more}`,
    {
      hint: "Link without -rpath, or install by the project's own install target (CMake: CMAKE_SKIP_RPATH=ON); `buildrpath: true` in the recipe allows them.",
    },
  );
}
