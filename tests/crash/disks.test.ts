// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Roots on real file systems: everything survives, links run out, the disk fills up, or can only be read. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { readXattrs } from "#store/xattrs";
import { run } from "#sys/process";
import { install, problemsOf, refusal, snapshot, TestRoots } from "#tests/crash/roots";
import { type DiskKind, mountDisk, SMALLEST, whyNoDisk } from "#tests/support/disks";
import { activate } from "#transition/activate";
import { removeStates } from "#transition/prune";
import { MossRoot } from "#transition/root";

const base = new TestRoots("disks");
afterAll(() => base.remove());

const KINDS = ["ext4", "xfs", "btrfs"] as const;
const missing = new Map<DiskKind, string>();
for (const kind of [...KINDS, "tmpfs"] as const) {
  const why = await whyNoDisk(kind, base.base);
  if (why === undefined) continue;
  missing.set(kind, why);
  console.log(`tests on ${kind} are skipped: ${why}`);
}

/** ping's capabilities (cap_net_raw+ep) as the kernel stores them: version 2, effective. */
const CAPABILITY = Buffer.from("0100000200200000000000000000000000000000", "hex");

function packages() {
  const body = "#!/bin/sh\necho equal\n";
  return {
    odd: base.stone("odd", {
      "bin/plain": { body, mode: 0o755 },
      "bin/setuid": { body, mode: 0o4755 },
      "bin/setgid": { body, mode: 0o2755, uid: 5, gid: 6 },
      "bin/capable": { body, mode: 0o755, xattrs: new Map([["security.capability", CAPABILITY]]) },
      "bin/noted": { body, mode: 0o755, xattrs: new Map([["user.note", Buffer.from("n")]]) },
      "share/empty": "",
      "share/empty-too": "",
      [`share/${"ä".repeat(127)}x`]: "a name of 255 bytes",
      "share/dangling": { link: "../nowhere" },
      "share/trusted": { link: "empty", xattrs: new Map([["trusted.link", Buffer.from("t")]]) },
      "share/sticky": { directory: 0o3777, uid: 9, gid: 10 },
      "share/sticky/inside": "inside",
    }),
    other: base.stone("other", { "bin/plain-too": { body, mode: 0o755 }, "share/empty": "", "share/o": "o" }),
  };
}

describe.each([...KINDS])("%s", (kind) => {
  test.skipIf(missing.has(kind))(
    "modes, owners, attributes, names and links survive every way to a state",
    async () => {
      await using disk = await mountDisk(kind, SMALLEST[kind] + 56, base.base);
      const directory = join(disk.path, "root");
      mkdirSync(directory);
      using root = MossRoot.open(directory);
      const { odd, other } = packages();
      await install(root, [odd]);
      const first = snapshot(root.usr);
      await install(root, [odd, other]);
      await install(root, [other]);
      await activate(root, 1, { command: "x" });
      expect(snapshot(root.usr)).toEqual(first);
      const path = (name: string) => `${directory}/usr/${name}`;
      const mode = (name: string) => (lstatSync(path(name)).mode & 0o7777).toString(8);
      expect(["bin/plain", "bin/setuid", "bin/setgid", "share/sticky"].map(mode)).toEqual([
        "555",
        "4555",
        "2555",
        "3777",
      ]);
      expect([lstatSync(path("bin/setgid")).uid, lstatSync(path("share/sticky")).gid]).toEqual([5, 10]);
      expect(lstatSync(path("share/sticky/inside")).gid).toBe(0);
      expect(Buffer.from(readXattrs(path("bin/capable")).get("security.capability") ?? []).toString("hex")).toBe(
        CAPABILITY.toString("hex"),
      );
      expect(readXattrs(path("bin/plain")).size).toBe(0);
      expect(Buffer.from(readXattrs(path("bin/noted")).get("user.note") ?? []).toString()).toBe("n");
      expect(Buffer.from(readXattrs(path("share/trusted")).get("trusted.link") ?? []).toString()).toBe("t");
      const inode = (name: string) => lstatSync(path(name)).ino;
      expect(new Set(["plain", "setuid", "setgid", "capable", "noted"].map((name) => inode(`bin/${name}`))).size).toBe(
        5,
      );
      expect(inode("share/empty")).toBe(inode("share/empty-too"));
      expect(lstatSync(path("share/empty")).nlink).toBeGreaterThan(2);
      expect(problemsOf(root)).toEqual([]);
      await removeStates(root, [2, 3], { command: "x" });
      expect(problemsOf(root)).toEqual([]);
      expect(snapshot(root.usr)).toEqual(first);
    },
  );
});

