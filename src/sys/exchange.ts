// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The atomic exchange of two paths: the one instant at which a state becomes the live one. */
import { AT_FDCWD, c, check, cString, ptr } from "#sys/libc";

const RENAME_NOREPLACE = 1;
const RENAME_EXCHANGE = 2;

/**
 * Exchanges two paths of one file system in one step; both must exist.
 * Throws a system error: EBUSY where one is a mount point, EXDEV across file systems, ENOENT where one is missing.
 */
export function renameExchange(a: string, b: string): void {
  const from = cString(a);
  const to = cString(b);
  check(c.renameat2(AT_FDCWD, ptr(from), AT_FDCWD, ptr(to), RENAME_EXCHANGE), "renameat2", `${a}' -> '${b}`);
}

/** Renames `from` to `to` only where `to` does not exist (EEXIST else). */
export function renameNoReplace(from: string, to: string): void {
  const a = cString(from);
  const b = cString(to);
  check(c.renameat2(AT_FDCWD, ptr(a), AT_FDCWD, ptr(b), RENAME_NOREPLACE), "renameat2", `${from}' -> '${to}`);
}
