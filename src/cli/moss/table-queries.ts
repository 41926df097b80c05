// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Verbs that only ask. They take no lock, write nothing, and need no rights. */
import type { VerbSpec } from "#cli/spec";

export const QUERY_VERBS: readonly VerbSpec[] = [
  {
    name: "list",
    summary: "list packages",
    verbs: [
      {
        name: "installed",
        summary: "list installed packages; those that were asked for stand out",
        options: [
          { name: "explicit", short: "e", help: "only those that were asked for" },
          { name: "dependencies", help: "only those that others need" },
        ],
        examples: [{ command: "moss li -e", help: "what was asked for by name" }],
        load: async () => await import("#cli/moss/list-installed"),
      },
      {
        name: "available",
        summary: "list what the collections offer",
        examples: [{ command: "moss la", help: "every package of the collections" }],
        load: async () => await import("#cli/moss/list-available"),
      },
      {
        name: "updates",
        aliases: ["sync"],
        summary: "list installed packages that an upgrade would change",
        options: [{ name: "upgrade-only", help: "leave out those that would go back to an older release" }],
        examples: [{ command: "moss lu", help: "what an upgrade would change" }],
        load: async () => await import("#cli/moss/list-updates"),
      },
    ],
  },
  {
    name: "info",
    summary: "show everything about packages",
    operands: [{ name: "package", help: "name, kind(name), path, or stone", many: true, complete: "available" }],
    options: [{ name: "files", short: "f", help: "list the files of installed ones too" }],
    examples: [
      { command: "moss info nano", help: "sizes, licences, what it needs and gives" },
      { command: "moss info nano --files", help: "with every file and its SHA-256" },
    ],
    load: async () => await import("#cli/moss/info"),
  },
  {
    name: "files",
    summary: "list the files of packages",
    description: `Of packages that are not installed the files are known where their collection has lists of files, as "moss index"
makes them, or where their stones are on this machine: in a folder that is a collection, or fetched before.`,
    operands: [{ name: "package", help: "name, or stone", many: true, complete: "available" }],
    options: [
      { name: "directories", short: "d", help: "list directories too" },
      { name: "digests", help: "show the SHA-256 of each file; of stones the XXH3-128 that they say" },
    ],
    examples: [
      { command: "moss files nano", help: "what it puts where" },
      { command: "moss files ./nano.stone --digests", help: "what is in a stone" },
    ],
    load: async () => await import("#cli/moss/files"),
  },
  {
    name: "owns",
    aliases: ["owner"],
    summary: "show which package a path belongs to",
    description: `Where no installed package has the path, packages of the collections that would bring it are shown, as far as the
collections have lists of files.`,
    operands: [{ name: "path", help: "a path of the root", many: true, complete: "file" }],
    examples: [{ command: "moss owns /usr/bin/nano", help: "who brought it" }],
    load: async () => await import("#cli/moss/owns"),
  },
  {
    name: "search",
    aliases: ["sr"],
    summary: "look for packages by words, by what they give, or by path",
    operands: [
      { name: "word", help: "all must be in name, summary or description; or kind(name); or a path", many: true },
    ],
    options: [
      { name: "installed", short: "i", help: "only among installed packages" },
      {
        name: "provides",
        short: "p",
        value: "kind",
        implied: "binary",
        help: "packages that give kind(word); of binaries where no kind is given",
      },
    ],
    examples: [
      { command: "moss search text editor", help: "by words" },
      { command: "moss search 'binary(which)'", help: "by what they give" },
    ],
    load: async () => await import("#cli/moss/search"),
  },
  {
    name: "search-file",
    aliases: ["sf"],
    summary: "look for files by a part of their path",
    description: `Files of packages that are not installed are found where their collection has lists of files, as "moss index" makes them.`,
    operands: [{ name: "text", help: "what stands in the path" }],
    options: [{ name: "installed", short: "i", help: "only installed files" }],
    examples: [{ command: "moss search-file libz.so", help: "who has a file of such a name" }],
    load: async () => await import("#cli/moss/search"),
  },
  {
    name: "fetch",
    summary: "fetch the stones of packages, without what they need",
    operands: [{ name: "package", help: "name, kind(name), or path", many: true, complete: "available" }],
    options: [
      { name: "output-dir", short: "o", value: "dir", help: "where they go; here where absent", complete: "directory" },
    ],
    examples: [{ command: "moss fetch nano -o stones", help: "its stone, into a folder" }],
    load: async () => await import("#cli/moss/fetch"),
  },
];
