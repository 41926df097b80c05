// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Parsed macro files, kept. Reading their YAML with all places takes a tenth of a second of every build; what was made of
 * the same texts by the same executable is read back instead. From the sources nothing is kept: the parser may change.
 */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { isCompiled } from "#sys/data";
import { sha256Hex } from "#sys/sha256";
import { writeFileAtomic } from "#sys/sync";

/**
 * What `make` gives, or what it gave for the same `texts` before. `folder` is trusted like the executable: only its own
 * user writes there.
 */
export function keptFor<T>(folder: string | undefined, texts: readonly string[], make: () => T): T {
  if (folder === undefined || !isCompiled) return make();
  const { size, mtimeMs } = statSync(process.execPath);
  const key = sha256Hex(JSON.stringify([process.execPath, size, mtimeMs, texts]));
  const file = join(folder, "macros");
  try {
    const bytes = readFileSync(file);
    if (bytes.toString("latin1", 0, key.length) === key) return deserialize(bytes.subarray(key.length)) as T;
  } catch {
    // Not there, or not whole: it is made again.
  }
  const value = make();
  try {
    mkdirSync(folder, { recursive: true });
    writeFileAtomic(file, Buffer.concat([Buffer.from(key, "latin1"), serialize(value)]));
  } catch {
    // A folder that cannot be written only costs time.
  }
  return value;
}
