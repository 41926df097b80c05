// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Errors of foreign calls, in the shape that `node:fs` throws. */

export interface SystemError extends Error {
  code: string;
  errno: number;
  syscall: string;
  path?: string;
}

/** What the system calls its errors: names and texts by negative numbers. Loaded when one is told, 1 ms of every start. */
let errors: ReadonlyMap<number, readonly [string, string]> | undefined;

/** The error with this number, of a call that has just failed. */
export function systemError(errno: number, syscall: string, path?: string): SystemError {
  errors ??= process.getBuiltinModule("node:util").getSystemErrorMap();
  const [code, text] = errors.get(-errno) ?? [`E${errno}`, `error ${errno}`];
  const where = path === undefined ? "" : ` '${path}'`;
  const error = new Error(`${code}: ${text}, ${syscall}${where}`);
  return Object.assign(error, { code, errno, syscall, ...(path === undefined ? {} : { path }) });
}
