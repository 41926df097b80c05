// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** States made, activated and removed in real roots, from stones made by the writer. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { Failure } from "#base/errors";
import { install, MODEL, problemsOf, refusal, snapshot, TestRoots } from "#tests/crash/roots";
import { activate } from "#transition/activate";
import { apply } from "#transition/apply";
import { diffStates } from "#transition/diff-states";
import type { TransitionEvent } from "#transition/events";
import type { Hooks } from "#transition/hooks";
import { prunable, removeStates } from "#transition/prune";
import { MossRoot } from "#transition/root";

const base = new TestRoots("transition");
afterAll(() => base.remove());
const freshRoot = () => base.directory();
const stone = (...args: Parameters<TestRoots["stone"]>) => base.stone(...args);

const nano = () =>
  stone("nano", { "bin/nano": { body: "nano 1", mode: 0o755 }, "share/nano/a.rc": "a", "bin/edit": { link: "nano" } });
const nano2 = () => stone("nano", { "bin/nano": { body: "nano 2", mode: 0o755 }, "share/nano/b.rc": "b" }, "2");
const which = () => stone("which", { "bin/which": { body: "which", mode: 0o755 } });

test("a first install gives a root with its links, its state number and its generated files", async () => {
  const directory = freshRoot();
  using root = MossRoot.open(directory);
  const { state, before, made } = await install(root, [nano()]);
  expect([state.id, before, made]).toEqual([1, 0, true]);
  expect(readFileSync(`${directory}/bin/nano`, "utf8")).toBe("nano 1");
  expect(readlinkSync(`${directory}/usr/bin/edit`)).toBe("nano");
  expect(readFileSync(`${directory}/usr/.stateID`, "utf8")).toBe("1");
  expect(readFileSync(`${directory}/usr/lib/system-model.kdl`, "utf8")).toBe(MODEL);
  expect(readFileSync(`${directory}/usr/lib/os-release`, "utf8")).toContain("ID=linux");
  expect(["bin", "sbin", "lib", "lib32", "lib64"].map((name) => readlinkSync(`${directory}/${name}`))).toEqual([
    "usr/bin",
    "usr/sbin",
    "usr/lib",
    "usr/lib32",
    "usr/lib",
  ]);
  expect(lstatSync(`${directory}/usr/bin/nano`).mode & 0o7777).toBe(0o555);
  expect(lstatSync(`${directory}/usr/bin/nano`).mtimeMs).toBe(1000);
  expect(root.active()?.id).toBe(1);
  expect(root.owner("/usr/bin/nano")?.owners).toEqual(["nano"]);
  expect(root.owner("/bin/nano")?.owners).toEqual(["nano"]);
});

test("an upgrade, a removal and a rollback each give exactly the tree of the state, from a spare once there is one", async () => {
  const directory = freshRoot();
  using root = MossRoot.open(directory);
  const stones = [nano(), nano2(), which()] as const;
  const trees: string[][] = [];
  for (const list of [[stones[0]], [stones[1], stones[2]], [stones[1]], [stones[2], stones[0]], [stones[0]]]) {
    const events: TransitionEvent[] = [];
    await install(root, list, {}, events);
    trees.push(snapshot(`${directory}/usr`));
    const full = events.some(({ kind }) => kind === "full-build");
    // The first install leaves no spare, since most roots that are made are never changed; the first change does.
    expect(full).toBe(trees.length <= 2);
    expect(readdirSync(root.trees).length).toBe(trees.length === 1 ? 0 : 2);
  }
  expect(trees[4]).toEqual(trees[0] ?? []);
  for (const id of [1, 2, 5, 3, 4, 1]) {
    await activate(root, id, { command: "activate" });
    expect(root.active()?.id).toBe(id);
    expect(readFileSync(`${directory}/usr/.stateID`, "utf8")).toBe(String(id));
    expect(snapshot(`${directory}/usr`)).toEqual(trees[id - 1] ?? []);
  }
});

test("what others changed in a spare tree is seen, and the tree is built in full", async () => {
  const directory = freshRoot();
  using root = MossRoot.open(directory);
  const [a, b] = [nano(), which()];
  await install(root, [b]);
  await install(root, [a]);
  for (const place of readdirSync(root.trees)) writeFileSync(`${root.treePath(place)}/bin/foreign`, "x");
  const events: TransitionEvent[] = [];
  await install(root, [a, b], {}, events);
  const reasons = events.flatMap((event) => (event.kind === "full-build" ? [event.reason] : []));
  expect(reasons).toEqual(["usr/bin of the spare tree was changed by others"]);
  expect(existsSync(`${directory}/usr/bin/foreign`)).toBe(false);
});

