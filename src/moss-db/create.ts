// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** New databases: made beside their place and moved in, so that a crash leaves a whole database or none. */
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoCode } from "#base/errors";
import { databaseFailure } from "#moss-db/failures";
import { syncDirectory } from "#sys/sync";

const UNFINISHED = /^new-(\d+)$/;

/** Makes an empty database in a folder, with the folder; `fill` makes the files of one in a folder of its own. */
export function createDatabase(directory: string, fill: (folder: string) => void): void {
  const folder = join(directory, `new-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    fill(folder);
    syncFile(join(folder, "data.mdb"));
    linkSync(join(folder, "data.mdb"), join(directory, "data.mdb"));
    syncDirectory(directory);
  } catch (error) {
    // Another process was faster, which is as good.
    if (errnoCode(error) !== "EEXIST") throw databaseFailure(error, "open", directory);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes what killed processes left of databases that they were making. */
export function sweepUnfinished(directory: string): void {
  for (const name of readdirSync(directory)) {
    const pid = UNFINISHED.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoCode(error) !== "ESRCH";
  }
}

function syncFile(path: string): void {
  const fd = openSync(path, "r+");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
