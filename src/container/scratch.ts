// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Where the container's own layers are mounted. The mount is seen only in the container's outer namespace, so it can lie
 * over any folder of the host that the container does not need: nothing is made on disk, and nothing can be left behind.
 */
import { lstatSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CANDIDATES = ["/mnt", "/media", "/srv", "/opt", "/home", "/var/tmp", "/tmp", "/run", "/root"];

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Whether `path` is `folder` or lies in it. Both absolute and normal. */
export function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/** A folder that hides none of the real paths in `needed`; `made` says that it is a new one, which the caller removes. */
export function scratchPoint(needed: readonly string[]): { path: string; made: boolean } {
  const free = CANDIDATES.find((folder) => isFolder(folder) && !needed.some((path) => within(path, folder)));
  if (free !== undefined) return { path: free, made: false };
  return { path: mkdtempSync(join(tmpdir(), "moss-container-")), made: true };
}
