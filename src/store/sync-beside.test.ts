// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A sync on another thread, or here where none waits: it fails alike, and gives the thread back. */
import { expect, test } from "bun:test";
import { errnoCode } from "#base/errors";
import { SyncBeside } from "#store/sync-beside";
import { releaseThread, startThread, threadWaits } from "#store/thread";

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
