// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `completion SHELL`: the script that a shell is to read, of this program or of all. */
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import { completionScript } from "#cli/completion";
import { PROGRAMS, SHELLS } from "#cli/names";
import type { Invocation } from "#cli/spec";

export function run({ operands, options, program, ui }: Invocation): void {
  const word = operands[0] ?? "";
  const shell = SHELLS.find((name) => name === word);
  if (shell === undefined) {
    const near = nearest(word, SHELLS);
    const message = `Cannot complete in "${word}": unknown, expected ${SHELLS.join(", ")}`;
    throw new Failure("usage", message, near === undefined ? {} : { hint: `Did you mean "${near}"?` });
  }
  const names = options.flag("all") ? PROGRAMS : [program.name];
  for (const name of names) ui.print(completionScript(name, shell).trimEnd());
}
