// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Journeys with the moss program: how it speaks to programs and to terminals. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "#sys/process";
import { ask, BUN, moss, must, PROGRAM, prepare, Workshop } from "./moss.ts";

setDefaultTimeout(60_000);
const shop = new Workshop();
afterAll(() => shop[Symbol.dispose]());

test("programs get JSON: one value of a query, one event a line of a change, and errors with their codes", async () => {
  const { root } = await prepare(shop);
  const { events } = await must(["install", "-D", root, "-y", "nano", "--json"]);
  expect(events.filter(({ type }) => type !== "progress" && type !== "phase").map(({ type }) => type)).toEqual([
    "plan",
    "done",
  ]);
  const plan = events.find(({ type }) => type === "plan");
  expect(plan).toMatchObject({ base: 0, download: 0, outgoing: [], heldBack: [] });
  expect(plan?.["incoming"]).toContainEqual(
    expect.objectContaining({ name: "libncurses6", kind: "install", explicit: false, collection: "protosnek" }),
  );
  const done = events.find(({ type }) => type === "done");
  expect(done).toMatchObject({
    state: 1,
    before: 0,
    made: true,
    packages: 3,
    files: { added: 5, removed: 0, changed: 0 },
  });
  expect((await must(["install", "-D", root, "-y", "nano", "--json"])).events.at(-1)).toMatchObject({
    type: "done",
    made: false,
  });
  const failed = await moss(["install", "-D", root, "-y", "nanno", "--json"]);
  expect(failed.events).toEqual([
    {
      type: "error",
      code: "package.unknown",
      message: 'Cannot find the package "nanno": no package has this name, and none gives binary(nanno)',
      hint: 'Did you mean "nano"?',
    },
  ]);
  for (const words of [
    ["li"],
    ["la"],
    ["lu"],
    ["lr"],
    ["info", "nano"],
    ["files", "nano"],
    ["owns", "/bin/nano"],
    ["search", "x"],
  ]) {
    expect(await ask<object>([...words, "-D", root])).toBeObject();
  }
  for (const words of [["list"], ["active"], ["show"], ["export"], ["diff", "1", "1"]]) {
    expect(await ask<object>(["state", ...words, "-D", root])).toBeObject();
  }
});

test("what is read only in part ends in silence, and colours are only for terminals", async () => {
  const { root } = await prepare(shop, ["nano"]);
  const head = await run(["sh", "-c", `"$0" "$1" files nano -D "$2" | head -n 1; echo "$?"`, BUN, PROGRAM, root]);
  expect([head.stdout, head.stderr]).toEqual(["/usr/bin/nano\n0\n", ""]);
  expect((await must(["li", "-D", root])).stdout).not.toContain("\u001b");
});

test("names and texts of packages cannot steer a terminal", async () => {
  const { root } = await prepare(
    shop,
    [],
    [
      { name: "bad", version: "1\u001b[31m", summary: "\u001b[2Jgone", files: { "share/red": "x" } },
      { name: "worse", depends: ["binary(\u001b[2J)"], files: {} },
    ],
  );
  await must(["install", "-D", root, "-y", "bad"]);
  for (const words of [["li"], ["la"], ["info", "bad", "-f"], ["files", "bad"], ["sf", "red"], ["search", "bad"]]) {
    expect((await must([...words, "-D", root])).stdout).not.toContain("\u001b");
  }
  for (const words of [["state", "list"], ["history"], ["state", "show"], ["remove", "bad", "--dry-run"]]) {
    expect((await must([...words, "-D", root])).stdout).not.toContain("\u001b");
  }
  const refused = await moss(["install", "-D", root, "-y", "worse"]);
  expect([refused.code, refused.stderr.includes("\u001b")]).toEqual([5, false]);
});

test("nor can the command line of a run that was cut off", async () => {
  const { pool } = await prepare(shop);
  const root = join(shop.folder, "root\u001b[2J");
  mkdirSync(root);
  await must(["remote", "add", "-D", root, "p", pool]);
  const killed = await moss(["install", "nano", "-y", "-D", root], { env: { MOSS_FAULT: "synced" } });
  expect(killed.code).toBe(137);
  const next = await must(["recover", "-D", root]);
  expect(next.stderr).toContain("install nano");
  expect(next.stdout + next.stderr).not.toContain("\u001b");
});