test("files with equal bytes but another mode or owner are different inodes, equal ones the same", async () => {
  const directory = freshRoot();
  using root = MossRoot.open(directory);
  const body = "the same";
  await install(root, [
    stone("a", {
      "bin/plain": { body, mode: 0o755 },
      "bin/setuid": { body, mode: 0o4755 },
      "bin/other": { body, mode: 0o755, uid: 7, gid: 8 },
      "bin/again": { body, mode: 0o755 },
      "share/empty": "",
      [`share/${"n".repeat(255)}`]: "long",
    }),
  ]);
  const stat = (name: string) => lstatSync(`${directory}/usr/${name}`);
  expect(stat("bin/plain").ino).toBe(stat("bin/again").ino);
  expect(new Set(["plain", "setuid", "other"].map((name) => stat(`bin/${name}`).ino)).size).toBe(3);
  expect(stat("bin/setuid").mode & 0o7777).toBe(0o4555);
  expect(stat("share/empty").size).toBe(0);
  if (process.getuid?.() === 0) expect([stat("bin/other").uid, stat("bin/other").gid]).toEqual([7, 8]);
});

test("packages that clash change nothing", async () => {
  const directory = freshRoot();
  using root = MossRoot.open(directory);
  const first = nano();
  await install(root, [first]);
  const before = snapshot(directory.concat("/usr"));
  const clash = stone("pico", { "bin/nano": "another" });
  const failure = await refusal(install(root, [first, clash]));
  expect(failure.code).toBe("tree.collision");
  expect(failure.message).toContain("pico");
  expect(snapshot(`${directory}/usr`)).toEqual(before);
  expect(root.states().map(({ id }) => id)).toEqual([1]);
  expect(root.pending()).toBeUndefined();
  const { state } = await install(root, [first, which()]);
  expect(state.id).toBe(3);
});

test("a package cannot write outside the root through another's symlink", async () => {
  const directory = freshRoot();
  using root = MossRoot.open(directory);
  const outside = freshRoot();
  for (const target of [outside, "../../../../../../..", "/etc"]) {
    const failure = await refusal(
      install(root, [
        stone("planter", { "share/trap": { link: target } }),
        stone("victim", { "share/trap/file": "x" }),
      ]),
    );
    expect(failure.code).toBe("tree.path");
  }
  expect(readdirSync(outside)).toEqual([]);
  const lib = await refusal(install(root, [stone("planter", { lib: { link: outside } })]));
  expect(["tree.path", "tree.collision"]).toContain(lib.code);
  expect(readdirSync(outside)).toEqual([]);
});

test("hooks run at their phases, and a failing one before the exchange takes everything back", async () => {
  const directory = freshRoot();
  using root = MossRoot.open(directory);
  const seen: string[] = [];
  const hooks: Hooks = {
    transactionTriggers: ({ usr, changes }) => {
      seen.push(
        `tx ${existsSync(`${usr}/bin/nano`)} ${existsSync(`${directory}/usr/bin/nano`)} ${changes.added.length}`,
      );
    },
    systemTriggers: () => {
      seen.push(`system ${existsSync(`${directory}/usr/bin/nano`)} ${root.pending()?.phase}`);
    },
    boot: () => {
      seen.push(`boot ${root.pending()?.phase}`);
    },
  };
  await install(root, [nano()], hooks);
  expect(seen).toEqual(["tx true false 4", "system true after", "boot after"]);
  expect(root.pending()).toBeUndefined();
  const broken = { transactionTriggers: () => Promise.reject(new Failure("trigger.failed", "Cannot run a trigger")) };
  expect((await refusal(install(root, [which()], broken))).code).toBe("trigger.failed");
  expect(root.active()?.id).toBe(1);
  expect(existsSync(`${directory}/usr/bin/which`)).toBe(false);
});

test("a state whose files are taken away before they are part of the store does not become live", async () => {
  using root = MossRoot.open(freshRoot());
  await install(root, [nano()]);
  const hooks: Hooks = {
    transactionTriggers: () => {
      const arrivals = readdirSync(root.store).filter((name) => name.startsWith("new-"));
      expect(arrivals.length).toBe(1);
      for (const name of arrivals) rmSync(`${root.store}/${name}`, { recursive: true });
    },
  };
  expect((await refusal(install(root, [nano(), which()], hooks))).code).toBe("store.missing");
  expect(root.active()?.id).toBe(1);
  expect(problemsOf(root)).toEqual([]);
  await install(root, [nano(), which()]);
  expect(problemsOf(root)).toEqual([]);
});

test("a system trigger that fails leaves the new state live and is run again by the next command", async () => {
  const directory = freshRoot();
  using root = MossRoot.open(directory);
  const failing = { systemTriggers: () => Promise.reject(new Failure("trigger.failed", "Cannot run a trigger")) };
  const failure = await refusal(install(root, [nano()], failing));
  expect([failure.code, failure.hint ?? ""]).toEqual(["trigger.failed", expect.stringContaining("State 1 is live")]);
  expect(root.active()?.id).toBe(1);
  let runs = 0;
  await install(root, [which()], { systemTriggers: () => void (runs += 1) });
  expect(runs).toBe(2);
});

