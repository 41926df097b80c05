// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Verbs about collections: where packages come from. */
import type { OperandSpec, OptionSpec, VerbSpec } from "#cli/spec";

const NAME: OperandSpec = { name: "name", help: "name of a collection", complete: "collection" };
const NAMES: OperandSpec = { ...NAME, many: true };
const NO_REFRESH: OptionSpec = { name: "no-refresh", help: "do not fetch its index now" };

export const COLLECTION_VERB: VerbSpec = {
  name: "collection",
  aliases: ["remote", "repo", "collections"],
  summary: "where packages come from",
  description: `Collections are layered: of a package that several offer, the one of the highest priority counts, whatever the
versions. Definitions stand in etc/moss/repo.d of the root.`,
  verbs: [
    {
      name: "add",
      summary: "add a collection and fetch its index",
      operands: [
        { name: "name", help: "what to call it" },
        {
          name: "place",
          help: "address of an index, a folder of stones, or the name of a known collection; the name itself where absent",
          optional: true,
          complete: "file",
        },
      ],
      options: [
        { name: "priority", short: "p", value: "number", help: "the larger is preferred; 0 where absent" },
        { name: "comment", short: "c", value: "text", help: "what it is" },
        {
          name: "root-index",
          value: "version=...",
          help: "the place is a root index: version=stream/NAME, with channel=NAME and arch=NAME behind commas",
        },
        NO_REFRESH,
      ],
      examples: [
        { command: "moss remote add protosnek /srv/protosnek", help: "a folder of stones" },
        { command: "moss remote add volatile https://example.org/stone.index -p 10", help: "preferred over others" },
      ],
      load: async () => await import("#cli/moss/collection-add"),
    },
    {
      name: "list",
      summary: "list collections, the preferred first",
      examples: [{ command: "moss collection list", help: "with places and priorities" }],
      load: async () => await import("#cli/moss/collection-list"),
    },
    {
      name: "remove",
      summary: "forget collections",
      operands: [NAMES],
      examples: [{ command: "moss collection remove local", help: "packages that came from it stay" }],
      load: async () => await import("#cli/moss/collection-change"),
    },
    {
      name: "enable",
      summary: "use collections again",
      operands: [NAMES],
      options: [NO_REFRESH],
      examples: [{ command: "moss collection enable volatile", help: "use it again" }],
      load: async () => await import("#cli/moss/collection-change"),
    },
    {
      name: "disable",
      summary: "keep collections, but do not use them",
      operands: [NAMES],
      examples: [{ command: "moss collection disable volatile", help: "leave it out of what follows" }],
      load: async () => await import("#cli/moss/collection-change"),
    },
    {
      name: "set-priority",
      summary: "say how much a collection counts",
      operands: [NAME, { name: "priority", help: "a whole number from 0 up; the larger is preferred" }],
      examples: [{ command: "moss collection set-priority local 100", help: "prefer its packages to those of others" }],
      load: async () => await import("#cli/moss/collection-change"),
    },
    {
      name: "update",
      aliases: ["refresh"],
      summary: "fetch the indexes of all collections, or of those named",
      operands: [{ ...NAMES, optional: true }],
      options: [{ name: "force", help: "read them even where they seem to be the same" }],
      examples: [{ command: "moss collection update", help: "the indexes of all" }],
      load: async () => await import("#cli/moss/collection-update"),
    },
  ],
};
