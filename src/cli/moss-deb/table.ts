// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The command line of moss-deb, as a table. */
import { VERSION } from "#cli/names";
import { COMMON_OPTIONS } from "#cli/program";
import type { OptionSpec, ProgramSpec } from "#cli/spec";
import { completionVerbs, versionVerb } from "#cli/standard";

/** Options of every verb that asks apt. */
const APT: readonly OptionSpec[] = [
  {
    name: "cache",
    value: "dir",
    help: "apt's private state, downloads, and what was read before; the user's cache folder where absent",
    complete: "directory",
  },
  { name: "max-age", value: "hours", help: "fetch lists again that are older; 24 where absent" },
  { name: "offline", help: "use the lists that are there, whatever their age" },
];

const CLOSURE: readonly OptionSpec[] = [
  { name: "recommends", help: "take recommended packages too" },
  { name: "no-essential", help: "leave out Debian's essential packages where nothing needs them" },
  ...APT,
];

const NAMES = { name: "name", help: "a Debian package: NAME or NAME=VERSION", many: true } as const;
export const MOSS_DEB: ProgramSpec = {
  name: "moss-deb",
  version: VERSION,
  summary: "Imports Debian binary packages as stones.",
  description: `Packages come through this machine's own apt sources, in a state of their own: nothing of the system's apt is changed, and
apt checks every signature. docs/deb.md says where files go, and what each kind of loss in a report means.`,
  globals: COMMON_OPTIONS,
  verbs: [
    {
      name: "import",
      summary: "import packages, by name through apt or as files, with all that they need",
      description: `An import decides for its whole set at once, so give all words of a collection together. Again into the same folder, it does
only what has changed. With --json, events are followed by the report as the last line.`,
      operands: [{ name: "package", help: "NAME, NAME=VERSION, or a .deb file", many: true, complete: "file" }],
      options: [
        {
          name: "output",
          short: "o",
          value: "dir",
          help: "folder of the collection",
          required: true,
          complete: "directory",
        },
        { name: "jobs", short: "j", value: "number", help: "packages at once; one a processor where absent" },
        {
          name: "profile",
          value: "name",
          help: "how hard to compress",
          choices: ["fast", "default", "max"],
        },
        { name: "report", value: "file", help: "write what was lost or changed, as JSON", complete: "file" },
        { name: "allow-missing", help: "report what the set does not satisfy, instead of failing" },
        { name: "no-index", help: "do not write stone.index" },
        ...CLOSURE,
      ],
      examples: [
        { command: "moss-deb import bash nano -o protosnek", help: "these and all they need, as a collection" },
        { command: "moss-deb import ./foo_1.0_amd64.deb -o out", help: "one package at hand" },
      ],
      load: async () => await import("#cli/moss-deb/import"),
    },
    {
      name: "resolve",
      summary: "show the packages that an import would take, and why",
      operands: [NAMES],
      options: CLOSURE,
      examples: [{ command: "moss-deb resolve gcc", help: "what comes along with a compiler" }],
      load: async () => await import("#cli/moss-deb/resolve"),
    },
    {
      name: "fetch",
      summary: "fetch the packages that an import would take, and print their paths",
      operands: [NAMES],
      options: [
        {
          name: "output",
          short: "o",
          value: "dir",
          help: "put them there under their own names",
          complete: "directory",
        },
        ...CLOSURE,
      ],
      examples: [{ command: "moss-deb fetch -o debs nano", help: "nano and what it needs, as .deb files" }],
      load: async () => await import("#cli/moss-deb/fetch"),
    },
    {
      name: "index",
      summary: "write a collection's index of everything that apt offers, from its lists alone",
      options: [
        {
          name: "output",
          short: "o",
          value: "dir",
          help: "folder of the index",
          required: true,
          complete: "directory",
        },
        ...APT,
      ],
      examples: [{ command: "moss-deb index -o everything", help: "all 60,000 packages, nothing fetched" }],
      load: async () => await import("#cli/moss-deb/index"),
    },
    {
      name: "worker",
      summary: "does the jobs of an import",
      hidden: true,
      load: async () => await import("#cli/moss-deb/worker"),
    },
    ...completionVerbs("moss-deb"),
    versionVerb("moss-deb"),
  ],
  examples: [
    { command: "moss-deb import bash nano -o protosnek", help: "a collection of these and all they need" },
    { command: "moss-deb resolve gcc", help: "only look" },
  ],
};
