// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a file is beside its bytes: its group where the folder gives another, its extended attributes. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, chownSync, lstatSync, statSync } from "node:fs";
import { readXattrs } from "#store/xattrs";
import { run } from "#sys/process";
import { install, problemsOf, refusal, sampleTool, TestRoots } from "#tests/crash/roots";
import { activate } from "#transition/activate";
import { MossRoot } from "#transition/root";

const base = new TestRoots("attributes");
afterAll(() => base.remove());
const asRoot = process.getuid?.() === 0;

test.skipIf(!asRoot)("a root in a folder with the set-gid bit has the groups that packages say", async () => {
  const directory = base.directory();
  chownSync(directory, 0, 77);
  chmodSync(directory, 0o2755);
  using root = MossRoot.open(directory);
  await install(root, [
    base.stone("groups", {
      "share/shared": { directory: 0o2775, gid: 5 },
      "share/shared/below/file": "f",
      "share/shared/below/link": { link: "file" },
      "bin/large": new Uint8Array(1_200_000),
    }),
  ]);
  await install(root, [sampleTool(base, "1")]);
  await activate(root, 1, { command: "x" });
  for (const path of [
    "",
    "/share",
    "/share/shared/below",
    "/share/shared/below/link",
    "/share/shared/below/file",
    "/bin/large",
  ]) {
    expect(`${path} ${lstatSync(`${root.usr}${path}`).gid}`).toBe(`${path} 0`);
  }
  expect(statSync(`${root.usr}/share/shared`).gid).toBe(5);
  expect(problemsOf(root)).toEqual([]);
});

test("files that differ only in attributes are different files, and lost attributes are found", async () => {
  const directory = base.directory();
  using root = MossRoot.open(directory);
  const note = (text: string) => new Map([["user.note", Buffer.from(text)]]);
  const noted = base.stone("noted", {
    "share/a": { body: "same", xattrs: note("a") },
    "share/b": { body: "same", xattrs: note("b") },
    "share/c": "same",
  });
  await install(root, [noted]);
  const inodes = ["a", "b", "c"].map((name) => lstatSync(`${root.usr}/share/${name}`).ino);
  expect(new Set(inodes).size).toBe(3);
  expect(Buffer.from(readXattrs(`${root.usr}/share/b`).get("user.note") ?? []).toString()).toBe("b");
  expect((await refusal(install(root, [noted, base.stone("clash", { "share/a": "same" })]))).code).toBe(
    "tree.collision",
  );
  if (Bun.which("setfattr") !== null && asRoot) {
    await run(["setfattr", "-x", "user.note", `${root.usr}/share/b`]);
    const found = problemsOf(root);
    expect(found.filter((line) => line.startsWith("store:"))).toHaveLength(1);
    expect(found.join()).toContain("attributes: no user.note");
  }
});
