// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Verbs that build nothing: about recipes, profiles, and where files and dependencies go. */
import type { OperandSpec, OptionSpec, VerbSpec } from "#cli/spec";

export const RECIPE: OperandSpec = {
  name: "recipe",
  help: "a stone.yaml, or the folder of one; this folder where absent",
  optional: true,
  complete: "file",
};

const RECIPES: OperandSpec = {
  name: "recipe",
  help: "a stone.yaml, or the folder of one",
  many: true,
  complete: "file",
};

/** The option for what implied dependencies are called. */
export function familyOption(otherwise: string): OptionSpec {
  const help = `names of implied dependencies, such as serpent or debian; ${otherwise} where absent`;
  return { name: "family", value: "name", help, complete: ["serpent", "debian"] };
}

/** The option for one target of a recipe, of this machine or of another. */
export const TARGET: OptionSpec = {
  name: "target",
  value: "name",
  help: "this target alone: x86_64, emul32/x86_64, aarch64; this machine's where absent",
  complete: ["x86_64", "emul32/x86_64", "aarch64"],
};

const FAMILY = familyOption("serpent");

export const RECIPE_VERB: VerbSpec = {
  name: "recipe",
  summary: "look at recipes, and at what they are written with",
  verbs: [
    {
      name: "check",
      summary: "find every mistake; an unknown key is one too",
      operands: [RECIPES],
      options: [FAMILY],
      examples: [{ command: "boulder recipe check */stone.yaml", help: "which of them are wrong, and where" }],
      load: async () => await import("#cli/boulder/recipe-check"),
    },
    {
      name: "show",
      summary: "print what is understood of recipes",
      operands: [RECIPES],
      examples: [{ command: "boulder recipe show . --json", help: "with every default filled in" }],
      load: async () => await import("#cli/boulder/recipe-show"),
    },
    {
      name: "macros",
      summary: "list actions, definitions and tuning groups, or show one",
      operands: [{ name: "name", help: "such as %configure or %(libdir)", optional: true }],
      options: [{ name: "target", value: "name", help: "for another target, such as emul32/x86_64" }, FAMILY],
      examples: [{ command: "boulder recipe macros %cmake", help: "what it runs, and what it needs" }],
      load: async () => await import("#cli/boulder/recipe-macros"),
    },
  ],
};

export const PROFILE_VERB: VerbSpec = {
  name: "profile",
  summary: "the layered collections that roots are made of",
  verbs: [
    {
      name: "list",
      summary: "list profiles and their collections",
      examples: [{ command: "boulder profile list", help: "with the places of their collections" }],
      load: async () => await import("#cli/boulder/profile-list"),
    },
    {
      name: "add",
      summary: "write a profile, and fetch its indexes",
      operands: [{ name: "name", help: "its name; another one of this name is written over" }],
      options: [
        {
          name: "repo",
          short: "r",
          value: "key=value,...",
          help: "name=..,uri=..[,priority=N], or base-uri, version, channel and arch for uri; once for each collection",
          repeat: true,
          required: true,
        },
        familyOption("what it was, or serpent,"),
      ],
      examples: [
        {
          command: "boulder profile add mine -r name=base,uri=/srv/base/stone.index",
          help: "over a folder of imported packages",
        },
      ],
      load: async () => await import("#cli/boulder/profile-add"),
    },
    {
      name: "update",
      summary: "fetch the indexes of profiles' collections anew",
      options: [{ name: "profile", short: "p", value: "name", help: "only of this profile", complete: "profile" }],
      examples: [{ command: "boulder profile update -p mine", help: "the indexes of one" }],
      load: async () => await import("#cli/boulder/profile-update"),
    },
  ],
};

export const PACKAGE_VERBS: readonly VerbSpec[] = [
  {
    name: "split",
    summary: "say which package each path of a list would go to",
    operands: [RECIPE],
    options: [
      {
        name: "paths",
        value: "file",
        help: "paths, one a line or as a JSON array; - reads stdin",
        required: true,
        complete: "file",
      },
      TARGET,
    ],
    examples: [{ command: "boulder split nano --paths list.txt", help: "each path with its package" }],
    load: async () => await import("#cli/boulder/split"),
  },
  {
    name: "explain",
    summary: "say why a file goes to its package, or which file a dependency came from",
    operands: [{ name: "word", help: "a path (/usr/...) or a capability (soname(libz.so.1(x86_64)))" }, RECIPE],
    options: [
      {
        name: "build",
        value: "dir",
        help: "folder with the stones of a build, whose analysis is asked; this one, the recipe's or the local collection where absent",
        complete: "directory",
      },
      TARGET,
    ],
    examples: [
      { command: "boulder explain /usr/lib/libz.so.1", help: "the rule that puts it into its package" },
      { command: "boulder explain 'soname(libc.so.6(x86_64))'", help: "the files that need it" },
    ],
    load: async () => await import("#cli/boulder/explain"),
  },
];
