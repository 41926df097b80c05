// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The command line of moss, as a table. Verbs stand in a file for each subject. */
import { CARE_VERBS } from "#cli/moss/table-care";
import { COLLECTION_VERB } from "#cli/moss/table-collections";
import { PACKAGE_VERBS } from "#cli/moss/table-packages";
import { QUERY_VERBS } from "#cli/moss/table-queries";
import { HISTORY_VERB, STATE_VERB } from "#cli/moss/table-states";
import { STONE_VERBS } from "#cli/moss/table-stones";
import { VERSION } from "#cli/names";
import { COMMON_OPTIONS } from "#cli/program";
import type { ProgramSpec } from "#cli/spec";

/** Short words of the family's tools, for those who have them in their fingers. */
const SHORTCUTS: Readonly<Record<string, readonly string[]>> = {
  li: ["list", "installed"],
  la: ["list", "available"],
  ls: ["list", "updates"],
  lu: ["list", "updates"],
  ar: ["collection", "add"],
  lr: ["collection", "list"],
  rr: ["collection", "remove"],
  ur: ["collection", "update"],
  er: ["collection", "enable"],
  dr: ["collection", "disable"],
  it: ["install"],
  rm: ["remove"],
  up: ["upgrade"],
  fe: ["fetch"],
};

export const MOSS: ProgramSpec = {
  name: "moss",
  version: VERSION,
  summary: "Installs packages, each change a state of the whole system that can be gone back to.",
  globals: [
    {
      name: "directory",
      short: "D",
      value: "dir",
      help: "the root to work on; / where absent",
      complete: "directory",
    },
    {
      name: "cache",
      value: "dir",
      help: "a folder for store and downloads that several roots share",
      complete: "directory",
    },
    {
      name: "wait",
      value: "seconds",
      implied: "forever",
      help: "wait for another process that is changing the root, instead of failing at once",
    },
    ...COMMON_OPTIONS,
  ],
  shortcuts: SHORTCUTS,
  verbs: [...PACKAGE_VERBS, ...QUERY_VERBS, COLLECTION_VERB, STATE_VERB, HISTORY_VERB, ...CARE_VERBS, ...STONE_VERBS],
  examples: [
    { command: "moss install nano", help: "with all it needs" },
    { command: "moss upgrade --dry-run", help: "what the newest of everything would change" },
    { command: "moss state rollback", help: "back to how it was before" },
    { command: "moss install -D root bash", help: "into a root in a folder" },
  ],
};
