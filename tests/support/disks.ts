// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Real file systems for tests: in files, through loop devices. Root only. */
import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "#sys/process";

export type DiskKind = "ext4" | "xfs" | "btrfs" | "tmpfs";

const MAKE: Readonly<Record<Exclude<DiskKind, "tmpfs">, readonly string[]>> = {
  ext4: ["mkfs.ext4", "-q", "-m", "0", "-F"],
  xfs: ["mkfs.xfs", "-q", "-f"],
  btrfs: ["mkfs.btrfs", "-q", "-f"],
};

/** A mounted file system; dispose it with `using`. */
export interface Disk extends AsyncDisposable {
  readonly kind: DiskKind;
  /** Where it is mounted. */
  readonly path: string;
  remount(options: string): Promise<void>;
  /**
   * As by a power cut: what the file system has not handed to its device by now is lost, and it is mounted again. Nothing
   * may have files open on it.
   */
  cutPower(): Promise<void>;
}

let counter = 0;

/** Makes and mounts a file system of some MiB below a folder. Throws an error that says what failed. */
export async function mountDisk(
  kind: DiskKind,
  mebibytes: number,
  folder: string,
  options: readonly string[] = [],
): Promise<Disk> {
  const number = counter++;
  const path = join(folder, `disk-${number}`);
  const image = `${path}.img`;
  mkdirSync(path);
  if (kind === "tmpfs") await must(["mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", path]);
  else {
    writeFileSync(image, "");
    truncateSync(image, mebibytes * 1024 * 1024);
    await must([...MAKE[kind], ...options, image]);
    await must(["mount", "-o", "loop", image, path]);
  }
  return {
    kind,
    path,
    remount: async (how) => await must(["mount", "-o", `remount,${how}`, path]),
    cutPower: async () => {
      if (kind === "tmpfs") throw new Error("a tmpfs does not outlive its power");
      // btrfs cannot be told to stop where it is, but what its device holds at any time is whole.
      if (kind !== "btrfs") await must(["xfs_io", "-x", "-c", "shutdown", path]);
      // A file of its own makes it a device of its own: another mount namespace may hold on to the one that stopped.
      await must(["cp", "--sparse=always", image, `${image}.cut`]);
      await must(["umount", path]);
      await must(["mv", `${image}.cut`, image]);
      await must(["mount", "-o", kind === "xfs" ? "loop,nouuid" : "loop", image, path]);
    },
    [Symbol.asyncDispose]: async () => {
      // LMDB may keep a file that it read from a read-only file system open for as long as this process runs.
      if ((await run(["umount", path])).code !== 0) await must(["umount", "-l", path]);
      rmSync(image, { force: true });
    },
  };
}

/** Why such a file system cannot be had here, or undefined where it can. */
export async function whyNoDisk(kind: DiskKind, folder: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "only root can mount file systems";
  try {
    await using _disk = await mountDisk(kind, SMALLEST[kind], folder);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** MiB that each kind needs at least. */
export const SMALLEST: Readonly<Record<DiskKind, number>> = { ext4: 8, xfs: 320, btrfs: 128, tmpfs: 4 };

async function must(command: readonly string[]): Promise<void> {
  const { code, stderr, stdout } = await run(command);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${stderr}${stdout}`.trim());
}
