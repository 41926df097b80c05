// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Journeys with the moss program: collections on a server, and stones that are not what was promised. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { makeStone } from "#tests/crash/stones";
import { ask, moss, must, prepare, SYSTEM, stone, Workshop } from "./moss.ts";

setDefaultTimeout(60_000);
const shop = new Workshop();
afterAll(() => shop[Symbol.dispose]());

test("a collection on a server: what is to be fetched is shown, and bytes that are not the promised ones are refused", async () => {
  const pool = shop.collection("served", SYSTEM);
  await must(["index", pool]);
  let broken: string | undefined;
  let gone = false;
  const asked: string[] = [];
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const name = basename(new URL(request.url).pathname);
      asked.push(name);
      const bytes =
        existsSync(join(pool, name)) && !request.url.includes("missing") ? readFileSync(join(pool, name)) : undefined;
      if (bytes === undefined || gone) return new Response("no", { status: 404 });
      if (name === broken) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      return new Response(bytes);
    },
  });
  const root = shop.root();
  await must(["remote", "add", "-D", root, "served", `${server.url.href}stone.index`]);
  const missing = await moss(["remote", "add", "-D", root, "missing", `${server.url.href}missing/stone.index`]);
  expect([missing.code, (await ask<unknown[]>(["lr", "-D", root])).length]).toEqual([6, 1]);
  const plan = await must(["install", "-D", root, "--dry-run", "nano"]);
  expect(plan.stdout).toMatch(/Download size: 1\.\d KiB\./);
  broken = "nano-7.2.stone";
  const refused = await moss(["install", "-D", root, "-y", "nano"]);
  expect(refused.code).toBe(6);
  expect(refused.stderr).toContain("its SHA-256 is");
  expect(existsSync(`${root}/usr`)).toBe(false);
  broken = undefined;
  asked.length = 0;
  await must(["install", "-D", root, "-y", "nano"]);
  // What came whole the first time is not fetched again.
  expect(asked).toEqual(["nano-7.2.stone"]);
  await must(["cache", "clean", "-D", root]);
  expect(
    readdirSync(`${root}/.moss/cache/downloads`, { recursive: true, encoding: "utf8" }).filter(
      (name) => name.length > 10,
    ),
  ).toEqual([]);
  // A server without an index keeps nobody from what is known: the upgrade says so and goes on.
  gone = true;
  const upgrade = await must(["upgrade", "-D", root, "-y"]);
  expect(upgrade.stderr).toContain("served could not be refreshed");
  expect(upgrade.stdout).toContain("up to date");
  expect((await moss(["repo", "update", "-D", root])).code).toBe(6);
});

test("a version cannot lead a fetched stone out of its folder", async () => {
  const { root, pool } = await prepare(shop, [], []);
  makeStone(pool, "sly", {}, "1", { version: "../../sly" });
  await must(["ur", "-D", root]);
  const folder = join(shop.folder, "deep/deeper");
  // What a fetch that was killed left goes with the next one.
  mkdirSync(join(folder, ".moss-fetch.4194304.part/x"), { recursive: true });
  await must(["fetch", "sly", "-D", root, "-o", folder]);
  expect(readdirSync(folder)).toEqual(["sly-.._.._sly-1-1-x86_64.stone"]);
});

test("a stone that another takes the place of while it is looked at is no way in", async () => {
  const { root, pool } = await prepare(shop);
  // The collection's folder has another stone by now than its index says.
  rmSync(join(pool, "nano-7.2.stone"));
  stone(pool, { name: "nano", version: "7.2", files: { "bin/nano": "evil" } });
  const refused = await moss(["install", "-D", root, "-y", "nano"]);
  expect(refused.code).toBe(6);
  expect(refused.stderr).toContain("moss collection update");
  expect(existsSync(`${root}/usr`)).toBe(false);
});

test("files of a package that is not installed are read from its stone, where that is on this machine", async () => {
  const { root, pool } = await prepare(shop);
  expect((await must(["files", "nano", "-D", root])).stdout).toBe("/usr/bin/nano\n/usr/share/nano/c.nanorc\n");
  const [value] = await ask<{ installed: boolean; files: object[] }[]>(["files", "debianutils", "-D", root]);
  expect(value).toMatchObject({ installed: false, files: [{ path: "/usr/bin/which", kind: "file", size: 5 }] });
  const given = await must(["files", "./nano-7.2.stone", "--digests"], { cwd: pool });
  expect(given.stdout).toMatch(/^\/usr\/bin\/nano {2}xxh128:[0-9a-f]{32}$/m);
  // Another stone lies where the index has seen one: its files are not the package's, which are in the collection's list.
  stone(pool, { name: "nano", version: "7.2", files: { "bin/other": "x" } });
  expect((await must(["files", "nano", "-D", root])).stdout).toBe("/usr/bin/nano\n/usr/share/nano/c.nanorc\n");
  expect((await moss(["files", "nanno", "-D", root])).stderr).toContain('Did you mean "nano"?');
});
