// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Files of this machine as real bytes for benches. */
import { lstatSync, readdirSync, type Stats } from "node:fs";
import { join } from "node:path";
import { sortedTexts } from "#base/order";

/** Paths of the regular files below a folder that `take` wants, always in the same order. Folders that cannot be read are left out. */
export function* regularFiles(folder: string, take: (path: string, stat: Stats) => boolean): Generator<string> {
  let names: string[];
  try {
    names = sortedTexts(readdirSync(folder));
  } catch {
    return;
  }
  for (const name of names) {
    const path = join(folder, name);
    const stat = lstatSync(path);
    if (stat.isDirectory()) yield* regularFiles(path, take);
    else if (stat.isFile() && take(path, stat)) yield path;
  }
}
