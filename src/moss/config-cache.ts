// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The configuration of collections as it was last understood. Reading YAML takes longer than all else that a small change
 * does, so that what it says is kept beside the indexes, with the stamp of the files that it was read from.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { configStamp, readConfig } from "#collections/config";
import type { Collection } from "#collections/model";

interface Kept {
  readonly version: 1;
  readonly stamp: string;
  readonly collections: readonly Collection[];
}

function readKept(file: string): Kept | undefined {
  try {
    const kept = JSON.parse(readFileSync(file, "utf8")) as Partial<Kept> | null;
    return kept?.version === 1 && typeof kept.stamp === "string" && Array.isArray(kept.collections)
      ? { version: 1, stamp: kept.stamp, collections: kept.collections }
      : undefined;
  } catch {
    // Not there, or torn by a crash: it is only a copy.
    return undefined;
  }
}

/** The collections of a root; `file` is where they are kept, and written to where `write` is set. Throws `collection.invalid`. */
export async function collectionsOf(directory: string, file: string, write: boolean): Promise<readonly Collection[]> {
  const stamp = configStamp(directory);
  if (stamp === "") return [];
  const kept = readKept(file);
  if (kept?.stamp === stamp) return kept.collections;
  const collections = await readConfig(directory);
  if (write) keep(file, { version: 1, stamp, collections });
  return collections;
}

function keep(file: string, kept: Kept): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    const temporary = `${file}.${process.pid}.tmp`;
    writeFileSync(temporary, JSON.stringify(kept));
    renameSync(temporary, file);
  } catch {
    // The next command reads the files again.
  }
}
