// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The command line of boulder, as a table. */
import { BUILD_VERBS, CACHE_VERB } from "#cli/boulder/table-build";
import { PACKAGE_VERBS, PROFILE_VERB, RECIPE_VERB } from "#cli/boulder/table-recipe";
import { VERSION } from "#cli/names";
import { COMMON_OPTIONS } from "#cli/program";
import type { ProgramSpec } from "#cli/spec";
import { completionVerbs, versionVerb } from "#cli/standard";

export const BOULDER: ProgramSpec = {
  name: "boulder",
  version: VERSION,
  summary: "Builds packages from recipes, in minimal roots.",
  description:
    "A recipe is a stone.yaml. Its root holds only what it asks for, from the collections of a profile; its phases run there, without network.",
  globals: [
    {
      name: "cache-dir",
      value: "dir",
      help: "sources, roots and build folders; /var/cache/boulder of root, or the user's cache folder where absent",
      complete: "directory",
    },
    { name: "config-dir", value: "dir", help: "profiles, from here only", complete: "directory" },
    { name: "data-dir", value: "dir", help: "macros, from here only", complete: "directory" },
    ...COMMON_OPTIONS,
  ],
  shortcuts: { macros: ["recipe", "macros"] },
  verbs: [
    ...BUILD_VERBS,
    RECIPE_VERB,
    PROFILE_VERB,
    CACHE_VERB,
    ...PACKAGE_VERBS,
    ...completionVerbs("boulder", async () => await import("#cli/boulder/complete")),
    versionVerb("boulder"),
  ],
  examples: [
    { command: "boulder recipe check .", help: "is the recipe in this folder right?" },
    { command: "boulder plan stone.yaml", help: "root with reasons, flags and scripts, without building" },
    { command: "boulder bi stone.yaml -p local-x86_64", help: "build" },
  ],
};
