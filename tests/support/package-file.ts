// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Files of packages held in memory, for tests of what looks at them. */
import { utf8 } from "#base/bytes";
import type { PackageFile, Surroundings } from "#capabilities/file";

/** A regular file; executable where the mode says so. */
export function memoryFile(path: string, body: string | Uint8Array, mode = 0o644): PackageFile {
  const bytes = typeof body === "string" ? utf8(body) : body;
  const readAt = (at: number, length: number) => bytes.subarray(at, at + length);
  return { path, kind: "regular", mode, size: bytes.byteLength, readAt };
}

/** A symlink, whose body nobody may read. */
export function memoryLink(path: string): PackageFile {
  const readAt = () => {
    throw new Error("a symlink has no body");
  };
  return { path, kind: "symlink", mode: 0o777, size: 0, readAt };
}

/** Surroundings in which exactly the given files exist. */
export function memorySurroundings(
  files: Readonly<Record<string, string>> = {},
  libraryFolders: readonly string[] = [],
): Surroundings {
  return {
    exists: (path) => Object.hasOwn(files, path),
    read: (path, limit) => {
      const body = files[path];
      return body === undefined || body.length > limit ? undefined : utf8(body);
    },
    libraryFolders,
    machine: "x86_64",
  };
}
