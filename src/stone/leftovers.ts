// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What a process that was killed left half written. Nobody reads it, but it takes room: whoever next writes the same kind of
 * thing to the folder sweeps it.
 */
import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoCode } from "#base/errors";

/** Milliseconds that it must have lain still: a number of a process may be that of one in another container. */
const STILL = 60 * 60 * 1000;
/** Names of files that StoneOutput writes to, and of folders that are extracted to. The group is the number of the process. */
const FILE = /\.(\d{1,10})-w?\d+-[0-9a-z]+\.part$/;
const FOLDER = /^\..+\.(\d{1,10})\.part$/;

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
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || Date.now() - stat.mtimeMs < STILL) return;
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Somebody else's: it is not in the way.
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
