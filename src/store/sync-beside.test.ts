// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A sync on another thread, or here where none waits: it fails alike, and gives the thread back. */
import { expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errnoCode } from "#base/errors";
import { SyncBeside } from "#store/sync-beside";
import { releaseThread, startThread, threadWaits } from "#store/thread";
import { run } from "#sys/process";

const GONE = `${import.meta.dir}/there-is-nothing-here`;

function sync(paths: readonly string[], start = false): string | undefined {
  try {
    using syncing = new SyncBeside();
    syncing.begin(paths, start);
    syncing.finish();
    syncing.finish();
    return undefined;
  } catch (error) {
    // Without the call it would be told as a bug.
    return error instanceof Error && "syscall" in error ? errnoCode(error) : "a bug";
  }
}

test("a sync says that it has failed, on whatever thread it ran", () => {
  // One that an earlier test of this process has left waiting.
  if (threadWaits()) startThread().terminate();
  expect(sync([import.meta.dir, "/proc"])).toBe(undefined);
  expect(sync([import.meta.dir, GONE])).toBe("ENOENT");
  expect(threadWaits()).toBe(false);

  releaseThread(startThread());
  expect(sync([import.meta.dir, "/proc"])).toBe(undefined);
  expect(threadWaits()).toBe(true);
  expect(sync([import.meta.dir, GONE])).toBe("ENOENT");
  // A sync that nobody waits for is over when it is let go of.
  {
    using left = new SyncBeside();
    left.begin([GONE]);
    expect(threadWaits()).toBe(false);
  }
  expect(threadWaits()).toBe(true);
  startThread().terminate();

  // A thread is started where that is worth it, and what comes after a failure does not hide it.
  expect(sync([GONE], true)).toBe("ENOENT");
  using several = new SyncBeside();
  several.begin([GONE], true);
  several.begin([import.meta.dir]);
  expect(() => several.finish()).toThrow("ENOENT");
  expect(several.busy).toBe(false);
});

test("while a sync is waited for this thread goes on with what else it has", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sync-beside-"));
  try {
    // A disk as slow as can be: to open the pipe waits for whoever opens its other end.
    const slow = join(folder, "slow");
    expect((await run(["mkfifo", slow])).code).toBe(0);
    using syncing = new SyncBeside();
    await syncing.settled();
    syncing.begin([slow, GONE], true);
    let other: number | undefined;
    setTimeout(() => {
      other = openSync(slow, "w");
    }, 20);
    await syncing.settled();
    expect(other).toBeDefined();
    expect(syncing.busy).toBe(false);
    expect(() => syncing.finish()).toThrow("ENOENT");
    closeSync(other ?? -1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
