// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Paths that are no UTF-8 text. The runtime hands words and folders over as text, with U+FFFD for bytes that are none: a
 * command would work on another path than the one that was given, so it is refused.
 */
import { readFileSync, statSync } from "node:fs";
import { Failure } from "#base/errors";

const REPLACED = "\ufffd";
const HINT = "Rename what it names.";

/** Throws `usage` where a word, or the folder that we are in, is not what its bytes say. Costs nothing where none looks so. */
export function checkBytes(words: readonly string[]): void {
  if (words.some((word) => word.includes(REPLACED))) checkWords(words);
  const here = folder();
  if (here?.includes(REPLACED) === true) checkFolder(here);
}

function checkWords(words: readonly string[]): void {
  const line = readFileSync("/proc/self/cmdline");
  const args: Buffer[] = [];
  for (let at = 0, end = line.indexOf(0); end >= 0; at = end + 1, end = line.indexOf(0, at)) {
    args.push(line.subarray(at, end));
  }
  for (const bytes of args.slice(-words.length)) {
    const text = bytes.toString("utf8");
    if (Buffer.from(text).equals(bytes)) continue;
    throw new Failure("usage", `Cannot use "${text}": its bytes are no UTF-8 text, expected one`, { hint: HINT });
  }
}

function checkFolder(here: string): void {
  const real = statSync(".", { bigint: true });
  const named = statSync(here, { bigint: true, throwIfNoEntry: false });
  if (named?.ino === real.ino && named.dev === real.dev) return;
  throw new Failure("usage", `Cannot work in "${here}": the bytes of its path are no UTF-8 text, expected one`, {
    hint: "Go to another folder first.",
  });
}

function folder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined; // it has been removed, and most commands need none
  }
}
