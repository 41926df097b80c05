// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Journeys with the moss program: several of them at once. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FileLock } from "#sys/lock";
import { installed, moss, must, prepare, SYSTEM, Workshop } from "./moss.ts";

setDefaultTimeout(60_000);
const shop = new Workshop();
afterAll(() => shop[Symbol.dispose]());

test("two writers: the second fails at once and names the first, or waits; readers never wait", async () => {
  const { root } = await prepare(shop, ["libc6"]);
  await must(["install", "-D", root, "-y", "nano"]);
  const owner = JSON.stringify({ pid: 4242, command: "moss upgrade" });
  const lock = FileLock.tryAcquire(`${root}/.moss/lock`, "exclusive", owner);
  if (lock === undefined) throw new Error("the lock is not free");
  for (const words of [
    ["install", "which"],
    ["remove", "nano"],
    ["upgrade"],
    ["state", "rollback"],
    ["verify", "--repair"],
    ["cache", "clean"],
  ]) {
    const refused = await moss([...words, "-D", root, "-y"]);
    expect([refused.code, refused.stdout]).toEqual([9, ""]);
    expect(refused.stderr).toContain("process 4242 (moss upgrade)");
    expect(refused.stderr).toContain("--wait");
  }
  expect(await installed(root)).toContain("nano 7.2");
  expect((await must(["verify", "-D", root])).stdout).toContain("no difference found");
  expect((await moss(["install", "-D", root, "-y", "which", "--wait=1"])).code).toBe(9);
  const waiting = moss(["install", "-D", root, "-y", "which", "--wait"]);
  await Bun.sleep(1000);
  expect(existsSync(`${root}/usr/bin/which`)).toBe(false);
  lock[Symbol.dispose]();
  expect((await waiting).code).toBe(0);
  expect(existsSync(`${root}/usr/bin/which`)).toBe(true);
});

test("verify says that a command was cut off, and which, and finds no difference in what it left", async () => {
  const { root } = await prepare(shop, ["libc6"]);
  const cut = await moss(["install", "-D", root, "-y", "nano"], { env: { MOSS_FAULT: "before-exchange" } });
  expect(cut.code).toBe(137);
  const { stdout } = await must(["verify", "-D", root]);
  expect(stdout).toContain("no difference found");
  expect(stdout).toContain(`State 2 is being made live (moss install -D ${root} -y nano)`);
  const { events } = await must(["verify", "-D", root, "--json"]);
  const pending = { kind: "apply", state: 2, command: `moss install -D ${root} -y nano` };
  expect(events.find(({ type }) => type === "verified")).toMatchObject({
    state: 1,
    problems: [],
    beside: { live: 1, pending, changed: [], unsettled: 0 },
  });
  await must(["recover", "-D", root]);
  expect((await must(["verify", "-D", root])).lines).toHaveLength(1);
});

test("two that install at once both succeed where one waits: the second is planned again on what the first has made", async () => {
  const { root } = await prepare(shop, ["libc6"]);
  const results = await Promise.all(
    ["nano", "which", "dash"].map(async (word) => await moss(["install", "-D", root, "-y", word, "--wait"])),
  );
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect((await installed(root)).length).toBe(SYSTEM.length);
  expect((await must(["verify", "-D", root])).stdout).toContain("no difference found");
});

test("downloads of a shared cache stay while another root is at work: it may be about to unpack them", async () => {
  const { root } = await prepare(shop);
  const cache = join(shop.folder, "cache");
  const shelf = join(cache, "downloads/ab");
  mkdirSync(shelf, { recursive: true });
  await must(["install", "-D", root, "--cache", cache, "-y", "libc6"]);
  const names = ["whole", "cut.part", "other.77-1.part"];
  for (const name of names) writeFileSync(join(shelf, name), name);
  const other = FileLock.acquireShared(join(cache, "lock"));
  const kept = await must(["cache", "clean", "-D", root]);
  expect(kept.stderr).toContain("The downloads stay: another root is using the cache");
  expect(names.filter((name) => existsSync(join(shelf, name)))).toEqual(names);
  other[Symbol.dispose]();
  expect((await must(["cache", "clean", "-D", root])).stdout).toContain("3 downloads");
  expect(names.filter((name) => existsSync(join(shelf, name)))).toEqual([]);
});
