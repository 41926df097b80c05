// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Journeys with the moss program: states and what they share, trees elsewhere, stores for many roots, damage. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ask, installed, moss, must, nanoOf, prepare, stone, Workshop } from "./moss.ts";

setDefaultTimeout(60_000);
const shop = new Workshop();
afterAll(() => shop[Symbol.dispose]());

interface State {
  readonly id: number;
  readonly live: boolean;
  readonly summary: string;
  readonly command: string;
  readonly tree: string;
}

const states = async (root: string) => await ask<State[]>(["state", "list", "-D", root]);

/** A root that has had states 1 to 4: nano, and which; without nano; with a newer nano. */
async function history(): Promise<string> {
  const { root, pool } = await prepare(shop, ["nano"]);
  await must(["install", "-D", root, "-y", "which"], { env: { SUDO_USER: "ikey" } });
  await must(["remove", "-D", root, "-y", "nano"]);
  stone(pool, nanoOf("8.0", 2));
  await must(["ur", "-D", root]);
  await must(["install", "-D", root, "-y", "nano"]);
  return root;
}

test("states are listed, shown, compared and activated, and one that is activated is exactly what it was", async () => {
  const root = await history();
  const list = await states(root);
  expect(list.map(({ id, live, summary }) => [id, live, summary])).toEqual([
    [4, true, "Install nano"],
    [3, false, "Remove nano"],
    [2, false, "Install which"],
    [1, false, "Install nano"],
  ]);
  expect(list[2]?.command).toBe(`moss install -D ${root} -y which`);
  const diff = await ask<{ added: unknown[]; paths: { added: string[]; removed: string[]; changed: string[] } }>([
    "state",
    "diff",
    "1",
    "4",
    "-D",
    root,
  ]);
  expect(diff.paths).toEqual({ added: ["bin/which"], removed: [], changed: ["bin/nano", "share/nano/c.nanorc"] });
  const files = await must(["state", "diff", "1", "--files", "-D", root]);
  expect(files.stdout).toContain("~ /usr/bin/nano");
  await must(["state", "activate", "2", "-D", root]);
  expect(readFileSync(`${root}/usr/bin/nano`, "utf8")).toBe("nano 7.2");
  expect((await states(root)).find(({ live }) => live)?.tree).toBe(list[2]?.tree ?? "");
  const again = await must(["state", "activate", "2", "-D", root]);
  expect([again.stdout, again.stderr]).toEqual(["State 2 is live already.\n", ""]);
  expect((await moss(["state", "activate", "9", "-D", root])).stderr).toContain("moss state list");
  expect((await moss(["state", "activate", "x", "-D", root])).code).toBe(2);
  const shown = await must(["state", "show", "4", "-D", root]);
  expect(shown.stdout).toContain("State 4: Install nano");
  expect(shown.stdout).toMatch(/nano +8.0-2 +asked for/);
  await must(["state", "label", "2", "the", "good one", "-D", root]);
  expect((await must(["state", "list", "-D", root])).stdout).toContain("Install which (the good one)");
  expect(await ask<object>(["state", "show", "2", "-D", root])).toMatchObject({ label: "the good one" });
  await must(["state", "label", "2", "-D", root]);
  expect((await must(["state", "list", "-D", root])).stdout).not.toContain("good one");
  expect((await moss(["state", "label", "9", "x", "-D", root])).code).toBe(1);
  const past = await must(["history", "-D", root]);
  expect(past.stdout).toContain(`by ikey: moss install -D ${root} -y which\n     + debianutils 1-1\n`);
  const look = await must(["state", "rollback", "--dry-run", "-D", root]);
  expect(look.lines[0]).toMatch(/^State 1 would become the live one in place of state \d+:$/);
  expect(look.lines.at(-1)).toMatch(/^\d+ packages? differs?; /);
  expect((await states(root)).find(({ live }) => live)?.id).not.toBe(1);
  await must(["state", "rollback", "-D", root]);
  expect((await states(root)).find(({ live }) => live)?.id).toBe(1);
  expect((await moss(["state", "rollback", "-D", root])).code).toBe(1);
});

