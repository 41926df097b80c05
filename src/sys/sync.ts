// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Durability: what must be on the disk before the next step may begin. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { c, check } from "#sys/libc";
import { writeFully } from "#sys/write";

/** Writes everything that is dirty on the file system holding `path` to the disk. */
export function syncFileSystem(path: string): void {
  const fd = openSync(path, "r");
  try {
    check(c.syncfs(fd), "syncfs", path);
  } finally {
    closeSync(fd);
  }
}

/** Makes a file, or the entries of a directory, durable. */
export function syncPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes a whole file so that after any crash either the old or the new content is there: temporary name in the same
 * folder, fsync, rename, fsync of the folder. Throws system errors, and then leaves nothing of its own behind.
 */
export function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o644): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const fd = openSync(temporary, "w", mode);
  try {
    try {
      writeFully(fd, typeof data === "string" ? Buffer.from(data) : data);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncPath(dirname(path));
}
