// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * /dev of a container: the harmless devices, terminals of its own, and nothing else. Made by the outer program in the
 * container's memory, so what is written there counts; bubblewrap would read the table of all mounts again for each device.
 * No device's node is the host's own: its root may be the host's root, whose nodes it could give other modes and owners.
 */
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Steps } from "#container/outer";
import { isTerminal } from "#sys/descriptors";

/** Harmless devices and their numbers, 256 times the major one and the minor one: Linux's, the same on all machines. */
const DEVICES = { null: 0x103, zero: 0x105, full: 0x107, random: 0x108, urandom: 0x109, tty: 0x500 } as const;

const LINKS = [
  ["fd", "/proc/self/fd"],
  ["stdin", "/proc/self/fd/0"],
  ["stdout", "/proc/self/fd/1"],
  ["stderr", "/proc/self/fd/2"],
  ["core", "/proc/kcore"],
  ["ptmx", "pts/ptmx"],
] as const;

/** MS_NOSUID and MS_NOEXEC. */
const PLAIN = 0xa;

/** The terminal that our stdout is, which an init takes for its console. */
function ownTerminal(): string | undefined {
  return isTerminal(1) ? readlinkSync("/proc/self/fd/1") : undefined;
}

/** Adds the steps that make it, and gives back the folder. `passed`: the container gets our stdout. */
export function mountDevices(steps: Steps, scratch: string, passed: boolean): string {
  const folder = join(scratch, "dev");
  steps.mkdir(folder).umask("000");
  for (const [name, number] of Object.entries(DEVICES)) steps.device(join(folder, name), `/dev/${name}`, number);
  steps.ownNull(join(folder, "null"));
  const terminal = passed ? ownTerminal() : undefined;
  if (terminal !== undefined) steps.device(join(folder, "console"), terminal);
  for (const [name, target] of LINKS) steps.symlink(target, join(folder, name));
  steps.mkdir(join(folder, "shm"), "1777").umask("022");
  const terminals = join(folder, "pts");
  steps.mkdir(terminals).mount("devpts", terminals, "devpts", PLAIN, "newinstance,ptmxmode=0666,mode=620");
  return folder;
}
