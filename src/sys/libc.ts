// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The C library, through `bun:ffi`, for the calls that `node:fs` does not have: descriptor-relative calls,
 * exchange-rename, syncfs, flock, extended attributes, time stamps on links, mounts.
 *
 * Numbers are Linux's and are the same on x86_64 and aarch64, except O_DIRECTORY and O_NOFOLLOW (see below).
 * Memory handed to a foreign call is not kept alive by it: every wrapper holds its buffers in a local until it returns.
 */
import { dlopen, FFIType, ptr, read } from "bun:ffi";
import { type SystemError, systemError } from "#sys/system-error";

const I32 = "i32";
const U32 = "u32";
const PTR = "ptr";
const SSIZE = FFIType.i64_fast;

const libc = dlopen("libc.so.6", {
  __errno_location: { args: [], returns: PTR },
  renameat2: { args: [I32, PTR, I32, PTR, U32], returns: I32 },
  openat: { args: [I32, PTR, I32, U32], returns: I32 },
  close: { args: [I32], returns: I32 },
  renameat: { args: [I32, PTR, I32, PTR], returns: I32 },
  linkat: { args: [I32, PTR, I32, PTR, I32], returns: I32 },
  mkdirat: { args: [I32, PTR, U32], returns: I32 },
  unlinkat: { args: [I32, PTR, I32], returns: I32 },
  symlinkat: { args: [PTR, I32, PTR], returns: I32 },
  fchmod: { args: [I32, U32], returns: I32 },
  fchown: { args: [I32, U32, U32], returns: I32 },
  fchownat: { args: [I32, PTR, U32, U32, I32], returns: I32 },
  futimens: { args: [I32, PTR], returns: I32 },
  utimensat: { args: [I32, PTR, PTR, I32], returns: I32 },
  write: { args: [I32, PTR, "usize"], returns: SSIZE },
  sync_file_range: { args: [I32, "i64", "i64", U32], returns: I32 },
  fsync: { args: [I32], returns: I32 },
  syncfs: { args: [I32], returns: I32 },
  flock: { args: [I32, I32], returns: I32 },
  ioctl: { args: [I32, "u64", PTR], returns: I32 },
  fcntl: { args: [I32, I32, PTR], returns: I32 },
  fsetxattr: { args: [I32, PTR, PTR, "usize", I32], returns: I32 },
  lsetxattr: { args: [PTR, PTR, PTR, "usize", I32], returns: I32 },
  lgetxattr: { args: [PTR, PTR, PTR, "usize"], returns: SSIZE },
  llistxattr: { args: [PTR, PTR, "usize"], returns: SSIZE },
  mmap: { args: [PTR, "usize", I32, I32, I32, "i64"], returns: PTR },
  unshare: { args: [I32], returns: I32 },
  mount: { args: [PTR, PTR, PTR, "u64", PTR], returns: I32 },
  umount2: { args: [PTR, I32], returns: I32 },
  umask: { args: [U32], returns: U32 },
  execve: { args: [PTR, PTR, PTR], returns: I32 },
});

export const c = libc.symbols;

const arm = process.arch === "arm64";
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_CLOEXEC = 0o2000000;
export const O_DIRECTORY = arm ? 0o40000 : 0o200000;
export const O_NOFOLLOW = arm ? 0o100000 : 0o400000;
export const O_PATH = 0o10000000;

/** A NUL-terminated copy of a text for a foreign call. The text must not hold a NUL. */
export function cString(text: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(text) + 1);
  const length = bytes.write(text);
  bytes[length] = 0;
  return bytes;
}

export const EEXIST = 17;

/** The number of the error of the foreign call that has just failed on this thread. */
export function lastErrno(): number {
  const location = c.__errno_location();
  return location === null ? 0 : read.i32(location, 0);
}

/** The error of the foreign call that has just failed on this thread. */
export function lastError(syscall: string, path?: string): SystemError {
  return systemError(lastErrno(), syscall, path);
}

/** Throws the last error where a foreign call returned a negative number; else gives the number back. */
export function check(result: number, syscall: string, path?: string): number {
  if (result < 0) throw lastError(syscall, path);
  return result;
}

export { ptr };
