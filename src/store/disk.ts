// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Errors of a disk as failures that say what to do, and what a file system has room for. */
import { statfsSync } from "node:fs";
import { errnoCode, Failure } from "#base/errors";

/** A system error met while writing, as a failure with a code of its own where the cause is plain. */
export function diskFailure(error: unknown, verb: string): unknown {
  if (error instanceof Failure) return error;
  const code = errnoCode(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new Failure("disk.full", `Cannot ${verb}: no space is left on the disk`, {
      hint: 'Free some space ("moss state prune" and "moss cache clean" give some back) and run the command again.',
      cause: error,
    });
  }
  if (code === "EROFS") {
    return new Failure("root.readonly", `Cannot ${verb}: the file system can only be read`, {
      hint: "Mount it for writing, or choose another root with -D.",
      cause: error,
    });
  }
  if (code === "EIO") {
    return new Failure("io", `Cannot ${verb}: the disk fails`, {
      hint: 'The kernel\'s log ("dmesg") says why.',
      cause: error,
    });
  }
  return error;
}

/** Bytes that can still be written by this user to the file system that holds `path`. */
export function freeSpace(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
