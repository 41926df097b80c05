// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Locks tell who holds them: nothing is left of a longer text that stood there before. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileLock, lockOwner } from "#sys/lock";

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
