// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Whether the demo left mounts, loop devices or processes on the machine. */
import { readdirSync, readFileSync } from "node:fs";

export interface Traces {
  readonly mounts: readonly string[];
  readonly loops: readonly string[];
}

/** Mount points and loop devices in use. */
export function traces(): Traces {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "");
  const loops = readdirSync("/sys/block").filter((name) => {
    if (!name.startsWith("loop")) return false;
    try {
      return readFileSync(`/sys/block/${name}/loop/backing_file`, "utf8") !== "";
    } catch {
      return false; // It has no file.
    }
  });
  return { mounts, loops };
}

/** Processes that name a folder in their command line or stand in it, the demo itself left out. */
function processesIn(folder: string): string[] {
  const found: string[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      const own = /--keep/.test(command);
      if (command.includes(folder) && !own) found.push(`process ${pid}: ${command.slice(0, 80)}`);
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

/** What is there now and was not before, as far as it has to do with the demo. Other programs mount and unmount too. */
export function leftovers(before: Traces, after: Traces, folder: string): string[] {
  const mounts = after.mounts.filter((mount) => !before.mounts.includes(mount) && concerns(mount, folder));
  const loops = after.loops.filter((loop) => !before.loops.includes(loop)).filter((loop) => backs(loop, folder));
  return [
    ...mounts.map((mount) => `mount ${mount}`),
    ...loops.map((loop) => `loop device ${loop}`),
    ...processesIn(folder),
  ];
}

function concerns(mount: string, folder: string): boolean {
  return mount.startsWith(folder) || /nspawn|moss|boulder/.test(mount);
}

function backs(loop: string, folder: string): boolean {
  try {
    return readFileSync(`/sys/block/${loop}/loop/backing_file`, "utf8").startsWith(folder);
  } catch {
    return false;
  }
}
