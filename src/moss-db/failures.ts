// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What LMDB and the file system report, as coded failures. */
import { statfsSync } from "node:fs";
import { type Code, errnoCode, Failure } from "#base/errors";

const DAMAGE =
  /MDB_(CORRUPTED|PAGE_NOTFOUND|INVALID|VERSION_MISMATCH|BAD_VALSIZE|INCOMPATIBLE|PANIC|CURSOR_FULL|PAGE_FULL)/;
const FULL = /MDB_MAP_FULL|No space left|Disk quota/;
const DAMAGE_HINT = "Restore the folder from a backup, or remove it and let the program make it anew.";
const FULL_HINT = "Free some space and run the command again; what was there before is whole.";

const EIO = "Input/output error";
const NO_ROOM = 1 << 20;

function classify(error: unknown, message: string, directory: string): Code {
  if (DAMAGE.test(message)) return "db.corrupt";
  const errno = errnoCode(error);
  if (FULL.test(message) || errno === "ENOSPC" || errno === "EDQUOT") return "disk.full";
  // LMDB says EIO for a write that the disk took only a part of.
  if (message === EIO) return freeBytes(directory) < NO_ROOM ? "disk.full" : "io";
  return "db.open";
}

function freeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** The failure for an error that LMDB or the file system threw while `directory` was opened, read or written. */
export function databaseFailure(error: unknown, verb: "open" | "read" | "write", directory: string): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = classify(error, message, directory);
  const expected = code === "disk.full" ? "free space" : "a working LMDB environment";
  return new Failure(code, `Cannot ${verb} the database "${directory}": ${message}, expected ${expected}`, {
    ...(code === "db.corrupt" ? { hint: DAMAGE_HINT } : code === "disk.full" ? { hint: FULL_HINT } : {}),
    cause: error,
  });
}

/** A file that is there but is no whole LMDB file. */
export function corrupt(directory: string, found: string, expected: string): Failure {
  return new Failure("db.corrupt", `Cannot open the database "${directory}": ${found}, expected ${expected}`, {
    hint: DAMAGE_HINT,
  });
}