test("states are removed by number, by range and by age, and space comes back", async () => {
  const root = await history();
  const live = await moss(["state", "remove", "1", "4", "-y", "-D", root]);
  // Not first a plan that could never be carried out.
  expect([live.stdout, live.stderr]).toEqual(["", expect.stringContaining("it is the live one")]);
  expect((await moss(["state", "remove", "7", "-y", "-D", root])).code).toBe(1);
  expect((await must(["state", "prune", "-k", "2", "--dry-run", "-D", root])).stdout).toContain(
    "2 states will be removed",
  );
  const asset = (text: string) =>
    readdirSync(`${root}/.moss/assets`, { recursive: true, encoding: "utf8" }).filter(
      (name) => /\//.test(name) && readFileSync(join(root, ".moss/assets", name)).toString() === text,
    ).length;
  expect(asset("nano 7.2")).toBe(1);
  await must(["state", "remove", "1-2", "-y", "-D", root]);
  expect((await states(root)).map(({ id }) => id)).toEqual([4, 3]);
  expect(asset("nano 7.2")).toBe(0);
  const pruned = await must(["state", "prune", "-k", "1", "-y", "-D", root]);
  expect(pruned.stdout).toContain("1 state removed");
  expect((await must(["state", "prune", "-k", "1", "-y", "-D", root])).stdout).toContain("no state to remove");
  expect((await must(["verify", "-D", root])).stdout).toContain("no difference found");
});

test("what was changed behind the back of moss is found and put right", async () => {
  const { root, pool } = await prepare(shop, ["nano", "which"]);
  expect((await must(["verify", "-D", root])).stdout).toContain("no difference found");
  const path = `${root}/usr/bin/nano`;
  chmodSync(path, 0o755);
  writeFileSync(path, "evil 7.2");
  rmSync(`${root}/usr/bin/which`);
  writeFileSync(`${root}/usr/bin/extra`, "x");
  const found = await moss(["state", "verify", "-D", root]);
  expect(found.code).toBe(1);
  expect(found.stderr).toContain("moss verify --repair");
  for (const name of ["bin/nano", "bin/which", "bin/extra"]) expect(found.stdout).toContain(name);
  expect((await moss(["state", "verify", "1", "-D", root])).stdout).toContain("bin/extra");
  expect((await moss(["state", "verify", "7", "-D", root])).stderr).toContain("moss state list");
  expect((await moss(["verify", "--repair", "-D", root])).code).toBe(4);
  // Without the collection the body of nano cannot be had again: the rest is repaired, and that is said.
  const aside = `${pool}.aside`;
  await must(["repo", "disable", "-D", root, "protosnek"]);
  expect((await moss(["verify", "--repair", "-y", "-D", root])).code).toBe(1);
  await must(["repo", "enable", "-D", root, "protosnek"]);
  expect(existsSync(aside)).toBe(false);
  const repaired = await must(["verify", "--repair", "-y", "-D", root]);
  expect(repaired.stdout).toContain("1 package unpacked again");
  expect(readFileSync(path, "utf8")).toBe("nano 7.2");
  expect(lstatSync(path).mode & 0o222).toBe(0);
  expect(existsSync(`${root}/usr/bin/extra`)).toBe(false);
  expect((await must(["verify", "-D", root])).stdout).toContain("no difference found");
});

test("a tree is written to another folder, and never over what is not one", async () => {
  const { root } = await prepare(shop, ["nano"]);
  const target = join(shop.folder, "tree");
  await must(["install", "-D", root, "-y", "which", "--to", target]);
  expect(readdirSync(`${target}/usr/bin`)).toEqual(["which"]);
  expect(lstatSync(`${target}/bin`).isSymbolicLink()).toBe(true);
  expect(existsSync(`${target}/usr/.stateID`)).toBe(false);
  expect((await states(root)).length).toBe(1);
  // A second time it is known to be a tree of ours.
  await must(["upgrade", "-D", root, "-y", "--to", target]);
  expect(readdirSync(`${target}/usr/bin`)).toEqual(["nano"]);
  const home = join(shop.folder, "home");
  mkdirSync(home);
  writeFileSync(join(home, "letter"), "dear");
  for (const place of [home, "/", root]) {
    const refused = await moss(["install", "-D", root, "-y", "which", "--to", place]);
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
  }
  expect(readFileSync(join(home, "letter"), "utf8")).toBe("dear");
});

test("one store serves many roots, and keeps what any of them needs", async () => {
  const cache = join(shop.folder, "cache");
  mkdirSync(cache);
  const { root: first, pool } = await prepare(shop);
  const { root: second } = await prepare(shop);
  expect(existsSync(pool)).toBe(true);
  for (const root of [first, second]) await must(["install", "-D", root, "--cache", cache, "-y", "nano"]);
  const inode = (root: string) => statSync(`${root}/usr/bin/nano`).ino;
  expect(inode(first)).toBe(inode(second));
  expect(readdirSync(`${first}/.moss/assets`)).toEqual([]);
  // A root remembers its store, and stays with it.
  await must(["remove", "-D", first, "-y", "nano"]);
  await must(["state", "prune", "-k", "1", "-D", first, "--cache", cache, "-y"]);
  await must(["cache", "clean", "-D", first]);
  const { root: alone } = await prepare(shop, ["nano"]);
  for (const [root, other] of [
    [first, join(shop.folder)],
    [alone, cache],
  ] as const) {
    expect((await moss(["install", "-D", root, "--cache", other, "-y", "which"])).code).toBe(1);
  }
  expect((await must(["verify", "-D", second, "--cache", cache])).stdout).toContain("no difference found");
  expect(await installed(second)).toContain("nano 7.2");
  await must(["remove", "-D", second, "-y", "nano"]);
  const pruned = await must(["state", "prune", "-k", "1", "-D", second, "--cache", cache, "-y"]);
  expect(pruned.stdout).toMatch(/and [1-9]\d* files of the store went/);
});

