// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Several processes at one database: waiting, not waiting, being killed, having no rights. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bulk, counters, writeRound } from "#moss-db/child.fixture";
import { databaseUri, openDatabase } from "#moss-db/index";
import { run } from "#sys/process";

const base = mkdtempSync(join(tmpdir(), "moss-db-processes-"));
chmodSync(base, 0o755);
afterAll(() => rmSync(base, { recursive: true }));

/** Where LMDB's lock file has the number of the transaction that those who begin are given. */
const PUBLISHED_AT = 8;

/** Bytes of it before those of its readers, and of each of these. */
const LOCK_HEAD = 208;
const READER_BYTES = 64;

let counter = 0;
const freshFolder = () => join(base, String(++counter));
const command = (verb: string, folder: string, argument = "") => [
  process.execPath,
  join(import.meta.dir, "child.fixture.ts"),
  verb,
  folder,
  argument,
];
const child = (verb: string, folder: string, argument = "") =>
  Bun.spawn(command(verb, folder, argument), { stdout: "pipe", stderr: "inherit" });

async function untilSaid(process: ReturnType<typeof child>, word: string): Promise<void> {
  const reader = process.stdout.getReader();
  const decoder = new TextDecoder();
  let said = "";
  while (!said.includes(word)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`ended before it said ${word}: ${said}`);
    said += decoder.decode(value);
  }
  reader.releaseLock();
}

test("a reader, even one that opens the database now, does not wait for a running update; a writer does", async () => {
  const folder = freshFolder();
  using db = openDatabase(databaseUri(folder));
  db.update((tx) => tx.bucket(counters).set("first", 0));
  const end = join(base, "end");
  const holder = child("hold", folder, end);
  await untilSaid(holder, "holding");
  const { stdout } = await run(command("read", folder));
  expect(stdout).toBe("0 0 0\n");
  expect(db.view((tx) => tx.bucket(counters).get("first"))).toBe(0);
  // The update can only go on when the other process has seen the file and committed.
  const ender = Bun.spawn(["sh", "-c", `sleep 0.3; : > ${end}`]);
  expect(db.update((tx) => tx.bucket(counters).get("last"))).toBe(1);
  expect(existsSync(end)).toBe(true);
  await Promise.all([holder.exited, ender.exited]);
}, 30_000);

test("processes that open and close all the time do not take the locks from each other", async () => {
  const folder = freshFolder();
  openDatabase(databaseUri(folder)).close();
  const all = [child("rewrite", folder, "1000"), child("reopen", folder, "1000"), child("reopen", folder, "1000")];
  const said = await Promise.all(all.map(({ stdout }) => new Response(stdout).text()));
  expect(said).toEqual(["done\n", "done\n", "done\n"]);
}, 60_000);

test("a commit that another's opening takes back in the lock file is neither overlooked nor written over", async () => {
  const folder = freshFolder();
  using db = openDatabase(databaseUri(folder));
  const lock = join(folder, "lock.mdb");
  const number = () => readFileSync(lock).readBigUInt64LE(PUBLISHED_AT);
  const last = () => db.view((tx) => tx.bucket(counters).get("last"));
  for (let n = 1; n <= 3; n++) db.update((tx) => tx.bucket(counters).set("last", n));
  // As LMDB does when it opens while another process commits; by another process, since closing the file ends our locks.
  const takeBack = async (by: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(number() - by);
    const dd = ["dd", `of=${lock}`, "bs=1", `seek=${PUBLISHED_AT}`, "conv=notrunc", "status=none"];
    expect(await Bun.spawn(dd, { stdin: bytes }).exited).toBe(0);
  };
  const published = number();
  for (const by of [1n, 2n]) {
    await takeBack(by);
    expect(last()).toBe(3);
    expect(number()).toBe(published);
  }
  for (const by of [1n, 2n, 1n]) {
    await takeBack(by);
    db.update((tx) => {
      const places = tx.bucket(counters);
      places.set("last", (places.get("last") ?? 0) + 1);
    });
  }
  expect(last()).toBe(6);
  db.check();
});

test("three processes that add at the same time lose nothing, and each sees the file grow beyond its map", async () => {
  const folder = freshFolder();
  openDatabase(databaseUri(folder)).close();
  const all = await Promise.all([1, 2, 3].map(() => run(command("add", folder, "150"))));
  expect(all.map((r) => r.code)).toEqual([0, 0, 0]);
  using db = openDatabase(databaseUri(folder));
  db.view((tx) => {
    expect(tx.bucket(counters).get("sum")).toBe(450);
    expect(tx.bucket(bulk).count()).toBe(450);
  });
  db.check();
}, 60_000);

test("processes that make the same database at once all get it", async () => {
  const folder = freshFolder();
  const all = await Promise.all([1, 2, 3].map(() => run(command("add", folder, "5"))));
  expect(all.map((r) => r.stderr + r.code)).toEqual(["0", "0", "0"]);
  using db = openDatabase(databaseUri(folder));
  expect(db.view((tx) => tx.bucket(counters).get("sum"))).toBe(15);
  expect(readdirSync(folder).sort()).toEqual(["data.mdb", "lock.mdb"]);
}, 60_000);

