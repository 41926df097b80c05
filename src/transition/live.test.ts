// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Roots whose /usr does not say which state it is of: what the database holds to be live is known, and can be had again. */
import { afterAll, expect, test } from "bun:test";
import { copyFileSync, cpSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { install, problemsOf, snapshot, TestRoots } from "#tests/crash/roots";
import { repairRoot } from "#transition/repair";
import { MossRoot } from "#transition/root";
import { LIVE, TREES } from "#transition/schema";

const base = new TestRoots("live");
afterAll(() => base.remove());
const one = base.stone("one", { "lib/one": "1", "share/one": "one" });
const two = base.stone("two", { "lib/two": "2" });
const three = base.stone("three", { "lib/three": "3" });
const COMMAND = { command: "moss verify" };

const names = (root: MossRoot) => root.packages(root.active()).map(({ name }) => name);

/** A root whose second state is live, closed. */
async function make(): Promise<{ readonly directory: string; readonly tree: readonly string[] }> {
  const directory = base.directory();
  using root = MossRoot.open(directory);
  await install(root, [one]);
  await install(root, [one, two]);
  return { directory, tree: snapshot(root.usr) };
}

const WAYS: readonly (readonly [string, (directory: string) => string])[] = [
  [
    "/usr is gone",
    (directory) => {
      rmSync(`${directory}/usr`, { recursive: true });
      return directory;
    },
  ],
  [
    "/usr is another folder",
    (directory) => {
      renameSync(`${directory}/usr`, `${directory}/usr.old`);
      mkdirSync(`${directory}/usr`);
      writeFileSync(`${directory}/usr/other`, "x");
      return directory;
    },
  ],
  ...["", "none", "-1", "99999999999999999999", "77"].map(
    (text) =>
      [
        `a copy says that its state is "${text}"`,
        (directory: string) => {
          cpSync(directory, `${directory}.copy`, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
          rmSync(`${directory}.copy/usr/.stateID`);
          writeFileSync(`${directory}.copy/usr/.stateID`, text);
          return `${directory}.copy`;
        },
      ] as const,
  ),
];

test.each(WAYS)("where %s, the state is known, the damage found and put right", async (_, damage) => {
  const { directory, tree } = await make();
  using root = MossRoot.open(damage(directory));
  expect(root.active()?.id).toBe(2);
  expect(names(root)).toEqual(["one", "two"]);
  expect(problemsOf(root)).not.toEqual([]);
  await repairRoot(root, COMMAND);
  expect(problemsOf(root)).toEqual([]);
  expect(snapshot(root.usr)).toEqual([...tree]);
});

test("where /usr is gone, the next change starts from what was installed", async () => {
  const { directory } = await make();
  rmSync(`${directory}/usr`, { recursive: true });
  using root = MossRoot.open(directory);
  await install(root, [one, two, three]);
  expect(names(root)).toEqual(["one", "three", "two"]);
  expect(problemsOf(root)).toEqual([]);
});

test("an empty folder in the place of /usr, with the number that /usr had, is not taken for its tree", async () => {
  const { directory } = await make();
  rmSync(`${directory}/usr`, { recursive: true });
  mkdirSync(`${directory}/usr`);
  using root = MossRoot.open(directory);
  root.database.update((tx) => {
    const live = tx.bucket(TREES).get(LIVE);
    if (live === undefined) throw new Error("no tree is live");
    tx.bucket(TREES).set(LIVE, { ...live, inode: String(lstatSync(root.usr).ino) });
  });
  await install(root, [one, two, three]);
  expect(names(root)).toEqual(["one", "three", "two"]);
  expect(problemsOf(root)).toEqual([]);
});

test("with a database that is older than /usr, the state that it knows is found, and can be had again", async () => {
  const { directory, tree } = await make();
  const [database, kept] = [`${directory}/.moss/db/data.mdb`, `${directory}/kept.mdb`];
  copyFileSync(database, kept);
  {
    using root = MossRoot.open(directory);
    await install(root, [three]);
  }
  copyFileSync(kept, database);
  rmSync(`${directory}/.moss/db/lock.mdb`);
  using root = MossRoot.open(directory);
  expect(names(root)).toEqual(["one", "two"]);
  expect(problemsOf(root).length).toBeGreaterThan(0);
  await repairRoot(root, COMMAND);
  expect(problemsOf(root)).toEqual([]);
  expect(snapshot(root.usr)).toEqual([...tree]);
});
