// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What can go wrong around a root: other writers, readers meanwhile, lost files, a torn database, clocks, planted links, shared stores. */
import { afterAll, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { compareText } from "#base/order";
import { readXattrs } from "#store/xattrs";
import { FileLock } from "#sys/lock";
import { run } from "#sys/process";
import type { Seen } from "#tests/crash/child.fixture";
import { install, MODEL, refusal, snapshot, TestRoots } from "#tests/crash/roots";
import { activate } from "#transition/activate";
import { apply } from "#transition/apply";
import { cacheLockPath, joinCache } from "#transition/cache";
import type { TransitionEvent } from "#transition/events";
import { describeProblem } from "#transition/problems";
import { removeStates } from "#transition/prune";
import { MossRoot } from "#transition/root";
import { STATES, TREES } from "#transition/schema";
import { verifyRoot } from "#transition/verify";

const base = new TestRoots("trouble");
afterAll(() => base.remove());
const asRoot = process.getuid?.() === 0;
const CHILD = join(import.meta.dir, "../../tests/crash/child.fixture.ts");
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

const tool = (version: string) =>
  base.stone("tool", { "bin/tool": `tool ${version}`, [`share/tool/v${version}`]: version }, version);
const extra = () => base.stone("extra", { "bin/extra": { body: "extra", mode: 0o755 }, "share/tool/extra": "x" });
const words = (root: MossRoot) => verifyRoot(root).problems.map(describeProblem);
const fullBuilds = (events: readonly TransitionEvent[]) =>
  events.flatMap((event) => (event.kind === "full-build" ? [event.reason] : []));

test("a writer that finds another fails at once and names it, or waits for it", async () => {
  const directory = base.directory();
  using root = MossRoot.open(directory);
  const [first, second] = [tool("1"), extra()];
  await install(root, [first]);
  const flag = join(base.base, "go");
  const holder = Bun.spawn([process.execPath, CHILD, "hold", directory, flag], { stdout: "pipe" });
  const reader = holder.stdout.getReader();
  await reader.read();
  const busy = await refusal(install(root, [first, second]));
  expect(busy.code).toBe("root.busy");
  expect(busy.message).toContain(`process ${holder.pid} (hold the root)`);
  expect(root.active()?.id).toBe(1);
  expect(root.packages(root.active()).map(({ name }) => name)).toEqual(["tool"]);
  // The waiting blocks this process, so another one lets the holder go.
  const opener = Bun.spawn(["sh", "-c", 'sleep 0.2; touch "$0"', flag]);
  const selections = [first, second].map(({ id }) => ({ id, explicit: true }));
  const stones = new Map([first, second].map(({ id, path }) => [id, path]));
  const request = { selections, stones, summary: "", command: "wait", systemModel: MODEL, wait: 60_000 };
  expect((await apply(root, request)).state.id).toBe(2);
  expect(await Promise.all([opener.exited, holder.exited])).toEqual([0, 0]);
});

test.skipIf(!asRoot)(
  "a reader without rights sees one whole state or the next, while a writer goes on",
  async () => {
    const directory = base.directory();
    const stones = [tool("1"), tool("2"), extra()] as const;
    const sets = [[stones[0]], [stones[1]], [stones[0], stones[2]], [stones[1], stones[2]]];
    {
      using root = MossRoot.open(directory);
      await install(root, [stones[0]]);
    }
    const progress = { done: false };
    const writer = (async () => {
      for (let i = 1; i < 12; i++) {
        const paths = (sets[i % sets.length] ?? []).map(({ path }) => path);
        const { code, stdout, stderr } = await run([process.execPath, CHILD, "set", directory, ...paths]);
        expect(`${stdout}${stderr}${code}`).toEndWith("0");
      }
      progress.done = true;
    })();
    const allowed = new Set(
      sets.map((set) =>
        set
          .map(({ path }) => /([a-z]+-\d)\.stone$/.exec(path)?.[1] ?? "")
          .toSorted(compareText)
          .join(),
      ),
    );
    let before = 0;
    let reads = 0;
    while (!progress.done) {
      const { stdout, code } = await run([...NOBODY, process.execPath, CHILD, "read", directory]);
      expect(code).toBe(0);
      const seen = JSON.parse(stdout) as Seen;
      expect(seen.active).toBeGreaterThanOrEqual(before);
      before = seen.active;
      for (const { builds } of seen.states) expect(allowed).toContain(builds.toSorted().join());
      reads += 1;
    }
    await writer;
    expect(reads).toBeGreaterThan(2);
  },
  60_000,
);

test("a reader without rights changes nothing, not even where there is nothing", async () => {
  const directory = base.directory();
  using root = MossRoot.open(directory, { readOnly: true });
  expect([root.active(), root.states(), root.pending(), root.exists]).toEqual([undefined, [], undefined, false]);
  expect(readdirSync(directory)).toEqual([]);
});

test("a state that needs a file which the store has lost is refused, and the live state stays", async () => {
  const directory = base.directory();
  using root = MossRoot.open(directory);
  await install(root, [tool("1"), extra()]);
  await install(root, [tool("2")]);
  await install(root, [tool("1")]);
  const before = snapshot(root.usr);
  for (const folder of readdirSync(root.store)) {
    for (const name of readdirSync(`${root.store}/${folder}`)) {
      const path = `${root.store}/${folder}/${name}`;
      if (readFileSync(path, "utf8") === "extra") unlinkSync(path);
    }
  }
  for (const place of readdirSync(root.trees)) writeFileSync(`${root.treePath(place)}/bin/foreign`, "x");
  const failure = await refusal(activate(root, 1, { command: "x" }));
  expect([failure.code, failure.hint ?? ""]).toEqual(["store.missing", expect.stringContaining("verify --repair")]);
  expect([root.active()?.id, root.pending()]).toEqual([3, undefined]);
  expect(snapshot(root.usr)).toEqual(before);
  await activate(root, 2, { command: "x" });
});

test("a state with files that were cut off is made live all the same, and says which they are", async () => {
  using root = MossRoot.open(base.directory());
  const samples = base.stone("deep", {
    "share/deep/er/cut": "a long text",
    "share/whole": "whole",
    "bin/tool": "tool 3",
  });
  await install(root, [tool("1")]);
  await install(root, [samples]);
  await install(root, [tool("2")]);
  for (const folder of readdirSync(root.store)) {
    for (const name of readdirSync(`${root.store}/${folder}`)) {
      const path = `${root.store}/${folder}/${name}`;
      if (["a long text", "tool 3"].includes(readFileSync(path, "utf8"))) truncateSync(path, 1);
    }
  }
  // From a spare tree, and then written in full.
  for (const spoil of [false, true]) {
    if (spoil) {
      await activate(root, 3, { command: "x" });
      for (const place of readdirSync(root.trees)) writeFileSync(`${root.treePath(place)}/bin/foreign`, "x");
    }
    const events: TransitionEvent[] = [];
    await activate(root, 2, { command: "x" }, (event) => events.push(event));
    const expected = [
      { path: "bin/tool", owners: ["deep"], found: 1, expected: 6 },
      { path: "share/deep/er/cut", owners: ["deep"], found: 1, expected: 11 },
    ];
    expect(events.flatMap((event) => (event.kind === "damaged" ? [event.files] : []))).toEqual([expected]);
    expect([root.active()?.id, fullBuilds(events).length > 0]).toEqual([2, spoil]);
  }
  const again: TransitionEvent[] = [];
  await activate(root, 1, { command: "x" }, (event) => again.push(event));
  expect(again.some(({ kind }) => kind === "damaged")).toBe(false);
});

test("a torn database is a coded failure and costs the tree nothing", async () => {
  const directory = base.directory();
  {
    using root = MossRoot.open(directory);
    await install(root, [tool("1")]);
  }
  const before = snapshot(`${directory}/usr`);
  const file = `${directory}/.moss/db/data.mdb`;
  const whole = readFileSync(file);
  const damages = [
    () => truncateSync(file, 4096 * 3),
    () => writeFileSync(file, Buffer.concat([Buffer.alloc(8192, 0xff), whole.subarray(8192)])),
    () => writeFileSync(file, "no database"),
  ];
  for (const damage of damages) {
    damage();
    for (const verb of ["read", "verify", "recover", "prune"]) {
      const { code, stdout, stderr } = await run([process.execPath, CHILD, verb, directory, "1"]);
      expect(`${verb} ${code} ${stdout}${stderr}`).toContain(`${verb} 3 {"code":"db.`);
    }
    expect(snapshot(`${directory}/usr`)).toEqual(before);
  }
  writeFileSync(file, whole);
  using root = MossRoot.open(directory);
  expect(words(root)).toEqual([]);
});

test("one of the two heads of the database torn: the other counts, and the root is whole", async () => {
  const directory = base.directory();
  {
    using root = MossRoot.open(directory);
    await install(root, [tool("1")]);
    await install(root, [tool("2")]);
  }
  const file = `${directory}/.moss/db/data.mdb`;
  const bytes = readFileSync(file);
  // The number of a meta page's transaction stands at byte 152 of it; that of the younger one is lost.
  const younger = bytes.readBigUInt64LE(24 + 128) > bytes.readBigUInt64LE(4096 + 24 + 128) ? 0 : 4096;
  const torn = Buffer.from(bytes);
  torn.writeBigUInt64LE(0n, younger + 24 + 128);
  writeFileSync(file, torn);
  expect((await run([process.execPath, CHILD, "recover", directory])).code).toBe(0);
  using root = MossRoot.open(directory);
  expect(root.active()?.id).toBe(2);
  await install(root, [tool("1"), extra()]);
  expect(words(root)).toEqual([]);
});

test("a clock that was set back makes the next tree a full build, and states keep their order", async () => {
  const directory = base.directory();
  using root = MossRoot.open(directory);
  await install(root, [tool("1")]);
  await install(root, [tool("2")]);
  // What a root remembers that was written with a clock a day ahead.
  const ahead = (text: string) => String(BigInt(text) + 86_400_000_000_000n);
  root.database.update((tx) => {
    const trees = [...tx.bucket(TREES).entries()];
    for (const [place, tree] of trees) {
      const windows = [...tree.windows, ...tree.windows.map(([a, b]) => [ahead(a), ahead(b)] as const)];
      tx.bucket(TREES).set(place, { ...tree, windows });
    }
    const states = [...tx.bucket(STATES).entries()];
    for (const [id, state] of states) {
      tx.bucket(STATES).set(id, { ...state, created: state.created + 86_400_000 });
    }
  });
  const events: TransitionEvent[] = [];
  await install(root, [extra()], {}, events);
  expect(fullBuilds(events)).toEqual(["the clock went backwards since it was written"]);
  expect(root.states().map(({ id }) => id)).toEqual([3, 2, 1]);
  const [newest, older] = root.states();
  expect(newest?.created ?? 0).toBeLessThan(older?.created ?? 0);
  expect(root.active()?.id).toBe(3);
  expect(words(root)).toEqual([]);
  await activate(root, 1, { command: "x" });
  expect(words(root)).toEqual([]);
});

test("a symlink that somebody planted in a spare tree is never written through", async () => {
  const directory = base.directory();
  const outside = base.directory();
  using root = MossRoot.open(directory);
  await install(root, [tool("1"), extra()]);
  await install(root, [tool("1")]);
  for (const place of readdirSync(root.trees)) {
    const share = `${root.treePath(place)}/share`;
    rmSync(`${share}/tool`, { recursive: true });
    symlinkSync(outside, `${share}/tool`);
  }
  const events: TransitionEvent[] = [];
  await install(root, [tool("2"), extra()], {}, events);
  expect(readdirSync(outside)).toEqual([]);
  expect(fullBuilds(events)).toHaveLength(1);
  // The other tree with such a symlink is that of state 1.
  expect(words(root)).not.toEqual([]);
  await activate(root, 1, { command: "x" }, (event) => events.push(event));
  expect(fullBuilds(events)).toHaveLength(2);
  expect(readdirSync(outside)).toEqual([]);
  expect(words(root)).toEqual([]);
});

test("a symlink to itself that somebody planted above a directory to change is no obstacle", async () => {
  using root = MossRoot.open(base.directory());
  await install(root, [tool("1"), extra()]);
  await install(root, [tool("1")]);
  for (const place of readdirSync(root.trees)) {
    rmSync(`${root.treePath(place)}/share`, { recursive: true });
    symlinkSync("share", `${root.treePath(place)}/share`);
  }
  await install(root, [tool("2")]);
  expect(readFileSync(`${root.usr}/share/tool/v2`, "utf8")).toBe("2");
});

test("what is refused or changes nothing does not cost the spare tree", async () => {
  const directory = base.directory();
  using root = MossRoot.open(directory);
  const [one, other] = [tool("1"), extra()];
  await install(root, [one]);
  await install(root, [one, other]);
  const clash = base.stone("clash", { "bin/tool": "mine" });
  const events: TransitionEvent[] = [];
  expect((await refusal(install(root, [one, other, clash], {}, events))).code).toBe("tree.collision");
  expect((await install(root, [one, other], {}, events)).made).toBe(false);
  const gone = { ...base.stone("gone", { "bin/gone": "g" }), path: join(base.base, "nowhere.stone") };
  await refusal(install(root, [one, other, gone], {}, events));
  await install(root, [tool("2")], {}, events);
  expect(fullBuilds(events)).toEqual([]);
  expect(words(root)).toEqual([]);
});

test("roots that share a store keep what the others need, also while one is unpacking", async () => {
  const cache = base.directory();
  const [one, two] = [base.directory(), base.directory()];
  using a = MossRoot.open(one, { cache });
  using b = MossRoot.open(two, { cache });
  const [first, second, third] = [tool("1"), tool("2"), extra()];
  await install(a, [first]);
  await install(b, [first, third]);
  expect(lstatSync(`${one}/usr/bin/tool`).ino).toBe(lstatSync(`${two}/usr/bin/tool`).ino);
  await install(a, [second]);
  await install(a, [second, third]);
  // What only one root had goes; what the other still needs stays.
  const swept = await removeStates(a, [1, 2], { command: "prune" });
  expect(swept.unswept).toBeUndefined();
  expect([words(a), words(b)]).toEqual([[], []]);
  {
    using _busy = b.lock({ command: "unpacking" });
    await install(a, [first]);
    const held = await removeStates(a, [3], { command: "prune" });
    expect(held.unswept).toContain("another root is using the cache");
  }
  expect((await removeStates(a, [], { command: "prune" })).states).toEqual([]);
  expect([words(a), words(b)]).toEqual([[], []]);
  b[Symbol.dispose]();
  // A root that is not there to be asked keeps everything.
  renameSync(two, `${two}-away`);
  await install(a, [third]);
  const unasked = await removeStates(a, [4], { command: "prune" });
  expect(unasked.unswept).toContain(two);
});

test("a cache that another root sweeps is not waited for without end", async () => {
  const cache = base.directory();
  using root = MossRoot.open(base.directory(), { cache });
  await install(root, [tool("1")]);
  const sweeper = FileLock.tryAcquire(cacheLockPath(cache), "exclusive", "");
  expect(() => joinCache(root.directory, cache, 0, 0)).toThrow("another root is sweeping the cache");
  sweeper?.[Symbol.dispose]();
  using _one = joinCache(root.directory, cache, 0, 0);
  // As many as there are may work at once.
  await install(root, [tool("2")]);
});

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
  await install(root, [tool("1")]);
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
  expect(words(root)).toEqual([]);
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
    const found = words(root);
    expect(found.filter((line) => line.startsWith("store:"))).toHaveLength(1);
    expect(found.join()).toContain("attributes: no user.note");
  }
});
