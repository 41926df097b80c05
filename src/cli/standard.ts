// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Verbs that every program has: completions of shells, and the version. */
import { PROGRAMS, type ProgramName, SHELLS } from "#cli/names";
import type { VerbModule, VerbSpec } from "#cli/spec";

/** The verb that shows the version. */
export function versionVerb(program: ProgramName): VerbSpec {
  return {
    name: "version",
    summary: "show the version",
    options: [{ name: "full", short: "f", help: "with that of the runtime, and the machine" }],
    examples: [{ command: `${program} version --full`, help: "for reports of mistakes" }],
    load: async () => await import("#cli/version"),
  };
}

/**
 * The verb that prints the scripts of shells, and the hidden one that these scripts ask.
 *
 * @param load the module that completes; it knows what the program can look up
 */
export function completionVerbs(
  program: ProgramName,
  load: () => Promise<VerbModule> = async () => await import("#cli/complete"),
): readonly VerbSpec[] {
  return [
    {
      name: "completion",
      summary: "print the completions of a shell",
      operands: [{ name: "shell", help: SHELLS.join(", "), complete: SHELLS }],
      options: [{ name: "all", short: "a", help: `of all programs: ${PROGRAMS.join(", ")}` }],
      examples: [
        { command: `source <(${program} completion bash)`, help: "in this shell, at once" },
        { command: `source <(${program} completion zsh --all)`, help: "of all programs, in zsh" },
      ],
      load: async () => await import("#cli/print-completion"),
    },
    {
      name: "__complete",
      summary: "completes a command line",
      hidden: true,
      operands: [{ name: "word", help: "typed so far", many: true, optional: true }],
      load,
    },
  ];
}
