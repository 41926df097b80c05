// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Files that are written over in place, also where the file system would rather copy (btrfs). */
import { c, ptr } from "#sys/libc";

const FS_IOC_GETFLAGS = 0x80086601;
const FS_IOC_SETFLAGS = 0x40086602;
const FS_NOCOW_FL = 0x00800000;

/**
 * Asks for an empty file to be kept in place, so that writing over it never needs room. File systems that do so anyway do not know
 * the flag, which is as good.
 */
export function keepInPlace(fd: number): void {
  const flags = new Uint32Array(2);
  if (c.ioctl(fd, FS_IOC_GETFLAGS, ptr(flags)) !== 0) return;
  flags[0] = (flags[0] ?? 0) | FS_NOCOW_FL;
  c.ioctl(fd, FS_IOC_SETFLAGS, ptr(flags));
}