test("what a root has for itself is no cache of another, whose prune would take what only the owner needs", async () => {
  const { root: owner } = await prepare(shop, ["nano"]);
  const { root } = await prepare(shop);
  for (const cache of [".moss", ".moss/cache", ".moss/assets"]) {
    for (const target of [root, owner]) {
      const words = ["install", "-D", target, "--cache", join(owner, cache), "-y", "which"];
      const refused = await moss(words);
      expect([refused.code, refused.stderr]).toEqual([
        1,
        expect.stringContaining(`belongs to the root "${owner}" alone`),
      ]);
    }
  }
  const inTree = await moss(["install", "-D", root, "--cache", join(owner, "usr/share"), "-y", "which"]);
  expect([inTree.code, inTree.stderr]).toEqual([1, expect.stringContaining(`lies in /usr of the root "${owner}"`)]);
  expect((await must(["verify", "-D", owner])).stdout).toContain("no difference found");
});

test("cache clean gives back what a tree elsewhere was made of, and nothing that a state needs", async () => {
  const { root } = await prepare(shop, ["nano"]);
  await must(["install", "-D", root, "-y", "which", "--to", join(shop.folder, "elsewhere")]);
  const cleaned = await must(["cache", "clean", "-D", root]);
  expect(cleaned.stdout).toContain("0 downloads, 1 package and 1 file");
  // The tree still has the file; once it is gone too, nothing is said of it.
  expect(cleaned.stdout).toMatch(
    / 0 B given back \([\d.]+ KiB more are still held by links to the same files elsewhere\)/,
  );
  await must(["install", "-D", root, "-y", "which", "--to", join(shop.folder, "elsewhere too")]);
  rmSync(join(shop.folder, "elsewhere too"), { recursive: true });
  expect((await must(["cache", "clean", "-D", root])).stdout).toMatch(/ [\d.]+ KiB given back\.\n$/);
  expect((await must(["cache", "clean", "-D", root])).stdout).toBe("There is nothing to clean.\n");
  expect((await must(["verify", "-D", root])).stdout).toContain("no difference found");
});

test("a command that was cut off is finished or undone by the next, which says so; readers need not wait for that", async () => {
  for (const [step, live] of [
    ["staged", 1],
    ["exchanged", 2],
  ] as const) {
    const { root } = await prepare(shop, ["nano"]);
    const killed = await moss(["install", "-D", root, "-y", "which"], { env: { MOSS_FAULT: step } });
    expect(killed.code).toBe(137);
    expect((await ask<State>(["state", "active", "-D", root])).id).toBe(live);
    const recovered = await must(["recover", "-D", root]);
    expect(recovered.stderr).toContain(live === 1 ? "cleared away" : "finished now");
    expect((await must(["recover", "-D", root])).stdout).toContain("nothing to recover");
    expect((await must(["verify", "-D", root])).stdout).toContain("no difference found");
    expect((await states(root)).map(({ id }) => id)).toEqual(live === 1 ? [1] : [2, 1]);
  }
});

test("what a state changed is told of the state that is still there before it, and of none where all are gone", async () => {
  const root = await history();
  type Past = { id: number; since: number | null; changes: { sign: string; name: string }[] }[];
  const since = async () => (await ask<Past>(["history", "-D", root])).map(({ id, since: from }) => [id, from]);
  expect(await since()).toEqual([
    [4, 3],
    [3, 2],
    [2, 1],
    [1, 0],
  ]);
  await must(["state", "remove", "2", "-y", "-D", root]);
  expect((await since())[1]).toEqual([3, 1]);
  expect((await must(["history", "-D", root])).stdout).toContain("     since state 1:\n");
  await must(["state", "remove", "1", "-y", "-D", root]);
  const [, oldest] = await ask<Past>(["history", "-D", root]);
  expect(oldest).toMatchObject({ id: 3, since: null, changes: [] });
  expect((await must(["history", "-D", root])).stdout).toContain("no state before it is left");
});
