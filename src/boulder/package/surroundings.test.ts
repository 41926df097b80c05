// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What handlers see around a file: links of the build and of the root, followed within the root. */
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromUtf8 } from "#base/bytes";
import { surroundingsOf } from "#boulder/package/surroundings";
import { walkInstall } from "#boulder/package/walk";
import { put } from "#tests/support/sample-build";

test("links lead from the build into the root and back, and never out of the root", () => {
  const folder = mkdtempSync(join(tmpdir(), "surroundings-"));
  try {
    const install = join(folder, "install");
    const root = join(folder, "root");
    put(install, "usr/lib/app/liba.so.1", "mine");
    symlinkSync("../libreal.so.1", join(install, "usr/lib/app/libb.so.1"));
    symlinkSync("loop", join(install, "usr/lib/app/loop"));
    put(root, "usr/lib/libreal.so.1", "root's");
    symlinkSync("usr/lib", join(root, "lib"));
    symlinkSync("/usr/lib/app", join(root, "usr/lib/alias"));
    symlinkSync("/../../../etc", join(root, "usr/lib/out"));
    mkdirSync(join(root, "etc"));
    const around = surroundingsOf(walkInstall(install), { root, libraryFolders: [], machine: "x86_64" });
    expect(around.realPath?.("/usr/lib/app/libb.so.1")).toBe("/usr/lib/libreal.so.1");
    expect(around.realPath?.("/lib/alias/liba.so.1")).toBe("/usr/lib/app/liba.so.1");
    expect(around.realPath?.("/usr/lib/out")).toBe("/etc");
    expect(around.exists("/usr/lib/out/passwd")).toBe(false);
    expect(around.exists("/usr/lib/app/loop")).toBe(false);
    expect(around.exists("/usr/lib/app")).toBe(true);
    expect(fromUtf8(around.read("/lib/alias/liba.so.1", 100) ?? new Uint8Array())).toBe("mine");
    expect(around.read("/lib/alias/liba.so.1", 3)).toBeUndefined();
    expect(around.read("/usr/lib/libreal.so.1", 100)).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
