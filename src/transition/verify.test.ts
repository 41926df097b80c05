// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a check finds in roots that were damaged in every way, and what a repair makes of them. */
import { afterAll, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { install, snapshot, TestRoots } from "#tests/crash/roots";
import type { MadeStone } from "#tests/crash/stones";
import { activate } from "#transition/activate";
import { describeProblem, describeProblems } from "#transition/problems";
import { type RepairReport, repairRoot } from "#transition/repair";
import { MossRoot } from "#transition/root";
import { FILES, NODES, PACKAGES } from "#transition/schema";
import { examineRoot, type VerifyReport, verifyRoot } from "#transition/verify";

const base = new TestRoots("verify");
afterAll(() => base.remove());
const root0 = process.getuid?.() === 0;

const COMMAND = { command: "moss state verify" };

interface Made {
  readonly root: MossRoot;
  readonly usr: string;
  readonly stones: readonly MadeStone[];
  readonly tree: readonly string[];
}

/** A root whose second state is live: three trees lie on its disk. */
async function make(): Promise<Made> {
  const root = MossRoot.open(base.directory());
  const body = { body: "tool 1", mode: 0o4755, xattrs: new Map([["user.note", Buffer.from("kept")]]) };
  const stones = [
    base.stone("tool", { "bin/tool": body, "share/tool/link": { link: "../x" }, "share/tool/deep/a": "a" }),
    base.stone("data", { "share/data/b": "b", "share/data/empty": "", "lib/d": { directory: 0o2755 } }),
  ] as const;
  await install(root, [stones[0]]);
  await install(root, stones);
  return { root, usr: root.usr, stones, tree: snapshot(root.usr) };
}

function asset(root: MossRoot, content: string): string {
  for (const folder of readdirSync(root.store)) {
    for (const name of readdirSync(`${root.store}/${folder}`)) {
      const path = `${root.store}/${folder}/${name}`;
      if (readFileSync(path, "utf8") === content) return path;
    }
  }
  throw new Error(`the store has no "${content}"`);
}

/** Changes bytes in place, through whatever name: every link to the inode sees it. */
function spoil(path: string, text: string): void {
  chmodSync(path, 0o644);
  writeFileSync(path, text);
  chmodSync(path, 0o444);
}

const words = (report: Pick<VerifyReport, "problems">) => report.problems.map(describeProblem).sort();

async function repair(made: Made, fetched: string[] = []): Promise<RepairReport> {
  const stones = new Map(made.stones.map(({ id, path }) => [id, path]));
  const fetch = (ids: readonly string[]) => {
    fetched.push(...ids.map((id) => made.stones.find((stone) => stone.id === id)?.name ?? id));
    return Promise.resolve(stones);
  };
  return await repairRoot(made.root, { ...COMMAND, fetch });
}

/** After a repair: nothing is found, the tree is the old one, and every state can be made live. */
async function expectWhole(made: Made): Promise<void> {
  expect(words(verifyRoot(made.root))).toEqual([]);
  expect(snapshot(made.usr)).toEqual([...made.tree]);
  await activate(made.root, 1, { command: "x" });
  await activate(made.root, 2, { command: "x" });
  expect(snapshot(made.usr)).toEqual([...made.tree]);
  expect(words(verifyRoot(made.root))).toEqual([]);
  made.root[Symbol.dispose]();
}

test("a whole root has no problems, and every inode is counted once", async () => {
  const made = await make();
  const report = verifyRoot(made.root);
  expect(words(report)).toEqual([]);
  expect([report.assets, report.trees, report.unneeded]).toEqual([5, 3, 0]);
  expect(report.entries).toBeGreaterThan(30);
  await expectWhole(made);
});

test("whatever somebody does to the live tree is found and undone, without fetching", async () => {
  const made = await make();
  const { usr } = made;
  unlinkSync(`${usr}/share/data/b`);
  writeFileSync(`${usr}/bin/foreign`, "x");
  unlinkSync(`${usr}/share/tool/link`);
  symlinkSync("/etc/passwd", `${usr}/share/tool/link`);
  chmodSync(`${usr}/lib/d`, 0o777);
  rmSync(`${usr}/share/tool/deep`, { recursive: true });
  writeFileSync(`${usr}/share/tool/deep`, "a file now");
  unlinkSync(`${usr}/share/data/empty`);
  writeFileSync(`${usr}/share/data/empty`, "no more", { mode: 0o444 });
  writeFileSync(`${usr}/.stateID`, "99");
  if (root0) chownSync(`${usr}/share/data`, 7, 8);
  const fetched: string[] = [];
  const { before, after } = await repair(made, fetched);
  expect(words(before)).toEqual(
    [
      "/usr/.stateID: content: another text, expected moss's own",
      "/usr/bin/foreign: extra",
      "/usr/lib/d: mode: 0777, expected 2755 (data)",
      ...(root0 ? ["/usr/share/data: owner: 7:8, expected 0:0"] : []),
      "/usr/share/data/b: missing (data)",
      "/usr/share/data/empty: content: 7 bytes, expected 0 bytes (data)",
      "/usr/share/tool/deep: type: a file, expected a directory",
      "/usr/share/tool/link: target: /etc/passwd, expected ../x (tool)",
    ].sort(),
  );
  expect([words(after), fetched]).toEqual([[], []]);
  await expectWhole(made);
});

test("a corrupted file of the store is found in store and trees, and had anew from its package", async () => {
  const made = await make();
  spoil(asset(made.root, "b"), "B");
  const before = verifyRoot(made.root);
  expect(before.problems.filter(({ where }) => where === "store")).toHaveLength(1);
  expect(before.problems.filter(({ where }) => where === "tree").length).toBeGreaterThanOrEqual(1);
  const quick = verifyRoot(made.root, { quick: true });
  expect(quick.problems).toEqual([]);
  const fetched: string[] = [];
  const { after } = await repair(made, fetched);
  expect([words(after), fetched]).toEqual([[], ["data"]]);
  await expectWhole(made);
});

test("damage of one file is one line for people, wherever the file stands", async () => {
  const made = await make();
  spoil(asset(made.root, "b"), "B");
  chmodSync(asset(made.root, "a"), 0o777);
  unlinkSync(`${made.usr}/bin/tool`);
  const { problems } = verifyRoot(made.root);
  expect(problems.length).toBeGreaterThan(5);
  expect(describeProblems(problems).sort()).toEqual([
    "/usr/bin/tool: missing (tool)",
    expect.stringMatching(/^\/usr\/share\/data\/b: content: SHA-256 df7e70e50215\.\.\., .*, in the store and 2 trees$/),
    expect.stringMatching(
      /^\/usr\/share\/tool\/deep\/a: mode: 0777, expected 0444 \(tool\), in the store and 3 trees$/,
    ),
  ]);
  made.root[Symbol.dispose]();
});

test("a repair reads no file again that was found right, unless somebody has written to it meanwhile", async () => {
  const made = await make();
  using _lock = made.root.lock({ command: "x" });
  unlinkSync(`${made.usr}/bin/tool`);
  const evidence = await examineRoot(made.root, COMMAND);
  expect(evidence.report.problems).toHaveLength(1);
  spoil(asset(made.root, "a"), "A");
  // What leaves no trace in the file's times shows that it is not read again.
  const traceless = asset(made.root, "b");
  spoil(traceless, "B");
  utimesSync(traceless, 1, 1);
  const { after } = await repairRoot(made.root, { ...COMMAND, evidence });
  expect(after.problems.filter(({ where }) => where === "store")).toMatchObject([
    { difference: "content", packages: ["tool"] },
  ]);
  expect(verifyRoot(made.root).problems.filter(({ where }) => where === "store")).toHaveLength(2);
  made.root[Symbol.dispose]();
});

test("a deleted file of the store comes back from a tree that still has it, without fetching", async () => {
  const made = await make();
  unlinkSync(asset(made.root, "tool 1"));
  rmSync(dirname(asset(made.root, "a")), { recursive: true });
  const fetched: string[] = [];
  const { before, after } = await repair(made, fetched);
  expect(before.problems.map(({ where }) => where)).toEqual(["store", "store"]);
  expect(describeProblems(before.problems)).toEqual(["store: 2 files missing (tool)"]);
  expect([words(after), fetched]).toEqual([[], []]);
  expect(lstatSync(asset(made.root, "tool 1")).ino).toBe(lstatSync(`${made.usr}/bin/tool`).ino);
  await expectWhole(made);
});

test("a file that is nowhere any more is fetched, and a package that is not the one is not taken", async () => {
  const made = await make();
  rmSync(made.root.store, { recursive: true });
  mkdirSync(made.root.store, { mode: 0o700 });
  rmSync(made.root.trees, { recursive: true });
  mkdirSync(made.root.trees, { mode: 0o700 });
  for (const path of ["bin/tool", "share/data/b"]) unlinkSync(`${made.usr}/${path}`);
  const wrong = await repairRoot(made.root, {
    ...COMMAND,
    fetch: (ids) => Promise.resolve(new Map(ids.map((id) => [id, made.stones.find((s) => s.id !== id)?.path ?? ""]))),
  });
  expect(wrong.fetched).toEqual([]);
  expect(wrong.after.problems.length).toBeGreaterThan(0);
  const fetched: string[] = [];
  const { after } = await repair(made, fetched);
  expect([words(after), fetched.sort()]).toEqual([[], ["data", "tool"]]);
  await expectWhole(made);
});

test("wrong modes and owners of files are set right in place", async () => {
  const made = await make();
  const path = asset(made.root, "tool 1");
  chmodSync(path, 0o777);
  if (root0) chownSync(asset(made.root, "b"), 5, 5);
  const { before, after } = await repair(made);
  expect(before.problems.some(({ where }) => where === "store")).toBe(true);
  expect(words(after)).toEqual([]);
  expect(lstatSync(path).mode & 0o7777).toBe(0o4555);
  await expectWhole(made);
});

test("lost rows of packages and nodes of trees come back from the packages", async () => {
  const made = await make();
  made.root.database.update((tx) => {
    const [id] = [...tx.bucket(PACKAGES).keys()];
    if (id === undefined) throw new Error("no package");
    tx.bucket(PACKAGES).delete(id);
    tx.bucket(FILES).delete(id);
    const keys = [...tx.bucket(NODES).keys()];
    keys.forEach((key, i) => {
      if (i % 2 === 0) tx.bucket(NODES).delete(key);
      else tx.bucket(NODES).set(key, tx.bucket(NODES).get(keys[0] ?? "") ?? Buffer.of(1, 2, 3));
    });
  });
  const { before, after } = await repair(made);
  expect(before.problems.some((p) => p.where === "database" && p.what === "node")).toBe(true);
  expect(before.problems.some((p) => p.where === "database" && p.what === "package")).toBe(true);
  expect(words(after)).toEqual([]);
  await expectWhole(made);
});

test("a damaged tree that is not live, and a lost link of the root, are made again", async () => {
  const made = await make();
  for (const place of readdirSync(made.root.trees)) {
    const path = `${made.root.treePath(place)}/bin/tool`;
    unlinkSync(path);
    writeFileSync(path, "evil", { mode: 0o755 });
  }
  unlinkSync(`${made.root.directory}/bin`);
  const { before, after } = await repair(made);
  expect(words(before).filter((line) => line.startsWith("/bin"))).toEqual(["/bin: missing"]);
  expect(before.problems.filter(({ where }) => where === "tree").length).toBeGreaterThanOrEqual(2);
  expect(words(after)).toEqual([]);
  expect(existsSync(`${made.root.directory}/bin/tool`)).toBe(true);
  await expectWhole(made);
});

test.skipIf(!root0)(
  "set-id bits of things that others own are no difference, whoever looks; those of one's own are",
  () => {
    // Whoever cannot give a file away records the mode, and leaves the bits that would be somebody else's rights.
    const script = `const { checkOwnerAndMode } = await import("#store/check");
const wanted = { mode: 0o2755, uid: 0, gid: 42 };
const of = (mode, uid, gid) => checkOwnerAndMode({ mode, uid, gid }, wanted).map(({ difference }) => difference).join();
process.stdout.write(JSON.stringify([of(0o2755, 0, 42), of(0o2755, 65533, 65533), of(0o755, 65534, 65534), of(0o2755, 65534, 65534), of(0o755, 0, 42)]));`;
    const words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", process.execPath, "-e", script];
    const { stdout } = Bun.spawnSync(words, { cwd: `${import.meta.dir}/../..`, env: {} });
    expect(stdout.toString()).toBe('["","","","mode","mode"]');
  },
);