test.skipIf(missing.has("ext4"))(
  "more names than an inode may have links on ext4 get further inodes of the same file",
  async () => {
    await using disk = await mountDisk("ext4", 96, base.base, ["-N", "20000"]);
    const directory = join(disk.path, "root");
    mkdirSync(directory);
    using root = MossRoot.open(directory);
    const names = Array.from({ length: 66_000 }, (_, i) => `share/many/${i % 100}/license-${i}`);
    const many = base.stone("many", Object.fromEntries(names.map((name) => [name, "the same text"])));
    const one = base.stone("one", { "share/one": "one" });
    // An inode of ext4 can have 65,000 names: the first is full before it has arrived in the store.
    await install(root, [many]);
    expect(problemsOf(root)).toEqual([]);
    await install(root, [many, one]);
    const folder = readdirSync(root.store).find((name) =>
      readdirSync(`${root.store}/${name}`).some((n) => n.includes("~1")),
    );
    expect(folder).toBeDefined();
    const inodes = new Set(names.map((name) => lstatSync(`${root.usr}/${name}`).ino));
    expect(inodes.size).toBeLessThanOrEqual(3);
    expect(problemsOf(root)).toEqual([]);
    await activate(root, 1, { command: "x" });
    expect(problemsOf(root)).toEqual([]);
    const { bytes } = await removeStates(root, [2], { command: "x" });
    expect(bytes).toBeGreaterThanOrEqual(0);
    expect(problemsOf(root)).toEqual([]);
  },
  120_000,
);

const CHILD = join(import.meta.dir, "child.fixture.ts");
const child = async (...args: string[]) => await run([process.execPath, CHILD, ...args], { timeout: 60_000 });

/** KiB that are left on a disk: from nothing at all to more than enough. */
const LEFT = [0, 24, 128, 144, 192, 512, 1024, 1536, 4096];

/** Fills a file system until so many bytes are left, and gives the file's path. */
function fill(path: string, left: number): string {
  const ballast = join(path, "ballast");
  const fd = openSync(ballast, "w");
  const block = Buffer.alloc(64 * 1024, 1);
  try {
    for (;;) {
      const { bavail, bsize } = statfsSync(path);
      const rest = bavail * bsize - left;
      if (rest < bsize) break;
      // The last blocks one by one, and synced: ext4 tells only then how many it really took.
      writeSync(fd, block.subarray(0, rest > 4 * block.length ? block.length : bsize));
      if (rest <= 4 * block.length) fsyncSync(fd);
    }
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes("ENOSPC")) throw error;
  } finally {
    closeSync(fd);
  }
  return ballast;
}

describe.each(["tmpfs", "ext4"] as const)("full disk: %s", (kind) => {
  test.skipIf(missing.has(kind))(
    "at whatever point the disk is full, the old state stays, and with room again all works",
    async () => {
      await using disk = await mountDisk(kind, 24, base.base);
      const small = base.stone("small", { "bin/small": { body: "small", mode: 0o755 } });
      const files = Object.fromEntries(
        Array.from({ length: 120 }, (_, i) => [`share/big/${i % 9}/${i}`, new Uint8Array(8000 + i).fill(i)] as const),
      );
      const big = base.stone("big", files);
      let succeeded = 0;
      const codes = new Set<string>();
      for (const first of [true, false]) {
        for (const kib of kind === "ext4" ? LEFT : LEFT.filter((_, i) => i % 3 === 0)) {
          const directory = join(disk.path, `root-${first}-${kib}`);
          mkdirSync(directory);
          if (!first) expect((await child("set", directory, small.path)).code).toBe(0);
          const before = existsSync(`${directory}/usr`) ? snapshot(`${directory}/usr`) : [];
          const ballast = fill(disk.path, kib * 1024);
          const result = await child("set", directory, small.path, big.path);
          const said = `${first} ${kib}: ${result.code} ${result.stdout}${result.stderr}`;
          expect([0, 3], said).toContain(result.code);
          if (result.code === 0) succeeded += 1;
          else {
            codes.add((JSON.parse(result.stdout) as { code: string }).code);
            const after = existsSync(`${directory}/usr`) ? snapshot(`${directory}/usr`) : [];
            expect(after, said).toEqual(before);
            const seen = await child("read", directory);
            expect(seen.code, `${said} ${seen.stdout}${seen.stderr}`).toBe(0);
            expect(JSON.parse(seen.stdout)).toMatchObject({ active: first ? 0 : 1 });
          }
          rmSync(ballast);
          const again = await child("set", directory, small.path, big.path);
          expect(again.code, `${said} ${again.stdout}${again.stderr}`).toBe(0);
          expect((await child("verify", directory)).stdout, said).toBe("[]\n");
          rmSync(directory, { recursive: true });
        }
      }
      expect(succeeded).toBeGreaterThan(0);
      expect([...codes]).toEqual(["disk.full"]);
    },
    240_000,
  );
});

