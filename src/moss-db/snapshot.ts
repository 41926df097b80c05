// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Reading without rights. A reader tells the writers which pages it still needs through the lock file; who may not write
 * that file could see pages change under it. Such a reader works on a private copy of the data file.
 *
 * Why the copy is whole: the pages of state N are first used again by the transaction N + 3, which begins after N + 2
 * has been committed. So a copy of state N taken while no more than N + 1 was committed holds all of N, and only its
 * meta pages need to be set back to N.
 */
import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errnoCode, Failure } from "#base/errors";
import { databaseFailure } from "#moss-db/failures";
import { type Meta, readMeta } from "#moss-db/file-check";

const ATTEMPTS = 50;

/** True where this process may not write the lock file, and yet another could write the database. */
export function lacksLock(directory: string): boolean {
  try {
    accessSync(join(directory, "lock.mdb"), constants.R_OK | constants.W_OK);
    return false;
  } catch (error) {
    const code = errnoCode(error);
    // On a read-only file system nobody writes, and LMDB does without the lock file.
    if (code !== "ENOENT") return code === "EACCES" || code === "EPERM";
  }
  try {
    accessSync(directory, constants.W_OK);
    return false;
  } catch (error) {
    return errnoCode(error) === "EACCES";
  }
}

/** The number of the newest transaction of a database. */
export function newestTransaction(directory: string): bigint {
  return withData(directory, (fd) => readMeta(fd, directory).transaction);
}

export interface PrivateCopy {
  /** A folder only this user can enter, with the copy as its `data.mdb`. Whoever asked for it removes it. */
  readonly directory: string;
  readonly transaction: bigint;
}

/** Copies the newest state of a database, also while another process writes it. */
export function copySnapshot(directory: string): PrivateCopy {
  const target = mkdtempSync(join(process.env["XDG_RUNTIME_DIR"] ?? tmpdir(), "moss-db-"));
  try {
    const transaction = withData(directory, (fd) => copyInto(fd, directory, join(target, "data.mdb")));
    return { directory: target, transaction };
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    throw error;
  }
}

function copyInto(fd: number, directory: string, target: string): bigint {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const meta = readMeta(fd, directory);
    const page = readPage(fd, meta);
    copyFileSync(join(directory, "data.mdb"), target);
    const now = readMeta(fd, directory).transaction;
    if (now > meta.transaction + 1n) continue;
    const out = openSync(target, "r+");
    try {
      for (const number of [0, 1]) {
        page.writeBigUInt64LE(BigInt(number), 0);
        writeSync(out, page, 0, page.length, number * meta.pageSize);
      }
    } finally {
      closeSync(out);
    }
    return meta.transaction;
  }
  throw new Failure("db.open", `Cannot read the database "${directory}": it changes faster than it can be copied`);
}

function readPage(fd: number, meta: Meta): Buffer {
  const page = Buffer.alloc(meta.pageSize);
  readSync(fd, page, 0, meta.pageSize, meta.page * meta.pageSize);
  return page;
}

function withData<T>(directory: string, body: (fd: number) => T): T {
  let fd: number;
  try {
    fd = openSync(join(directory, "data.mdb"), "r");
  } catch (error) {
    throw databaseFailure(error, "open", directory);
  }
  try {
    return body(fd);
  } finally {
    closeSync(fd);
  }
}