test("removed states give their packages, nodes and assets back, and the others can still be activated", async () => {
  const directory = freshRoot();
  using root = MossRoot.open(directory);
  const big = stone("big", { "lib/big": new Uint8Array(300_000).fill(7) });
  const lists = [[nano(), big], [nano2()], [which()], [which(), nano()]];
  for (const list of lists) await install(root, list);
  expect(prunable(root, { keep: 2 }).map(({ id }) => id)).toEqual([1, 2]);
  expect((await refusal(removeStates(root, [4], { command: "x" }))).code).toBe("state.active");
  expect((await refusal(removeStates(root, [77], { command: "x" }))).code).toBe("state.unknown");
  const result = await removeStates(root, [1, 2], { command: "moss state prune" });
  expect(result.packages).toBe(2);
  expect(result.bytes).toBeGreaterThan(290_000);
  expect(root.states().map(({ id }) => id)).toEqual([4, 3]);
  await activate(root, 3, { command: "x" });
  await activate(root, 4, { command: "x" });
  expect(root.packages(root.active()).map(({ name }) => name)).toEqual(["nano", "which"]);
});

test("the difference of two states names packages and paths", async () => {
  using root = MossRoot.open(freshRoot());
  await install(root, [nano()]);
  await install(root, [nano2(), which()]);
  const diff = diffStates(root, 1, 2);
  expect(diff.added.map(({ name }) => name)).toEqual(["which"]);
  expect(diff.changed.map(({ before, after }) => `${before.version} ${after.version}`)).toEqual(["1 2"]);
  expect(diff.paths).toEqual({
    added: ["bin/which", "share/nano/b.rc"],
    removed: ["bin/edit", "share/nano/a.rc"],
    changed: ["bin/nano"],
  });
});

test("removing a symlink through which other packages were placed puts their files where they say, on disk too", async () => {
  const directory = freshRoot();
  using root = MossRoot.open(directory);
  const info = JSON.stringify({ metadata: { identity: { id: "probe", name: "Probe" } } });
  const through = stone("through", { "share/old/a": "a", "share/old/deep/c": "c" });
  const beside = stone("beside", { "share/new/b": "b" });
  // One of the removed packages also decides what the generated os-release says.
  const links = stone("links", { "share/old": { link: "new" }, "lib/os-info.json": info });
  const { changes } = await install(root, [through, beside, links]);
  // Six of the packages, and os-release.
  expect(changes).toEqual({ added: 6, removed: 0, changed: 0 });
  expect(readFileSync(`${directory}/usr/share/new/a`, "utf8")).toBe("a");
  const gone = await apply(root, {
    stones: new Map<string, string>(),
    summary: "",
    command: "",
    systemModel: MODEL,
    add: [],
    remove: [links.id],
  });
  expect(readdirSync(`${directory}/usr/share/new`)).toEqual(["b"]);
  expect(readFileSync(`${directory}/usr/share/old/deep/c`, "utf8")).toBe("c");
  expect(readFileSync(`${directory}/usr/lib/os-release`, "utf8")).toContain("ID=linux");
  using other = MossRoot.open(freshRoot());
  const fresh = await install(other, [through, beside]);
  expect(gone.state.tree).toEqual(fresh.state.tree);
  expect(snapshot(root.usr)).toEqual(snapshot(other.usr));
  await activate(root, 1, { command: "activate" });
  expect(readFileSync(`${directory}/usr/lib/os-release`, "utf8")).toContain("ID=probe");
  expect(readFileSync(`${directory}/usr/share/old/deep/c`, "utf8")).toBe("c");
});

test("a change of what is wanted makes a state, and nothing to change makes none", async () => {
  using root = MossRoot.open(freshRoot());
  const [a, b] = [nano(), which()];
  await install(root, [a, b]);
  expect((await install(root, [a, b])).made).toBe(false);
  const change = { stones: new Map<string, string>(), summary: "", command: "", systemModel: MODEL };
  const result = await apply(root, { ...change, add: [], remove: [a.id] });
  expect(root.packages(result.state).map(({ name }) => name)).toEqual(["which"]);
  const flag = await apply(root, { ...change, add: [{ id: b.id, explicit: false }], remove: [] });
  expect(flag.state.tree).toEqual(result.state.tree);
  expect(root.packages(flag.state)[0]?.explicit).toBe(false);
  expect((await refusal(apply(root, { ...change, add: [], remove: [], base: 1 }))).code).toBe("root.busy");
});

test("a spare tree that has a symlink where the live state and the one to activate have a directory is no obstacle", async () => {
  using root = MossRoot.open(freshRoot());
  const [one, two, other, plain] = [
    stone("one", { "share/turn/deep/one": "1" }),
    stone("two", { "share/turn/deep/two": "2" }),
    // Leads to itself.
    stone("other", { "share/turn": { link: "turn" } }),
    stone("plain", { "bin/plain": "plain" }),
  ];
  await install(root, [one]);
  const expected = snapshot(root.usr);
  await install(root, [other]);
  await install(root, [plain]);
  // From now on the spare is the tree of the second state.
  await install(root, [two]);
  const events: TransitionEvent[] = [];
  await activate(root, 1, { command: "x" }, (event) => events.push(event));
  expect(snapshot(root.usr)).toEqual(expected);
  expect(events.some(({ kind }) => kind === "full-build")).toBe(false);
});
