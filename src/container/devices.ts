// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * /dev of a container: the harmless devices, terminals of its own, and nothing else. Made by the outer program in the
 * container's memory, so what is written there counts; bubblewrap would read the table of all mounts again for each device.
 */
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Steps } from "#container/outer";
import { c } from "#sys/libc";

const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"];

const LINKS = [
  ["fd", "/proc/self/fd"],
  ["stdin", "/proc/self/fd/0"],
  ["stdout", "/proc/self/fd/1"],
  ["stderr", "/proc/self/fd/2"],
  ["core", "/proc/kcore"],
  ["ptmx", "pts/ptmx"],
] as const;

const MS_BIND = 0x1000;
/** MS_NOSUID and MS_NOEXEC. */
const PLAIN = 0xa;

/** The terminal that our stdout is, which an init takes for its console. */
function ownTerminal(): string | undefined {
  return c.isatty(1) === 1 ? readlinkSync("/proc/self/fd/1") : undefined;
}

/** Adds the steps that make it, and gives back the folder. `passed`: the container gets our stdout. */
export function mountDevices(steps: Steps, scratch: string, passed: boolean): string {
  const folder = join(scratch, "dev");
  steps.mkdir(folder);
  const bind = (source: string, name: string): void => {
    steps.write(join(folder, name), "").mount(source, join(folder, name), "none", MS_BIND, "");
  };
  for (const name of DEVICES) bind(`/dev/${name}`, name);
  const terminal = passed ? ownTerminal() : undefined;
  if (terminal !== undefined) bind(terminal, "console");
  for (const [name, target] of LINKS) steps.symlink(target, join(folder, name));
  steps.umask("000").mkdir(join(folder, "shm"), "1777").umask("022");
  const terminals = join(folder, "pts");
  steps.mkdir(terminals).mount("devpts", terminals, "devpts", PLAIN, "newinstance,ptmxmode=0666,mode=620");
  return folder;
}
