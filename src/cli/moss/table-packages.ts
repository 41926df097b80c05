// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Verbs that change which packages there are. */
import type { OptionSpec, VerbSpec } from "#cli/spec";

const DRY_RUN: OptionSpec = { name: "dry-run", short: "n", help: "only show what would be done" };
const ESSENTIAL: OptionSpec = {
  name: "allow-essential",
  help: "let go even of what the system does not work without: init, libc, the shell, moss",
};
const TO: readonly OptionSpec[] = [
  { name: "to", value: "dir", help: "write the tree there; the root itself gets no new state", complete: "directory" },
  { name: "force", help: "with --to: replace what is in that folder" },
];

export const PACKAGE_VERBS: readonly VerbSpec[] = [
  {
    name: "install",
    summary: "install packages and what they need",
    description: `A word is the name of a package, or of something that a package gives: kind(name), such as binary(which) or
pkgconfig(zlib); a path, such as /usr/bin/which; or a stone on this machine, such as ./nano.stone. A word that names no
package is looked for as a program.`,
    operands: [
      { name: "package", help: "name, kind(name), path, or stone", many: true, optional: true, complete: "available" },
    ],
    options: [DRY_RUN, ...TO, ESSENTIAL],
    examples: [
      { command: "moss install nano which", help: "two packages" },
      {
        command: "moss install /usr/bin/make 'pkgconfig(zlib)'",
        help: "what gives a program, and a library to build with",
      },
      { command: "moss install ./nano-8.2-1-1-x86_64.stone", help: "a stone on this machine" },
      { command: "moss install -D /srv/root bash --dry-run", help: "look what another root would get" },
    ],
    load: async () => await import("#cli/moss/install"),
  },
  {
    name: "remove",
    aliases: ["uninstall"],
    summary: "remove packages, what needs them, and what nobody needs any more",
    operands: [
      {
        name: "package",
        help: "name, kind(name), or path; none removes what nobody needs",
        many: true,
        optional: true,
        complete: "installed",
      },
    ],
    options: [
      DRY_RUN,
      { name: "keep-deps", help: "keep what nobody needs any more" },
      { name: "only", help: "fail where other packages need them" },
      ESSENTIAL,
    ],
    examples: [
      { command: "moss remove nano", help: "a package" },
      { command: "moss remove", help: "what was needed once and is not any more" },
    ],
    load: async () => await import("#cli/moss/remove"),
  },
  {
    name: "upgrade",
    aliases: ["sync"],
    summary: "bring all packages, or those named, to the best builds that the collections offer",
    description: `Collections are refreshed first. The best build is that of the collection with the highest priority, and may be an
older one.`,
    operands: [{ name: "package", help: "name; all where absent", many: true, optional: true, complete: "installed" }],
    options: [
      DRY_RUN,
      { name: "update", short: "u", help: "refresh collections first, which is done anyway", hidden: true },
      { name: "no-refresh", aliases: ["offline"], help: "use what is known of the collections" },
      { name: "upgrade-only", help: "never go back to an older release" },
      ...TO,
      ESSENTIAL,
    ],
    examples: [
      { command: "moss upgrade", help: "everything" },
      { command: "moss sync --dry-run", help: "only look" },
    ],
    load: async () => await import("#cli/moss/upgrade"),
  },
];
