// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** New databases: made beside their place and moved in, so that a crash leaves a whole database or none. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { errnoCode } from "#base/errors";
import { databaseFailure } from "#moss-db/failures";
import { keepInPlace } from "#sys/in-place";
import { syncPath } from "#sys/sync";

const UNFINISHED = /^(?:new-(\d+)|lock-(\d+)\.new)$/;

/**
 * Makes a database in a folder, with the folder; `fill` makes the files of one in a folder of its own, where it need not
 * sync what it writes: the database has no name before this has synced it. False where another process was faster.
 */
export function createDatabase(directory: string, fill: (folder: string) => void): boolean {
  const folder = join(directory, `new-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    const lock = join(folder, "lock.mdb");
    // Left by a process of the same number that was killed.
    rmSync(lock, { force: true });
    writeInPlace(lock, ROOM);
    fill(folder);
    syncFile(join(folder, "data.mdb"));
    // Here, as whoever only reads would have LMDB make it. LMDB sets it up anew whenever nobody has it open.
    link(lock, join(directory, "lock.mdb"));
    linkSync(join(folder, "data.mdb"), join(directory, "data.mdb"));
    syncPath(directory);
    return true;
  } catch (error) {
    // As good as ours.
    if (errnoCode(error) === "EEXIST") return false;
    throw databaseFailure(error, "open", directory);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Bytes that a new database takes, and some more. They are asked for before it is made: lmdb's native half does not survive
 * a first write that fails.
 */
const ROOM = 128 * 1024;

/**
 * Bytes of LMDB's lock file: 64 for each of the thousand processes that may read at once, where LMDB would make room for 126. It goes
 * by the size that it finds.
 */
const LOCK_BYTES = 64 * 1024;

/**
 * Makes the lock file of a folder where there is none. LMDB would make it of holes and write to it through memory: on a
 * full disk that kills the process (SIGBUS), where this throws ENOSPC.
 */
export function ensureLockFile(directory: string): void {
  const path = join(directory, "lock.mdb");
  if (existsSync(path)) return;
  const fresh = join(directory, `lock-${process.pid}.new`);
  try {
    writeInPlace(fresh);
    link(fresh, path);
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** Gives a file a second name, unless something has that name already, which is as good. */
function link(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (errnoCode(error) !== "EEXIST") throw error;
  }
}

/**
 * A new lock file whose blocks are its own from now on, also on a file system that copies what is written over. Throws ENOSPC
 * also where there is not as much `room` beside it, found by the same sync.
 */
function writeInPlace(path: string, room = 0): void {
  const fd = openSync(path, "w", 0o644);
  try {
    keepInPlace(fd);
    // On a disk that is nearly full a write may end early, and only the next one says why.
    for (let left = LOCK_BYTES + room; left > 0; ) left -= writeSync(fd, new Uint8Array(left));
    fsyncSync(fd);
    if (room > 0) ftruncateSync(fd, LOCK_BYTES);
  } finally {
    closeSync(fd);
  }
}

/** Removes what killed processes left of databases that they were making. */
export function sweepUnfinished(directory: string): void {
  for (const name of readdirSync(directory)) {
    const [, folder, file] = UNFINISHED.exec(name) ?? [];
    const pid = folder ?? file;
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoCode(error) !== "ESRCH";
  }
}

function syncFile(path: string): void {
  const fd = openSync(path, "r+");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
