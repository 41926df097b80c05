// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A record lock (fcntl) that belongs to an open file and not to the process. */
import { closeSync, openSync } from "node:fs";
import { c, ptr } from "#sys/libc";

const F_OFD_SETLK = 37;
const F_RDLCK = 0;
/** `struct flock`: type and whence as shorts, start and length as 64 bits each, pid. */
const FLOCK_BYTES = 32;
const LENGTH_AT = 16;

/**
 * Runs `work` while the first byte of a file is locked for reading: until then nobody, this process included, can lock it for
 * writing. Runs it without where the file or the lock cannot be had. Closing any descriptor of a file ends all record locks
 * that the process itself has on it, so when `work` returns it must not rely on any.
 */
export function withFirstByteShared<T>(path: string, work: () => T): T {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return work();
  }
  try {
    const lock = Buffer.alloc(FLOCK_BYTES);
    lock.writeInt16LE(F_RDLCK, 0);
    lock.writeBigInt64LE(1n, LENGTH_AT);
    c.fcntl(fd, F_OFD_SETLK, ptr(lock));
    return work();
  } finally {
    closeSync(fd);
  }
}
