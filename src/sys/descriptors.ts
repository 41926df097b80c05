// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What every program needs of the C library before all else, apart from #sys/libc: the runtime makes code for each call when
 * a library is opened, so all of those together are a millisecond of every start.
 */
import { dlopen, ptr, read } from "bun:ffi";
import { systemError } from "#sys/system-error";

const I32 = "i32";
const PTR = "ptr";
const { symbols } = dlopen("libc.so.6", {
  __errno_location: { args: [], returns: PTR },
  isatty: { args: [I32], returns: I32 },
  memfd_create: { args: [PTR, "u32"], returns: I32 },
  pipe2: { args: [PTR, I32], returns: I32 },
});

const MFD_CLOEXEC = 1;
const O_CLOEXEC = 0o2000000;

function check(result: number, syscall: string): number {
  if (result >= 0) return result;
  const location = symbols.__errno_location();
  throw systemError(location === null ? 0 : read.i32(location, 0), syscall);
}

/** Is a stream (1: output, 2: errors, 0: input) a terminal? */
export function isTerminal(fd: number): boolean {
  return symbols.isatty(fd) === 1;
}

/** A nameless file in memory, which programs that are started do not inherit. The name is what /proc shows. Throws SystemError. */
export function memoryFile(name: string): number {
  const bytes = Buffer.from(`${name}\0`);
  return check(symbols.memfd_create(ptr(bytes), MFD_CLOEXEC), "memfd_create");
}

/** A pipe, whose ends programs that are started do not inherit. Throws SystemError. */
export function openPipe(): [from: number, to: number] {
  const ends = new Int32Array(2);
  check(symbols.pipe2(ptr(ends), O_CLOEXEC), "pipe2");
  return [ends[0] ?? -1, ends[1] ?? -1];
}
