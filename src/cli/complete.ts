// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The hidden verb `__complete`, which the scripts of shells ask. */
import { type Candidate, candidates } from "#cli/candidates";
import type { Completion, Invocation } from "#cli/spec";

const MOST = 500;

/**
 * Finds what a word can be of a kind that only the program knows.
 *
 * @param given values of the options typed so far, by their names
 */
export type LookUp = (kind: Completion, given: ReadonlyMap<string, string>) => Promise<readonly Candidate[]>;

/** Prints what the last word typed can become, a line each. What cannot be looked up completes to nothing. */
export async function complete({ ui, operands, program }: Invocation, lookUp: LookUp): Promise<void> {
  const { words, kind, prefix, before, given } = candidates(program, operands);
  if (kind === "file" || kind === "directory") {
    ui.print(`:${kind}${before === "" ? "" : "="}`);
    return;
  }
  // Bash has cut the word at the sign, and wants no more than what follows it.
  const head = operands.at(-1)?.startsWith("--") === true ? before : "";
  const found = kind === undefined ? words : await quietly(lookUp, kind, given);
  for (const { word, help } of found.filter((item) => item.word.startsWith(prefix)).slice(0, MOST)) {
    ui.print(help === undefined || help === "" ? head + word : `${head}${word}\t${help}`);
  }
}

async function quietly(
  lookUp: LookUp,
  kind: Completion,
  given: ReadonlyMap<string, string>,
): Promise<readonly Candidate[]> {
  try {
    return await lookUp(kind, given);
  } catch {
    return []; // nothing may be printed into the line that is being typed
  }
}

/** For programs that have nothing to look up. */
export async function run(invocation: Invocation): Promise<void> {
  await complete(invocation, () => Promise.resolve([]));
}
