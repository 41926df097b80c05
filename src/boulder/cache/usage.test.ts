// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Room on disk: links count once, and nothing that a build left stops the count or the removal. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { linkSync, lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Room } from "#boulder/cache/usage";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "usage-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("a file with two names counts once, and comes back with the last of them", () => {
  writeFileSync(join(folder, "a"), new Uint8Array(100_000));
  linkSync(join(folder, "a"), join(folder, "b"));
  const bytes = lstatSync(join(folder, "a")).blocks * 512;
  const one = new Room();
  one.add(join(folder, "a"));
  expect([one.bytes, one.freed]).toEqual([bytes, 0]);
  one.add(join(folder, "b"));
  expect([one.bytes, one.freed]).toEqual([bytes, bytes]);
});

test("folders nested deeper than a path can name are passed over, and can be removed", () => {
  const script = 'for i in {1..30}; do mkdir "$0"; cd "$0"; done';
  expect(spawnSync("bash", ["-c", script, "d".repeat(250)], { cwd: folder }).status).toBe(0);
  writeFileSync(join(folder, "file"), new Uint8Array(100_000));
  const room = new Room();
  room.add(folder);
  expect(room.bytes).toBeGreaterThan(100_000);
  rmSync(folder, { recursive: true, force: true });
  expect(readdirSync(join(folder, ".."))).not.toContain(folder.slice(folder.lastIndexOf("/") + 1));
});
