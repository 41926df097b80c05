// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a commit promises of the disk: it is synced, and where the disk is full it has not happened. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { bulk, counters } from "#moss-db/child.fixture";
import { databaseUri, openDatabase } from "#moss-db/index";
import { run } from "#sys/process";
import { mountDisk, SMALLEST, whyNoDisk } from "#tests/support/disks";

const base = mkdtempSync(join(tmpdir(), "moss-db-disk-"));
chmodSync(base, 0o755);
async function mountTmpfs(name: string, size: string): Promise<string | undefined> {
  const folder = join(base, name);
  mkdirSync(folder);
  const mounted = await run(["mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]);
  return mounted.code === 0 ? folder : undefined;
}

const small = process.getuid?.() === 0 ? await mountTmpfs("small", "2m") : undefined;
const frozen = process.getuid?.() === 0 ? await mountTmpfs("frozen", "2m") : undefined;
afterAll(async () => {
  for (const folder of [small, frozen]) if (folder !== undefined) await run(["umount", folder]);
  rmSync(base, { recursive: true, force: true });
});

test.skipIf(small === undefined)(
  "an update that the disk has no room for is disk.full and undone; smaller ones go on",
  () => {
    using db = openDatabase(databaseUri(small ?? ""));
    db.update((tx) => tx.bucket(counters).set("first", 1));
    let failure: unknown;
    try {
      db.update((tx) => {
        for (let i = 0; i < 2000; i++) tx.bucket(bulk).set(Buffer.from(`key-${i}`), Buffer.alloc(3000, 7));
        tx.bucket(counters).set("first", 2);
      });
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toHaveProperty("code", "disk.full");
    expect(db.view((tx) => [tx.bucket(counters).get("first"), tx.bucket(bulk).count()])).toEqual([1, 0]);
    db.update((tx) => tx.bucket(counters).set("first", 3));
    expect(db.view((tx) => tx.bucket(counters).get("first"))).toBe(3);
    db.check();
  },
);

test.skipIf(frozen === undefined)("a database on a read-only file system is read, and not written", async () => {
  const folder = frozen ?? "";
  {
    using db = openDatabase(databaseUri(folder));
    db.update((tx) => tx.bucket(counters).set("first", 7));
  }
  expect((await run(["mount", "-o", "remount,ro", folder])).code).toBe(0);
  const child = (verb: string) => [process.execPath, join(import.meta.dir, "child.fixture.ts"), verb, folder, "1"];
  const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  expect((await run(child("read"))).stdout).toBe("7 0 0\n");
  expect((await run([...nobody, ...child("read")])).stdout).toBe("7 0 0\n");
  expect((await run(child("add"))).stdout).toBe("db.open\n");
});

test.skipIf(Bun.which("strace") === null)(
  "a commit syncs its pages before its meta page is written through",
  async () => {
    const folder = join(base, "synced");
    openDatabase(databaseUri(folder)).close();
    const log = join(base, "strace.log");
    const command = [process.execPath, join(import.meta.dir, "child.fixture.ts"), "add", folder, "3"];
    const traced = await run([
      "strace",
      "-f",
      "-y",
      "-e",
      "trace=fdatasync,fsync,pwrite64,pwritev",
      "-o",
      log,
      ...command,
    ]);
    expect(traced.code).toBe(0);
    const calls = (await Bun.file(log).text()).split("\n").filter((line) => line.includes(`${folder}/data.mdb`));
    const syncs = calls.flatMap((line, i) => (/f(data)?sync\(/.test(line) ? [i] : []));
    expect(syncs.length).toBeGreaterThanOrEqual(3);
    // Behind each sync of pages comes the small write of the meta page, through a descriptor that syncs by itself.
    for (const at of syncs.slice(-3)) expect(calls[at + 1] ?? "").toMatch(/pwrite64\(.* (0|4096|\d{2,4})\)/);
  },
);

/** Linux before 6.17 refuses room for what is written in place through memory on a full btrfs, whatever the file. */
const [major = 0, minor = 0] = release().split(".").map(Number);
const noBtrfs = major > 6 || (major === 6 && minor >= 17) ? await whyNoDisk("btrfs", base) : "the kernel is too old";

test.skipIf(noBtrfs !== undefined)(
  "on a full disk that copies what is written over, reading and failing go on",
  async () => {
    await using disk = await mountDisk("btrfs", SMALLEST.btrfs, base);
    const folder = join(disk.path, "db");
    mkdirSync(folder);
    {
      using db = openDatabase(databaseUri(folder));
      db.update((tx) => tx.bucket(counters).set("first", 7));
    }
    // What is written is only given its blocks, and refused them, when it is synced.
    for (const size of ["64k", "4k", "512"]) {
      await run(["dd", "if=/dev/zero", `of=${disk.path}/ballast-${size}`, `bs=${size}`]);
      await run(["sync", "-f", disk.path]);
    }
    const child = (verb: string) => [process.execPath, join(import.meta.dir, "child.fixture.ts"), verb, folder, "1"];
    expect((await run(child("read"))).stdout).toBe("7 0 0\n");
    expect(["disk.full\n", "db.open\n", ""]).toContain((await run(child("add"))).stdout);
    expect((await run(child("read"))).code).toBe(0);
  },
);
