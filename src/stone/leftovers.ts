// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What a process that was killed left half written. Nobody reads it, but it takes room: whoever next writes the same kind of
 * thing to the folder sweeps it.
 */
import { closeSync, constants, openSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoCode } from "#base/errors";
import { c } from "#sys/libc";

const LOCK_EXCLUSIVELY_NOW = 2 | 4;
/** Names of files that StoneOutput writes to, and of folders that are extracted to. The group is the number of the process. */
const FILE = /\.(\d{1,10})-w?\d+-[0-9a-z]+\.part$/;
const FOLDER = /^\..+\.(\d{1,10})\.part$/;

/**
 * Marks what is being written, as long as the descriptor is open: numbers of processes say nothing of those in other
 * containers. False where somebody holds it, or where the file system knows no locks.
 */
export function holdUnfinished(fd: number): boolean {
  return c.flock(fd, LOCK_EXCLUSIVELY_NOW) === 0;
}

/** Removes those of the named files of a folder that StoneOutput began and never ended. */
export function sweepFiles(folder: string, names: readonly string[]): void {
  for (const name of names) sweep(folder, name, FILE);
}

/** Removes folders that an extraction of `name` to `folder` began and never ended. */
export function sweepFolders(folder: string, name: string): void {
  for (const found of readdirSync(folder)) if (found.startsWith(`.${name}.`)) sweep(folder, found, FOLDER);
}

function sweep(folder: string, name: string, pattern: RegExp): void {
  const pid = Number(pattern.exec(name)?.[1] ?? 0);
  if (pid === 0 || lives(pid)) return;
  const path = join(folder, name);
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (holdUnfinished(fd)) rmSync(path, { recursive: true, force: true });
    } finally {
      closeSync(fd);
    }
  } catch {
    // Somebody else's, or gone already: it is not in the way.
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return errnoCode(cause) !== "ESRCH";
  }
}
