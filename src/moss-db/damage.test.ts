// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A database file that was cut or torn is a coded failure, never a crash: each damaged file is read by a process of its
 * own, whose end says how it went.
 */
import { afterAll, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeRound } from "#moss-db/child.fixture";
import { checkPages } from "#moss-db/file-check";
import { databaseUri, openDatabase } from "#moss-db/index";
import { run } from "#sys/process";

const base = mkdtempSync(join(tmpdir(), "moss-db-damage-"));
afterAll(() => rmSync(base, { recursive: true }));

const PAGE = 4096;
const whole = join(base, "whole");
{
  using db = openDatabase(databaseUri(whole));
  for (let n = 1; n <= 30; n++) writeRound(db, n);
}
const file = readFileSync(join(whole, "data.mdb"));

let counter = 0;

/** What a process makes of a copy of the file that `damage` was done to: its output, and its exit code. */
async function read(damage: (path: string) => void, argument = ""): Promise<string> {
  const folder = join(base, String(++counter));
  mkdirSync(folder);
  const path = join(folder, "data.mdb");
  copyFileSync(join(whole, "data.mdb"), path);
  damage(path);
  const result = await run([process.execPath, join(import.meta.dir, "child.fixture.ts"), "read", folder, argument]);
  rmSync(folder, { recursive: true });
  return `${result.stdout.trim()} ${result.code}${result.stderr}`;
}

function overwrite(path: string, at: number, bytes: Uint8Array): void {
  const copy = Buffer.from(file);
  copy.set(bytes.subarray(0, copy.length - at), at);
  writeFileSync(path, copy);
}

test("the undamaged file is read, checked or not", async () => {
  expect(await read(() => undefined)).toMatch(/^30 30 \d+ 0$/);
  expect(await read(() => undefined, "check")).toMatch(/^30 30 \d+ 0$/);
});

test("a truncated file is db.corrupt, wherever it was cut", async () => {
  const sizes = [0, 1, 100, PAGE - 1, PAGE, PAGE + 20, 2 * PAGE - 1, 2 * PAGE, 2 * PAGE + 1, 3 * PAGE];
  for (const part of [0.25, 0.5, 0.75, 0.9]) sizes.push(Math.floor(file.length * part));
  for (const size of sizes) {
    expect(`${size}: ${await read((path) => truncateSync(path, size))}`).toBe(`${size}: db.corrupt 3`);
  }
}, 60_000);

test("a file cut anywhere is either whole or db.corrupt to the check, and then reads without a crash", async () => {
  const path = join(base, "cut");
  mkdirSync(path);
  let refused = 0;
  for (let pages = 2; pages * PAGE <= file.length; pages += 3) {
    writeFileSync(join(path, "data.mdb"), file.subarray(0, pages * PAGE));
    try {
      checkPages(path);
      expect(await read((copy) => truncateSync(copy, pages * PAGE))).toMatch(/^30 30 \d+ 0$/);
    } catch (error) {
      expect(error).toHaveProperty("code", "db.corrupt");
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(20);
}, 60_000);

test("torn meta pages: another file's, none, or one of the two", async () => {
  expect(await read((path) => overwrite(path, 0, Buffer.alloc(PAGE)))).toBe("db.corrupt 3");
  expect(await read((path) => overwrite(path, PAGE, Buffer.alloc(PAGE)))).toBe("db.corrupt 3");
  expect(await read((path) => writeFileSync(path, "SQLite format 3\0".repeat(1000)))).toBe("db.corrupt 3");
  const otherVersion = Buffer.from(file.subarray(24, 32));
  otherVersion.writeUInt32LE(1, 4);
  expect(await read((path) => overwrite(path, 24, otherVersion))).toBe("db.corrupt 3");
});

test("torn pages are found by the check, before LMDB can trip over them", async () => {
  const garbage = Buffer.from(Uint32Array.from({ length: 1024 }, (_, i) => Math.imul(i, 2_654_435_761)).buffer);
  let refused = 0;
  for (let page = 2; page < file.length / PAGE; page += 7) {
    for (const half of [0, PAGE / 2]) {
      // The half of a page that a power cut left unwritten: zeros, or what was there before.
      for (const content of [Buffer.alloc(PAGE / 2), garbage.subarray(0, PAGE / 2)]) {
        const folder = join(base, "torn");
        mkdirSync(folder, { recursive: true });
        overwrite(join(folder, "data.mdb"), page * PAGE + half, content);
        try {
          checkPages(folder);
        } catch (error) {
          expect(error).toHaveProperty("code", "db.corrupt");
          refused += 1;
        }
      }
    }
  }
  expect(refused).toBeGreaterThan(10);
  const firstRefused = await read(
    (path) => overwrite(path, Math.floor(file.length / PAGE / 2) * PAGE, garbage),
    "check",
  );
  expect(firstRefused).toMatch(/^(db\.corrupt 3|30 30 \d+ 0)$/);
});

test("a small file is checked at every opening: a reader of a torn one ends in db.corrupt or reads it whole", async () => {
  const noise = Buffer.from(Uint32Array.from({ length: 1024 }, (_, i) => Math.imul(i, 2_654_435_761)).buffer);
  const seen = new Set<string>();
  for (let page = 2; page < file.length / PAGE; page += 23) {
    const result = await read((path) => overwrite(path, page * PAGE, noise));
    expect(result).toMatch(/^(db\.corrupt 3|30 30 \d+ 0)$/);
    seen.add(result.slice(0, 2));
  }
  expect([...seen].sort()).toEqual(["30", "db"]);
}, 60_000);

test("the roots of the trees zeroed are db.corrupt without the check too", async () => {
  const newest = file.readBigUInt64LE(PAGE + 152) > file.readBigUInt64LE(152) ? PAGE : 0;
  const root = Number(file.readBigUInt64LE(newest + 24 + 112));
  expect(await read((path) => overwrite(path, root * PAGE, Buffer.alloc(PAGE)))).toBe("db.corrupt 3");
});
