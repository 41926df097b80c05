// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Verbs about stones as files: what is in them, and collections made of them. No root is needed. */
import type { VerbSpec } from "#cli/spec";

const FILES = { name: "file", help: "a .stone file", many: true, complete: "file" } as const;

export const STONE_VERBS: readonly VerbSpec[] = [
  {
    name: "inspect",
    summary: "show what is in a stone, an index or a build manifest",
    description:
      "With --check everything is verified instead: checksums, every file's digest, and that the package could be installed. The exit code is 1 where a file is not right.",
    operands: [FILES],
    options: [
      { name: "check", help: "verify everything" },
      { name: "quiet", short: "q", help: "with --check: only what is wrong" },
    ],
    examples: [
      { command: "moss inspect nano.stone", help: "its metadata and files" },
      { command: "moss inspect --check -q *.stone", help: "which of them are damaged" },
    ],
    load: () => import("#cli/moss/inspect"),
  },
  {
    name: "extract",
    summary: "unpack stones into folders, without installing them",
    description:
      "Each goes to DIR/<name-version-release.arch>/usr, which must not exist. It appears only when all of it is right.",
    operands: [FILES],
    options: [
      { name: "output-dir", short: "o", value: "dir", help: "where to; . where absent", complete: "directory" },
    ],
    examples: [{ command: "moss extract nano.stone -o /tmp/look", help: "files below /tmp/look" }],
    load: () => import("#cli/moss/extract"),
  },
  {
    name: "index",
    aliases: ["idx", "ix"],
    summary: "make a collection of a folder: write the index of the stones in it",
    description:
      "The newest release of each package counts. Paths that several packages would put different things at are warned of.",
    operands: [{ name: "dir", help: "a folder of stones, in any depth", complete: "directory" }],
    options: [
      {
        name: "output-dir",
        short: "o",
        value: "dir",
        help: "where stone.index goes; the folder itself where absent",
        complete: "directory",
      },
      { name: "no-collisions", help: "do not compare the paths of packages" },
    ],
    examples: [
      {
        command: "moss index /var/cache/boulder/collections/local-x86_64",
        help: "make packages that were built here installable",
      },
    ],
    load: () => import("#cli/moss/index"),
  },
];
