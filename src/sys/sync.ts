// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Durability: what must be on the disk before the next step may begin. */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { c, check } from "#sys/libc";

/** Writes everything that is dirty on the file system holding `path` to the disk. */
export function syncFileSystem(path: string): void {
  const fd = openSync(path, "r");
  try {
    check(c.syncfs(fd), "syncfs", path);
  } finally {
    closeSync(fd);
  }
}

/** Makes the entries of a directory durable. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes a whole file so that after any crash either the old or the new content is there: temporary name in the same
 * folder, fsync, rename, fsync of the folder.
 */
export function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o644): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  const fd = openSync(temporary, "w", mode);
  try {
    let at = 0;
    while (at < bytes.byteLength) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
  syncDirectory(dirname(path));
}
