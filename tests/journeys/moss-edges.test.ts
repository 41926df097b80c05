// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Journeys with the moss program to the edges: output that nobody takes, roots without rights, places that are not to be written to. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { run } from "#sys/process";
import { BUN, installed, moss, must, PROGRAM, prepare, Workshop } from "./moss.ts";

setDefaultTimeout(60_000);
const shop = new Workshop();
afterAll(() => shop[Symbol.dispose]());
const isRoot = process.getuid?.() === 0;

test("a change goes on to its end when nobody reads what it says any more; a full disk behind stdout is told", async () => {
  const { root } = await prepare(shop);
  const shell = async (words: string) =>
    await run(["bash", "-c", words, BUN, PROGRAM, root], { cwd: "/", env: { PATH: process.env["PATH"] ?? "" } });
  await shell('exec 3>&1; { "$0" "$1" install -D "$2" -y nano -v; echo $? >&3; } 2>&1 | true');
  expect((await installed(root)).join()).toContain("nano");
  const full = await shell('"$0" "$1" remove -D "$2" -y nano >/dev/full');
  expect(full.code).toBe(1);
  expect(full.stderr).toContain("no space left");
  expect(full.stderr).not.toContain("bug");
  expect((await installed(root)).join()).not.toContain("nano");
  // The error as JSON goes where nothing goes: stderr tells it all the same.
  const json = await shell('"$0" "$1" list available -D "$2" --json >/dev/full');
  expect([json.code, json.stderr.split("\n").length]).toEqual([1, 3]);
  expect(json.stderr).toStartWith("Error: Cannot go on: ENOSPC");
});

test.if(isRoot)("a root that may not be looked into is no empty one, and what the system says is no bug", async () => {
  const { root } = await prepare(shop);
  chmodSync(root, 0o700);
  const prefix = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
  const shut = await moss(["list", "installed", "-D", root, "--json"], { prefix });
  expect(shut.events[0]).toMatchObject({ type: "error", code: "root.invalid" });
  expect(shut.stderr).toContain("no right to look into it");
  const below = await moss(["state", "list", "-D", `${root}/x`, "--json"], { prefix });
  expect(below.events[0]).toMatchObject({ type: "error", code: "root.invalid" });
});

test("trees are not written into the root they are made from, nor into its store", async () => {
  const { root } = await prepare(shop);
  await must(["install", "-D", root, "-y", "nano"]);
  for (const place of [".moss/x", "usr/x/y", "usr"]) {
    const { events } = await moss([
      "install",
      "-D",
      root,
      "-y",
      "nano",
      "--to",
      `${root}/${place}`,
      "--force",
      "--json",
    ]);
    expect(events[0]).toMatchObject({ type: "error", code: "root.dangerous" });
  }
  expect((await must(["verify", "-D", root])).stdout).toContain("no difference found");
});

test("failures of several words are told once each, and without an empty hint", async () => {
  const { root } = await prepare(shop);
  const { code, stderr } = await moss(["remove", "-D", root, "qqq", "qqq"]);
  expect(code).toBe(5);
  expect(stderr).toBe('Error: Cannot remove "qqq": no installed package has this name, and none gives it\n');
  const bare = shop.root();
  expect((await moss(["install", "-D", bare, "nano"])).stderr).toContain("moss collection add");
});

test("a terminal that does not know its width gets whole lines", async () => {
  const { root } = await prepare(shop);
  await must(["install", "-D", root, "-y", "nano"]);
  const words = `'${BUN}' '${PROGRAM}' list installed -D '${root}'`;
  const { stdout } = await run(["script", "-qec", `stty cols 0 rows 0; ${words}`, "/dev/null"], {
    cwd: "/",
    env: { PATH: process.env["PATH"] ?? "", NO_COLOR: "1" },
  });
  expect(stdout).toContain("nano");
});

test.if(isRoot)("a root on a disk that can only be read is verified as it is, and changes are refused", async () => {
  const { root } = await prepare(shop);
  await must(["install", "-D", root, "-y", "nano"]);
  const readOnly = async (words: string) =>
    await run(
      [
        ..."unshare -m bash -c".split(" "),
        'mount --bind "$2" "$2"; mount -o remount,ro,bind "$2"; exec "$0" "$1" -D "$2" $3',
        BUN,
        PROGRAM,
        root,
        words,
      ],
      { cwd: "/", env: { PATH: process.env["PATH"] ?? "" } },
    );
  const sound = await readOnly("verify");
  expect(sound.stderr).toBe("");
  expect(sound.stdout).toContain("no difference found");
  expect((await readOnly("remove nano -y")).stderr).toContain("can only be read");
  expect((await readOnly("verify --repair")).stderr).toContain("can only be read");
  writeFileSync(`${root}/usr/stray`, "");
  const found = await readOnly("verify --quick --json");
  expect(found.code).toBe(1);
  expect(found.stdout).toContain('"verify.found"');
});

test("a root of a shared store that is gone keeps the store from being swept until it is forgotten", async () => {
  const { root, pool } = await prepare(shop);
  const cache = `${shop.root()}/cache`;
  const [first, second] = [shop.root(), shop.root()];
  mkdirSync(cache);
  for (const each of [first, second]) {
    await must(["collection", "add", "-D", each, "--cache", cache, "protosnek", pool]);
    await must(["install", "-D", each, "-y", "nano"]);
  }
  const clean = async (forget: string) => await moss(["cache", "clean", "-D", second, "--json", "--forget", forget]);
  expect((await clean(first)).events[0]).toMatchObject({ type: "error", code: "root.dangerous" });
  expect((await clean(root)).events[0]).toMatchObject({ type: "error", code: "root.invalid" });
  rmSync(first, { recursive: true });
  expect((await must(["cache", "clean", "-D", second])).stderr).toContain(`--forget ${first}`);
  const forgotten = await must(["cache", "clean", "-D", second, "--forget", first]);
  expect([forgotten.stderr, forgotten.stdout]).toEqual(["", expect.stringContaining(`Forgot the root ${first}.`)]);
  expect((await must(["cache", "clean", "-D", second])).stderr).toBe("");
  expect((await must(["verify", "-D", second])).stdout).toContain("no difference found");
});