test.skipIf(missing.has("ext4"))(
  "on a disk without any room left, removing states gives room back",
  async () => {
    await using disk = await mountDisk("ext4", 24, base.base);
    const directory = join(disk.path, "root");
    mkdirSync(directory);
    for (const version of ["1", "2", "3", "4"]) {
      const names = Array.from({ length: 600 }, (_, i) => [`share/many/${i % 20}/${i}`, `${version} ${i}`] as const);
      const { path } = base.stone("many", Object.fromEntries(names), version);
      expect((await child("set", directory, path)).code).toBe(0);
    }
    const ballast = fill(disk.path, 0);
    expect(statfsSync(disk.path).bavail).toBeLessThan(4);
    const pruned = await child("prune", directory, "1");
    expect(`${pruned.stdout}${pruned.stderr}`).toBe("[1,2,3]\n");
    expect(statfsSync(disk.path).bavail).toBeGreaterThan(1000);
    rmSync(ballast);
    expect((await child("verify", directory)).stdout).toBe("[]\n");
  },
  60_000,
);

test.skipIf(missing.has("ext4"))(
  "a tree that has no room to become the spare is given up, and its state removed",
  async () => {
    await using disk = await mountDisk("ext4", 24, base.base);
    const directory = join(disk.path, "root");
    mkdirSync(directory);
    const small = base.stone("small", { "bin/small": "small" });
    const folders = base.stone(
      "folders",
      Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`share/d${i}/f`, "f"])),
    );
    for (const stones of [[small], [small, folders]]) {
      expect((await child("set", directory, ...stones.map(({ path }) => path))).code).toBe(0);
    }
    // Room for the database, not for 300 folders.
    const ballast = fill(disk.path, 128 * 1024);
    const pruned = await child("prune", directory, "1");
    expect(`${pruned.stdout}${pruned.stderr}`).toBe("[1]\n");
    rmSync(ballast);
    expect((await child("verify", directory)).stdout).toBe("[]\n");
  },
);

test.skipIf(missing.has("ext4"))("a root that can only be read is read, and refused for changes", async () => {
  await using disk = await mountDisk("ext4", 24, base.base);
  const directory = join(disk.path, "root");
  mkdirSync(directory);
  const { odd, other } = packages();
  {
    using root = MossRoot.open(directory);
    await install(root, [odd]);
  }
  await disk.remount("ro");
  using reader = MossRoot.open(directory, { readOnly: true });
  expect(reader.active()?.id).toBe(1);
  expect(reader.packages(reader.active()).map(({ name }) => name)).toEqual(["odd"]);
  const failure = await refusal(
    (async () => {
      using root = MossRoot.open(directory);
      await install(root, [odd, other]);
    })(),
  );
  expect(failure).toBeInstanceOf(Failure);
  expect(failure.code).toBe("root.readonly");
});

test.skipIf(missing.has("tmpfs"))(
  "a store on another file system than its root: files are copied, and all else is the same",
  async () => {
    await using disk = await mountDisk("tmpfs", 32, base.base);
    const { odd, other } = packages();
    const directory = base.directory();
    using root = MossRoot.open(directory, { cache: disk.path });
    await install(root, [odd]);
    const first = snapshot(root.usr);
    await install(root, [odd, other]);
    expect(lstatSync(`${root.usr}/bin/plain`).dev).not.toBe(lstatSync(root.store).dev);
    expect(problemsOf(root)).toEqual([]);
    await activate(root, 1, { command: "x" });
    expect(snapshot(root.usr)).toEqual(first);
    expect(problemsOf(root)).toEqual([]);
  },
);
