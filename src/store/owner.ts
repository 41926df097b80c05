// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Owner and mode of what is put on disk, as far as this process may set them. */
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { c, lastError, ptr } from "#sys/libc";

const me = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };

/** True where a file that this process makes belongs to them from the start. */
export function ownedByMe(uid: number, gid: number): boolean {
  return uid === me.uid && gid === me.gid;
}

/** First and number of the ids that this process may give files, from /proc; all of them where that cannot be read. */
function mapped(file: string): readonly (readonly [number, number])[] {
  try {
    return readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => {
        const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
        return [first, count] as const;
      });
  } catch {
    return [[0, 0xffff_ffff]];
  }
}

let maps: readonly (readonly (readonly [number, number])[])[] | undefined;

/** True where this process can give files to this owner: it is root, and the ids exist in its user namespace. */
export function canOwn(uid: number, gid: number): boolean {
  if (ownedByMe(uid, gid)) return true;
  if (me.uid !== 0) return false;
  maps ??= [mapped("/proc/self/uid_map"), mapped("/proc/self/gid_map")];
  return [uid, gid].every((id, i) => maps?.[i]?.some(([first, count]) => id >= first && id < first + count) === true);
}

/** Makes a directory of ours that gives nothing of its own to what is made in it, wherever it lies. */
export function makePlainDirectory(path: string, mode: number): void {
  mkdirSync(path, { recursive: true, mode });
  const stat = statSync(path);
  if (stat.gid !== me.gid) chownSync(path, stat.uid, me.gid);
  if ((stat.mode & 0o7777) !== mode) chmodSync(path, mode);
}

// An ordinary user may not give files away (EPERM); in a user namespace an id may not exist (EINVAL).
function tolerate(path: string): void {
  const error = lastError("chown", path);
  if (error.code !== "EPERM" && error.code !== "EINVAL") throw error;
}

/**
 * Gives an open file its owner and then its mode (a chown clears set-id bits). Set-id bits stay away from a wrong owner.
 * The owner is set even where it is us: a directory with the set-gid bit gives its group to what is made in it.
 */
export function applyOwnerAndMode(fd: number, uid: number, gid: number, mode: number, path: string): void {
  let bits = mode;
  if (c.fchown(fd, uid, gid) !== 0) {
    tolerate(path);
    bits &= ~0o6000;
  }
  if (c.fchmod(fd, bits) !== 0) throw lastError("fchmod", path);
}

const NOFOLLOW = 0x100;

/**
 * Gives a symlink its owner. `name` is the address of its NUL-terminated name below `directory`; `inherits` says that the
 * directory may have given it its group.
 */
export function applyLinkOwner(
  directory: number,
  name: ReturnType<typeof ptr>,
  uid: number,
  gid: number,
  inherits: boolean,
): void {
  if (!inherits && ownedByMe(uid, gid)) return;
  if (c.fchownat(directory, name, uid, gid, NOFOLLOW) !== 0) tolerate("symlink");
}
