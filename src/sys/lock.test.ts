// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Locks tell who holds them: nothing is left of a longer text that stood there before. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileLock, lockOwner, waitForLock, waitForLockSync } from "#sys/lock";

test("a lock names its holder, whoever held it before", () => {
  const folder = mkdtempSync(join(tmpdir(), "lock-"));
  const path = join(folder, "lock");
  try {
    expect(lockOwner(path)).toBe("");
    for (const owner of ["7", "a long command line, längst vorbei", "8", ""]) {
      using lock = FileLock.tryAcquire(path, "exclusive", owner);
      expect(lock?.isAt(path)).toBe(true);
      expect(lockOwner(path)).toBe(owner);
      expect(FileLock.tryAcquire(path, "exclusive", "another")).toBeUndefined();
      expect(lockOwner(path)).toBe(owner);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("who waits for a lock has it when its holder ends, or nothing when patience does", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lock-"));
  const path = join(folder, "lock");
  const take = () => FileLock.tryAcquire(path, "exclusive", "waiter");
  try {
    const holder = FileLock.tryAcquire(path, "exclusive", "holder");
    let looks = 0;
    const count = () => {
      looks += 1;
      return take();
    };
    expect(waitForLockSync(count, { atMost: 0 })).toBeUndefined();
    expect(looks).toBe(1);
    expect(waitForLockSync(count, { atMost: 50 })).toBeUndefined();
    expect(looks).toBeGreaterThan(2);
    expect(await waitForLock(take, { atMost: 50 })).toBeUndefined();
    const told: string[] = [];
    const waiting = waitForLock(take, {
      onWait: () => {
        told.push(lockOwner(path));
        holder?.[Symbol.dispose]();
      },
    });
    using lock = await waiting;
    expect([told, lock?.isAt(path), lockOwner(path)]).toEqual([["holder"], true, "waiter"]);
    expect(waitForLockSync(take, { atMost: 0 })).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
