// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Where a bench writes: a fresh ext4 with a journal, as users have it, in a file of its own. A virtual machine's own disk
 * may be an ext4 without journal, which gives an inode that was removed within the last five minutes to nobody: whoever
 * creates files after others were removed, theirs or ours, then searches longer and longer.
 */
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "./_floor.ts";

const SIZE = 40 * 2 ** 30;
const INODES = 4_000_000;

export interface BenchDisk extends AsyncDisposable {
  readonly folder: string;
}

/** Makes such a file system, or a folder on the machine's own disk where this user cannot mount one, and says so. */
export async function benchDisk(name: string): Promise<BenchDisk> {
  const base = mkdtempSync(join(tmpdir(), `bench-${name}-`));
  const folder = join(base, "disk");
  mkdirSync(folder);
  const remove = () => rmSync(base, { recursive: true, force: true });
  if (process.getuid?.() !== 0) {
    process.stderr.write("Not root, so on the disk as it is, and not on a fresh ext4\n");
    return { folder, [Symbol.asyncDispose]: async () => remove() };
  }
  try {
    const image = join(base, "ext4");
    writeFileSync(image, "");
    truncateSync(image, SIZE);
    const ready = ["-E", "lazy_itable_init=0,lazy_journal_init=0"];
    await must(["mkfs.ext4", "-q", "-F", "-m", "0", "-N", String(INODES), ...ready, image]);
    // Without direct I/O every page would be in memory twice.
    const device = (await must(["losetup", "--direct-io=on", "--find", "--show", image])).trim();
    try {
      await must(["mount", device, folder]);
    } finally {
      // It goes with the mount.
      await must(["losetup", "--detach", device]);
    }
  } catch (error) {
    remove();
    throw error;
  }
  return {
    folder,
    [Symbol.asyncDispose]: async () => {
      await must(["umount", folder]);
      remove();
    },
  };
}
