// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The folder of downloads, emptied: stones can always be fetched again. */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";

/**
 * Removes stones, and what is left of fetches that were cut off. Gives how many files, and their bytes on disk. Nobody else may be at
 * work with the cache: a stone is needed from its fetching until it is unpacked.
 */
export function clearDownloads(cache: string): { readonly files: number; readonly bytes: number } {
  const folder = `${cache}/downloads`;
  let files = 0;
  let bytes = 0;
  for (const shelf of existsSync(folder) ? readdirSync(folder) : []) {
    for (const name of readdirSync(`${folder}/${shelf}`)) {
      const path = `${folder}/${shelf}/${name}`;
      const stat = statSync(path, { throwIfNoEntry: false });
      rmSync(path, { force: true });
      if (stat === undefined || name.endsWith(".lock")) continue;
      files += 1;
      bytes += stat.blocks * 512;
    }
  }
  return { files, bytes };
}
