// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Verbs around a build: what it would do, the build itself, its root, its sources. */
import { AREAS } from "#boulder/cache/model";
import { familyOption, RECIPE, TARGET } from "#cli/boulder/table-recipe";
import type { OptionSpec, VerbSpec } from "#cli/spec";

/** The phases that have scripts, in their order. */
const PHASES = ["setup", "build", "install", "check", "workload"];

/** Options of every verb that plans a build. */
const PLAN: readonly OptionSpec[] = [
  {
    name: "profile",
    short: "p",
    value: "name",
    help: "profile whose collections the root is made of; local-x86_64 where absent",
    complete: "profile",
  },
  familyOption("the profile's"),
  TARGET,
  { name: "jobs", short: "j", value: "number", help: "jobs of one build; one a processor where absent" },
  { name: "toolchain", value: "name", help: "build with this one, whatever the recipe says", choices: ["gnu", "llvm"] },
  { name: "compiler-cache", short: "c", help: "keep what compilers made for later builds" },
  { name: "no-check", help: "leave out the check phase and what only it needs" },
];

const SOURCES: readonly OptionSpec[] = [
  {
    name: "mirror",
    value: "place",
    help: "folder or address that has sources by hash or name",
    repeat: true,
    complete: "directory",
  },
];

const UPDATE: OptionSpec = { name: "update", short: "u", help: "refresh the indexes of the collections first" };

export const BUILD_VERBS: readonly VerbSpec[] = [
  {
    name: "build",
    aliases: ["bi"],
    summary: "build stones from a recipe, in a root of only what it needs",
    description:
      "Stones, a manifest and the record of the build go to the output folder. With --json, events are followed by the result as the last line.",
    operands: [RECIPE],
    options: [
      {
        name: "output",
        short: "o",
        value: "dir",
        help: "where stones and manifests go; . where absent",
        complete: "directory",
      },
      { name: "local", short: "l", help: "into the profile's local collection, and index it" },
      UPDATE,
      {
        name: "build-release",
        short: "b",
        value: "number",
        help: "tells the builds of one release apart; 1 where absent",
      },
      {
        name: "from",
        value: "phase",
        help: "go on with the last build, which failed, at this phase",
        choices: PHASES,
      },
      {
        name: "only",
        value: "phase",
        help: "run one phase, in the folders of a build that failed or was begun so; package nothing",
        choices: PHASES,
      },
      { name: "keep", help: "keep the build folders after a success too" },
      { name: "shell", help: "open a shell in the root where a phase failed" },
      { name: "verify", value: "manifest", help: "fail where the result is not what this says", complete: "file" },
      ...SOURCES,
      { name: "offline", help: "use no network, but that which a recipe asks for itself" },
      { name: "timeout", value: "seconds", help: "end a phase that takes longer" },
      {
        name: "memory",
        value: "MiB",
        help: "memory that a phase may use, where cgroups allow; what the profile says, or 90% of the machine's, where absent",
      },
      {
        name: "processes",
        value: "number",
        help: "processes and threads that a phase may have at a time; 1024 and 128 for each processor where absent",
      },
      { name: "quiet", short: "q", help: "do not show the output of the phases" },
      ...PLAN,
    ],
    examples: [
      { command: "boulder bi", help: "the recipe in this folder" },
      { command: "boulder bi nano --local -j 8", help: "into the local collection, for other recipes to use" },
      { command: "boulder bi --from install --shell", help: "go on where the last build failed, with a shell" },
      { command: "boulder bi --only check", help: "run the checks again, in the folders of that build" },
    ],
    load: async () => await import("#cli/boulder/build"),
  },
  {
    name: "plan",
    summary: "show root, flags and scripts of a build without building",
    operands: [RECIPE],
    options: [
      { name: "phase", value: "phase", help: "only the scripts of one phase, whole", choices: PHASES },
      ...PLAN,
    ],
    examples: [{ command: "boulder plan nano --phase install", help: "the script that would install it" }],
    load: async () => await import("#cli/boulder/plan"),
  },
  {
    name: "chroot",
    aliases: ["cr"],
    summary: "open a shell in the root of a recipe, where its last build left its folders",
    operands: [RECIPE],
    options: [UPDATE, ...PLAN],
    examples: [{ command: "boulder chroot nano", help: "look at what failed" }],
    load: async () => await import("#cli/boulder/chroot"),
  },
  {
    name: "fetch",
    summary: "fetch and verify the sources of recipes, nothing else",
    operands: [{ ...RECIPE, many: true }],
    options: [...SOURCES, { name: "offline", help: "use no network" }],
    examples: [{ command: "boulder fetch nano which", help: "for builds that are --offline" }],
    load: async () => await import("#cli/boulder/fetch"),
  },
];

export const CACHE_VERB: VerbSpec = {
  name: "cache",
  summary: "the room that roots, sources and compiler caches take",
  verbs: [
    {
      name: "size",
      summary: "show what each part of the cache takes",
      examples: [{ command: "boulder cache size", help: "before cleaning" }],
      load: async () => await import("#cli/boulder/cache-size"),
    },
    {
      name: "clean",
      aliases: ["prune"],
      summary: "remove what can be made or fetched again and is not in use; local collections stay",
      operands: [
        {
          name: "part",
          help: `${AREAS.join(", ")}; all of them where absent`,
          optional: true,
          many: true,
          complete: AREAS,
        },
      ],
      options: [{ name: "dry-run", short: "n", help: "only show what would be done" }],
      examples: [
        { command: "boulder cache clean roots builds", help: "sources and compiler caches stay" },
        { command: "boulder cache clean --dry-run", help: "how much would that be?" },
      ],
      load: async () => await import("#cli/boulder/cache-clean"),
    },
  ],
};
