// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The word that a script leaves of its failure. The build can put anything in its place, so it is read like a stranger's:
 * a pipe would never end, a link could name any file of the host.
 */
import { closeSync, constants, fstatSync, openSync, readSync, rmSync } from "node:fs";

/** Longer words are cut; commands that scripts run are shorter. */
const MOST = 64 << 10;

/** What stands in the file, or undefined where there is none that can be trusted to be one. */
export function readWord(path: string): string | undefined {
  let handle: number;
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    if (!fstatSync(handle).isFile()) return undefined;
    const buffer = Buffer.alloc(MOST);
    return buffer.toString("utf8", 0, readSync(handle, buffer, 0, MOST, 0));
  } finally {
    closeSync(handle);
  }
}

/** Removes what an earlier phase has left in its place. */
export function forgetWord(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
