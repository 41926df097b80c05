// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Verbs about states: each change of the system is one, and each can be gone back to. */
import { STATE_VERIFY } from "#cli/moss/table-care";
import type { OptionSpec, VerbSpec } from "#cli/spec";

const DRY_RUN: OptionSpec = { name: "dry-run", short: "n", help: "only show what would be done" };

const LIST = async () => await import("#cli/moss/state-list");

export const HISTORY_VERB: VerbSpec = {
  name: "history",
  summary: "show what each state changed, by whom, and with which command",
  examples: [{ command: "moss history", help: "who did what, and when" }],
  load: LIST,
};

export const STATE_VERB: VerbSpec = {
  name: "state",
  aliases: ["states"],
  summary: "list, compare, activate and remove states",
  verbs: [
    {
      name: "list",
      summary: "list all states, the youngest first",
      options: [{ name: "changes", short: "c", help: "with the packages that each of them changed" }],
      examples: [{ command: "moss state list", help: "the numbers that other verbs want" }],
      load: LIST,
    },
    {
      name: "active",
      summary: "show the state that is live",
      examples: [{ command: "moss state active", help: "what the machine runs now" }],
      load: LIST,
    },
    {
      name: "show",
      aliases: ["query"],
      summary: "show a state and its packages, each with the reason why it is there",
      operands: [{ name: "state", help: "its number; the live one where absent", optional: true, complete: "state" }],
      examples: [{ command: "moss state show 3", help: "its packages and how it came about" }],
      load: async () => await import("#cli/moss/state-show"),
    },
    {
      name: "diff",
      summary: "show what differs between two states",
      description:
        "With one number the other state is the live one; with none, the live one is compared with the one before it.",
      operands: [
        { name: "before", help: "number of a state", optional: true, complete: "state" },
        { name: "after", help: "number of a state", optional: true, complete: "state" },
      ],
      options: [{ name: "files", short: "f", help: "list files too" }],
      examples: [{ command: "moss state diff 3 5 --files", help: "packages and files from state 3 to state 5" }],
      load: async () => await import("#cli/moss/state-diff"),
    },
    {
      name: "activate",
      summary: "make a state live",
      operands: [{ name: "state", help: "its number", complete: "state" }],
      // Words that others' boot images say; there are neither triggers nor boot entries yet that could be left out.
      options: [
        DRY_RUN,
        { name: "skip-triggers", help: "run no triggers", hidden: true },
        { name: "skip-boot", help: "write no boot entries", hidden: true },
      ],
      examples: [{ command: "moss state activate 3", help: "go back to it, or forward" }],
      load: async () => await import("#cli/moss/state-activate"),
    },
    {
      name: "rollback",
      summary: "make the state before the live one live again",
      options: [DRY_RUN],
      examples: [{ command: "moss state rollback", help: "as it was before the last change" }],
      load: async () => await import("#cli/moss/state-activate"),
    },
    {
      name: "label",
      summary: "give a state a name for people, or take it away",
      operands: [
        { name: "state", help: "its number", complete: "state" },
        { name: "text", help: "what it is called; none takes the label away", many: true, optional: true },
      ],
      examples: [{ command: "moss state label 7 before the big upgrade", help: "seen in state list and history" }],
      load: async () => await import("#cli/moss/state-label"),
    },
    {
      name: "prune",
      summary: "remove old states",
      description: "States older than the live one go, but the youngest of them stay, and the live one always does.",
      options: [
        {
          name: "keep",
          short: "k",
          value: "number",
          help: "states that stay, the live one among them; 10 where absent",
        },
        { name: "include-newer", help: "states younger than the live one may go too" },
        DRY_RUN,
      ],
      examples: [{ command: "moss state prune -k 3", help: "keep the live state and the two before it" }],
      load: async () => await import("#cli/moss/state-remove"),
    },
    {
      name: "remove",
      summary: "remove states by number",
      operands: [{ name: "state", help: "a number, or a range such as 3-7", many: true, complete: "state" }],
      options: [DRY_RUN],
      examples: [{ command: "moss state remove 3-7", help: "five of them, for good" }],
      load: async () => await import("#cli/moss/state-remove"),
    },
    STATE_VERIFY,
    {
      name: "import",
      summary: "take over a root that an older moss made, with its history",
      description:
        "Reads the SQLite databases of the older moss and copies its files. What it left stays until --delete-old removes it. Cut off anywhere, it is simply run again.",
      options: [DRY_RUN, { name: "delete-old", help: "afterwards remove what the older moss has left" }],
      examples: [{ command: "moss state import --dry-run", help: "what would come, and what stands in the way" }],
      load: async () => await import("#cli/moss/state-import"),
    },
    {
      name: "export",
      summary: "write the system model of a state: its collections and the packages asked for",
      operands: [{ name: "state", help: "its number; the live one where absent", optional: true, complete: "state" }],
      options: [
        {
          name: "output",
          short: "o",
          value: "path",
          implied: "",
          takesNext: true,
          help: "a file, or a folder for one",
          complete: "file",
        },
      ],
      examples: [{ command: "moss state export 3 -o old.kdl", help: "what was asked for in it, as a file" }],
      load: async () => await import("#cli/moss/state-export"),
    },
  ],
};
