// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** How files of the store come into a tree: told before any work begins, and without writing anything. */
import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import { O_CLOEXEC, O_PATH } from "#sys/libc";

/**
 * link: the same inode, at no cost. clone: an inode of its own that shares its blocks with the store's. copy: bytes of its own,
 * as many as the file has.
 */
export type Strategy = "link" | "clone" | "copy";

/** File systems on which every file can be cloned; on others that depends on how they were made. */
const CLONING = new Set(["btrfs", "bcachefs"]);

/** How files get from a store to a target. Both must be there. */
export function strategyBetween(store: string, target: string): Strategy {
  const mounts = [mountOf(store), mountOf(target)] as const;
  // Subvolumes have devices of their own within one mount, and a file system can be mounted at two places: neither takes links.
  if (statSync(store).dev === statSync(target).dev && mounts[0] === mounts[1]) return "link";
  const [a, b] = mounts.map(fileSystemOf);
  return a !== undefined && b !== undefined && a.source === b.source && a.type === b.type && CLONING.has(a.type)
    ? "clone"
    : "copy";
}

/** The number of the mount that a path is on; undefined where /proc does not tell. */
function mountOf(path: string): string | undefined {
  const fd = openSync(path, O_PATH | O_CLOEXEC);
  try {
    return /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1];
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/** What is mounted there; undefined where /proc does not tell. */
function fileSystemOf(mount: string | undefined): { readonly type: string; readonly source: string } | undefined {
  if (mount === undefined) return undefined;
  // The number comes first; type and device stand behind a field of a single dash.
  const line = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .find((text) => text.startsWith(`${mount} `));
  const [type, source] = line?.split(" - ")[1]?.split(" ") ?? [];
  return type === undefined || source === undefined ? undefined : { type, source };
}
