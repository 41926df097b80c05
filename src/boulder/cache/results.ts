// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Results of earlier runs, kept: parsed macro files, resolved roots. To make them again takes a quarter of the processor time of a
 * small build; what was made of the same texts by the same executable is read back instead. From the sources nothing is
 * kept: the code that makes it may change.
 */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { deserialize, serialize } from "node:v8";
import { isCompiled } from "#sys/data";
import { sha256Hex } from "#sys/sha256";
import { writeFileAtomic } from "#sys/sync";

/** The program whose results are kept; undefined keeps nothing. */
const PROGRAM = isCompiled ? process.execPath : undefined;

/**
 * What `make` gives, or what it gave for the same `texts` before. `file` keeps one result, the last; it is trusted like the
 * executable: only its own user writes there. The result is plain data, as `structuredClone` takes it.
 */
export function keptFor<T>(
  file: string | undefined,
  texts: readonly string[],
  make: () => T,
  program: string | undefined = PROGRAM,
): T {
  if (file === undefined || program === undefined) return make();
  const { size, mtimeMs } = statSync(program);
  const key = sha256Hex(JSON.stringify([program, size, mtimeMs, texts]));
  try {
    const bytes = readFileSync(file);
    if (bytes.toString("latin1", 0, key.length) === key) return deserialize(bytes.subarray(key.length)) as T;
  } catch {
    // Not there, or not whole: it is made again.
  }
  const value = make();
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileAtomic(file, Buffer.concat([Buffer.from(key, "latin1"), serialize(value)]));
  } catch {
    // A folder that cannot be written only costs time.
  }
  return value;
}
