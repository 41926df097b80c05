// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The command line of moss-container, as a table. */
import { VERSION } from "#cli/names";
import { COMMON_OPTIONS } from "#cli/program";
import type { ProgramSpec } from "#cli/spec";
import { completionVerbs } from "#cli/standard";

export const MOSS_CONTAINER: ProgramSpec = {
  name: "moss-container",
  version: VERSION,
  summary: "Runs a program in a root, apart from the rest of the machine.",
  description: `The root is under an overlay: what runs in it can change neither it nor the store. The program sees its own
processes, host name and loopback network, fresh /dev, /proc, /tmp and /run, and none of your environment. When it ends, or is
killed, nothing of it is left. No rights are needed.

The exit code is the program's own: 126 where it cannot be executed, 127 where it is not there, 128 and the number where
a signal ended it, 124 after --timeout.`,
  operands: [
    {
      name: "command",
      help: "the program and its arguments; a shell where absent. After -- it may have the name of a verb",
      many: true,
      optional: true,
      complete: "program",
    },
  ],
  passThrough: true,
  options: [
    {
      name: "directory",
      short: "D",
      aliases: ["root"],
      value: "dir",
      help: "the root; the folder . where absent",
      complete: "directory",
    },
    { name: "dir", short: "d", value: "dir", help: "the same", complete: "directory", hidden: true },
    { name: "fakeroot", short: "f", help: "be root inside, and give files to anyone" },
    { name: "network", short: "n", help: "use the host's network" },
    { name: "bind", short: "b", value: "from[:to]", help: "show a file or folder inside, writable", repeat: true },
    { name: "ro-bind", value: "from[:to]", help: "show a file or folder inside, read-only", repeat: true },
    { name: "tmpfs", value: "path", help: "an empty folder in memory", repeat: true },
    { name: "env", short: "e", value: "name[=value]", help: "set a variable, or pass yours on", repeat: true },
    {
      name: "user",
      short: "u",
      value: "uid[:gid]",
      help: "who to be inside without --fakeroot; 1000:1000 where absent",
    },
    { name: "cwd", short: "C", value: "path", help: "working folder inside" },
    { name: "hostname", value: "name", help: "host name inside" },
    { name: "keep", value: "dir", help: "keep what is written there, in upper/", complete: "directory" },
    { name: "read-only", help: "only /tmp, /run and binds can be written" },
    { name: "writable", help: "write to the root itself" },
    { name: "no-etc", help: "do not add passwd, group and the like where the root has none" },
    { name: "init", help: "run an init: as process 1, with the rights that it needs" },
    { name: "nested", help: "let containers be made inside, as root; for programs that are trusted" },
    { name: "memory", value: "size", help: "most memory of all processes together, such as 512M" },
    { name: "pids", value: "number", help: "most processes at one time" },
    {
      name: "scratch",
      value: "size",
      help: "most that what is written to the root may take; half of that for /tmp. Half of the memory where absent",
    },
    { name: "timeout", value: "seconds", help: "kill everything after this time" },
    { name: "usage", help: "tell on stderr what was used" },
  ],
  examples: [
    { command: "moss-container -D root -- ls -l /", help: "look around" },
    { command: "moss-container -D root --fakeroot", help: "a shell as root; what it changes is dropped" },
    { command: "moss-container -D root --memory 1G --timeout 60 --usage -- make check", help: "with bounds" },
  ],
  globals: COMMON_OPTIONS,
  exits: [
    ["1", "the container could not be made; else whatever the program itself ends with"],
    ["2", "the command line is wrong"],
    ["124", "--timeout has passed"],
    ["126", "the program cannot be executed"],
    ["127", "the program is not there"],
    ["128 and more", "a signal ended the program: 128 and its number"],
  ],
  verbs: completionVerbs("moss-container", async () => await import("#cli/moss-container/complete")),
  load: async () => await import("#cli/moss-container/run"),
};
