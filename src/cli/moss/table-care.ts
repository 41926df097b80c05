// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Verbs that look after a root, and after moss itself. */
import type { VerbSpec } from "#cli/spec";
import { completionVerbs, versionVerb } from "#cli/standard";

const VERIFY: VerbSpec = {
  name: "verify",
  summary: "check every file, mode, owner and link of the root against what its states say",
  description: `What is wrong is listed, and the exit code is 1. With --repair, files are had anew from what is on this machine or in
the collections, and bad trees are written anew beside the old ones and exchanged with them.

Without --repair nothing is changed and nobody is waited for, and no rights are needed: whoever may not look into the store is told
about /usr. What another command changes meanwhile is no difference; where it leaves no time to tell, the exit code is 9.`,
  options: [
    { name: "repair", help: "put right what is wrong" },
    { name: "quick", help: "read no file's bytes: only sizes, modes, owners, names" },
  ],
  examples: [
    { command: "moss verify", help: "read every byte" },
    { command: "moss verify --quick --repair", help: "look at sizes and modes, and mend" },
  ],
  load: async () => await import("#cli/moss/verify"),
};

/** The same verb below `moss state`. */
export const STATE_VERIFY: VerbSpec = {
  ...VERIFY,
  operands: [{ name: "state", help: "tell only what concerns this state", optional: true, complete: "state" }],
};

export const CARE_VERBS: readonly VerbSpec[] = [
  VERIFY,
  {
    name: "cache",
    summary: "give space back",
    verbs: [
      {
        name: "clean",
        aliases: ["prune"],
        summary: "remove downloads, and files of the store that no state needs",
        options: [
          { name: "keep-downloads", help: "leave downloaded stones" },
          {
            name: "forget",
            value: "root",
            help: "a root that used this cache and is gone for good",
            complete: "directory",
          },
        ],
        examples: [{ command: "moss cache clean", help: "as much as is safe" }],
        load: async () => await import("#cli/moss/cache-clean"),
      },
    ],
  },
  {
    name: "recover",
    summary: "finish or undo what a command that was cut off left; the next change does so by itself",
    examples: [{ command: "moss recover", help: "after a power cut" }],
    load: async () => await import("#cli/moss/recover"),
  },
  ...completionVerbs("moss", async () => await import("#cli/moss/complete")),
  versionVerb("moss"),
];
