// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A record lock (fcntl) that belongs to an open file and not to the process. */
import { c, ptr } from "#sys/libc";

const F_OFD_SETLK = 37;
const F_RDLCK = 0;
/** `struct flock`: type and whence as shorts, start and length as 64 bits each, pid. */
const FLOCK_BYTES = 32;
const LENGTH_AT = 16;

/**
 * Locks the first byte of an open file for reading until it is closed: as long, nobody, this process included, can lock it
 * for writing. Does nothing where the lock cannot be had. Closing any descriptor of a file ends all record locks that the
 * process itself has on it.
 */
export function shareFirstByte(fd: number): void {
  const lock = Buffer.alloc(FLOCK_BYTES);
  lock.writeInt16LE(F_RDLCK, 0);
  lock.writeBigInt64LE(1n, LENGTH_AT);
  c.fcntl(fd, F_OFD_SETLK, ptr(lock));
}
