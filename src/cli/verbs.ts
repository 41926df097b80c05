// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Walks over the verbs of a program, for what is made from its table. */
import type { ProgramSpec, VerbSpec } from "#cli/spec";

/** Every visible verb with the verbs above it, the program first. */
export function allVerbs(program: ProgramSpec): (readonly VerbSpec[])[] {
  const found: (readonly VerbSpec[])[] = [];
  const walk = (path: readonly VerbSpec[]) => {
    found.push(path);
    for (const verb of path.at(-1)?.verbs ?? []) if (verb.hidden !== true) walk([...path, verb]);
  };
  walk([program]);
  return found;
}
