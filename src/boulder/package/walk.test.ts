// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The walk over an install folder: what is recorded, and what is refused. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Failure } from "#base/errors";
import { refuseOutside, walkInstall } from "#boulder/package/walk";
import { c, cString, ptr } from "#sys/libc";
import { put } from "#tests/support/sample-build";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "walk-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("files of every kind are recorded in byte order; plain folders only where they are empty", () => {
  put(folder, "usr/b/file", "four", 0o4711);
  linkSync(join(folder, "usr/b/file"), join(folder, "usr/b/hard"));
  symlinkSync("/usr/nowhere", join(folder, "usr/b/link"));
  mkdirSync(join(folder, "usr/B"));
  mkdirSync(join(folder, "usr/c"), { mode: 0o700 });
  put(folder, "usr/c/\ufffd", "a name that is UTF-8, however odd");
  spawnSync("mkfifo", ["-m", "600", join(folder, "usr/fifo")]);
  const files = walkInstall(folder, { owner: () => ({ uid: 7, gid: 8 }) });
  expect(files.map(({ path, kind, mode, size, target }) => [path, kind, mode, size, target])).toEqual([
    ["/usr/B", "directory", 0o755, 0, ""],
    ["/usr/b/file", "regular", 0o4711, 4, ""],
    ["/usr/b/hard", "regular", 0o4711, 4, ""],
    ["/usr/b/link", "symlink", 0o777, 0, "/usr/nowhere"],
    ["/usr/c", "directory", 0o700, 0, ""],
    ["/usr/c/\ufffd", "regular", 0o644, 33, ""],
    ["/usr/fifo", "fifo", 0o600, 0, ""],
  ]);
  expect(files.every((file) => file.uid === 7 && file.gid === 8)).toBe(true);
  expect(files[1]?.identity).toBe(files[2]?.identity ?? "");
});

const value = new Uint8Array([1, 0, 2]);

function setNote(path: string): boolean {
  const [file, name] = [cString(path), cString("user.note")];
  return c.lsetxattr(ptr(file), ptr(name), ptr(value), value.byteLength, 0) === 0;
}

function attributesWork(): boolean {
  const probe = join(mkdtempSync(join(tmpdir(), "walk-probe-")), "file");
  writeFileSync(probe, "");
  const works = setNote(probe);
  rmSync(dirname(probe), { recursive: true });
  return works;
}

test.skipIf(!attributesWork())("extended attributes are recorded", () => {
  expect(setNote(put(folder, "usr/a", "x"))).toBe(true);
  expect(walkInstall(folder)[0]?.xattrs).toEqual(new Map([["user.note", value]]));
});

test("a name that is not UTF-8 is refused", () => {
  mkdirSync(join(folder, "usr"));
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/usr/bad-`), Buffer.from([0xff])]), "x");
  expect(() => walkInstall(folder)).toThrow(/its name is not UTF-8/);
});

test("what lies outside /usr is refused by name, the first twenty at least", () => {
  for (let i = 0; i < 25; i++) put(folder, `etc/f${i + 10}`, "x");
  put(folder, "usr/fine", "x");
  try {
    refuseOutside(walkInstall(folder));
    throw new Error("it did not fail");
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.code).toBe("package.path");
    expect(error.message).toMatch(/\/etc\/f10, .*\/etc\/f29 and 5 more$/);
  }
});

test("names with control characters and paths too long to open are refused, shown safely", () => {
  put(folder, "usr/bin/a\u001b[2Jb", "");
  expect(() => walkInstall(folder)).toThrow('Cannot package "/usr/bin/a\\u001b[2Jb": its name has a control character');
  rmSync(join(folder, "usr"), { recursive: true });
  const made = spawnSync(
    "bash",
    ["-c", 'mkdir usr; cd usr; for i in {1..20}; do mkdir "$0"; cd "$0"; done', "d".repeat(250)],
    {
      cwd: folder,
    },
  );
  expect(made.status).toBe(0);
  expect(() => walkInstall(folder)).toThrow(/^Cannot package "\/usr\/d{55}\.\.\.": \d+ bytes of path, expected less/);
});

test("files in a folder that is only a link in a system are refused with that said", () => {
  put(folder, "lib/systemd/system/x.service", "");
  try {
    refuseOutside(walkInstall(folder));
    throw new Error("it did not fail");
  } catch (error) {
    expect(error instanceof Failure ? error.hint : error).toMatch(/^\/bin, \/lib, .* are only links into \/usr/);
  }
});

test("/usr itself has to be a folder", () => {
  symlinkSync("/etc", join(folder, "usr"));
  expect(() => refuseOutside(walkInstall(folder))).toThrow(/outside \/usr: \/usr$/);
  rmSync(join(folder, "usr"));
  mkdirSync(join(folder, "usr"), { mode: 0o700 });
  refuseOutside(walkInstall(folder));
});
