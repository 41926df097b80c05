// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The folder of downloads, emptied: stones can always be fetched again. */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { FileLock } from "#sys/lock";

/** Removes stones, and parts of them that nobody is fetching. Gives how many files, and their bytes on disk. */
export function clearDownloads(cache: string): { readonly files: number; readonly bytes: number } {
  const folder = `${cache}/downloads`;
  let files = 0;
  let bytes = 0;
  const remove = (path: string) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return;
    rmSync(path, { force: true });
    files += 1;
    bytes += stat.blocks * 512;
  };
  for (const shelf of existsSync(folder) ? readdirSync(folder) : []) {
    for (const name of readdirSync(`${folder}/${shelf}`)) {
      const path = `${folder}/${shelf}/${name}`;
      if (name.endsWith(".lock")) continue;
      const target = path.replace(/(\.\d+)?\.part$/, "");
      using lock = target === path ? undefined : FileLock.tryAcquire(`${target}.lock`, "exclusive", "");
      if (target !== path && lock === undefined) continue;
      remove(path);
      if (lock !== undefined) rmSync(`${target}.lock`, { force: true });
    }
  }
  return { files, bytes };
}