test("a thousand processes have room in the lock file", () => {
  const folder = freshFolder();
  openDatabase(databaseUri(folder)).close();
  const path = join(folder, "lock.mdb");
  const room = () => (statSync(path).size - LOCK_HEAD) / READER_BYTES;
  expect(room()).toBeGreaterThan(1000);
  // Also where it was lost.
  rmSync(path);
  using db = openDatabase(databaseUri(folder));
  db.update((tx) => tx.bucket(counters).set("sum", 1));
  expect(room()).toBeGreaterThan(1000);
});

test("what a process killed while it made a database left is swept", () => {
  const folder = freshFolder();
  const ended = Bun.spawnSync(["true"]).pid;
  mkdirSync(join(folder, `new-${ended}`), { recursive: true });
  mkdirSync(join(folder, `new-${process.ppid}`));
  using db = openDatabase(databaseUri(folder));
  db.update((tx) => tx.bucket(counters).set("sum", 1));
  expect(readdirSync(folder).sort()).toEqual(["data.mdb", "lock.mdb", `new-${process.ppid}`]);
});

test("a writer killed at any time leaves the last committed state, whole", async () => {
  const folder = freshFolder();
  let known = 0;
  for (let round = 0; round < 12; round++) {
    const writer = child("write", folder);
    await Bun.sleep(60 + round * 17);
    writer.kill("SIGKILL");
    const lines = (await new Response(writer.stdout).text()).trim();
    // A writer that had no time to say anything has committed one round at most.
    const said = lines === "" ? known : Number(lines.split("\n").at(-1));
    await writer.exited;
    if (!existsSync(join(folder, "data.mdb"))) continue;
    using db = openDatabase(databaseUri(folder), { check: true });
    const [first, last] = db.view((tx) => [tx.bucket(counters).get("first"), tx.bucket(counters).get("last")]);
    expect(first).toBe(last);
    expect(last ?? 0).toBeGreaterThanOrEqual(said);
    expect(last ?? 0).toBeLessThanOrEqual(said + 1);
    known = last ?? 0;
    db.update((tx) => tx.bucket(counters).set("probe", round));
  }
}, 60_000);

test("a reader beside a busy writer sees only whole states, in order", async () => {
  const folder = freshFolder();
  openDatabase(databaseUri(folder)).close();
  const writer = child("write", folder);
  await untilSaid(writer, "5");
  const watched = await run(command("watch", folder, "300"));
  writer.kill("SIGKILL");
  await writer.exited;
  expect(watched.stderr).toBe("");
  expect(Number(watched.stdout.slice(4))).toBeGreaterThan(5);
}, 60_000);

test("a view beside a busy writer sees the settled commit or a later one, and the newest or an earlier one", async () => {
  const folder = freshFolder();
  {
    using db = openDatabase(databaseUri(folder));
    writeRound(db, 1);
  }
  using db = openDatabase(databaseUri(folder), { readOnly: true });
  // Each round is one commit.
  const offset = db.newest - 1n;
  expect(db.settled - offset).toBe(1n);
  const writer = child("write", folder);
  await untilSaid(writer, "5");
  let same = 0;
  for (let i = 0; i < 3000; i++) {
    const settled = db.settled - offset;
    const seen = BigInt(db.view((tx) => tx.bucket(counters).get("last") ?? 0));
    const newest = db.newest - offset;
    expect(settled <= seen && seen <= newest).toBe(true);
    if (settled === newest) same += 1;
  }
  writer.kill("SIGKILL");
  await writer.exited;
  expect(same).toBeGreaterThan(0);
}, 60_000);

const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const canDropRights = process.getuid?.() === 0 && Bun.which("setpriv") !== null;

test.skipIf(!canDropRights)(
  "a user without rights reads, beside a busy writer too, and changes nothing",
  async () => {
    const folder = freshFolder();
    {
      using db = openDatabase(databaseUri(folder));
      for (let n = 1; n <= 20; n++) writeRound(db, n);
    }
    const before = readdirSync(folder).sort();
    const still = await run([...asNobody, ...command("read", folder)]);
    expect(still.stdout).toMatch(/^20 20 \d+\n$/);
    const writer = child("write", folder);
    await untilSaid(writer, "25");
    const busy = await run([...asNobody, ...command("watch", folder, "60")]);
    writer.kill("SIGKILL");
    await writer.exited;
    expect(busy.stderr).toBe("");
    expect(Number(busy.stdout.slice(4))).toBeGreaterThanOrEqual(25);
    expect(readdirSync(folder).sort()).toEqual(before);
    const writing = await run([...asNobody, ...command("add", folder, "1")]);
    expect([writing.code, writing.stdout]).toEqual([3, "db.open\n"]);
  },
  60_000,
);

test.skipIf(!canDropRights)("a database that a user may not read is a coded failure", async () => {
  const folder = freshFolder();
  openDatabase(databaseUri(folder)).close();
  chmodSync(join(folder, "data.mdb"), 0o600);
  const result = await run([...asNobody, ...command("read", folder)]);
  expect([result.code, result.stdout]).toEqual([3, "db.open\n"]);
});
