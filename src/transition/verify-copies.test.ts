// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a check finds in trees whose files are copies, for the store is on another file system. */
import { afterAll, expect, test } from "bun:test";
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { install, problemsOf, TestRoots } from "#tests/crash/roots";
import { mountDisk, whyNoDisk } from "#tests/support/disks";
import { repairRoot } from "#transition/repair";
import { MossRoot } from "#transition/root";

const base = new TestRoots("copies");
afterAll(() => base.remove());
const missing = await whyNoDisk("tmpfs", base.base);

/** Path of the file below a folder that holds this text. */
function holding(folder: string, text: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return paths.find((path) => readFileSync(path, "utf8") === text) ?? "";
}

/** Makes files until one has this inode, which must be to come: the numbers of a tmpfs count up. */
function fileWithInode(path: string, inode: number, text: string): void {
  for (let tries = 0; tries < 20_000; tries++) {
    writeFileSync(path, text, { mode: 0o644 });
    const { ino } = lstatSync(path);
    if (ino === inode) return;
    rmSync(path);
    if (ino > inode) break;
  }
  throw new Error(`no file came to have the inode ${inode}`);
}

test.skipIf(missing !== undefined)(
  "a damaged copy is found, and repaired, though its inode has the number of the right file in the store",
  async () => {
    await using there = await mountDisk("tmpfs", 32, base.base);
    await using here = await mountDisk("tmpfs", 32, base.base);
    const directory = join(here.path, "root");
    mkdirSync(directory);
    for (let i = 0; i < 3000; i++) writeFileSync(join(there.path, `before-${i}`), "");
    using root = MossRoot.open(directory, { cache: there.path });
    await install(root, [base.stone("data", { "share/one": "text of one", "share/two": "text of two" })]);
    const { ino } = lstatSync(holding(root.store, "text of one"));
    fileWithInode(join(directory, "damaged"), ino, "text of onf");
    renameSync(join(directory, "damaged"), join(root.usr, "share/one"));
    expect(problemsOf(root).find((word) => word.includes("content"))).toContain("/usr/share/one");
    await repairRoot(root, { command: "verify" });
    expect(readFileSync(join(root.usr, "share/one"), "utf8")).toBe("text of one");
    expect(problemsOf(root)).toEqual([]);
  },
);
