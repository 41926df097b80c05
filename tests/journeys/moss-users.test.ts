// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Journeys with the moss program: users without rights. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask, moss, must, prepare, Workshop } from "./moss.ts";

setDefaultTimeout(60_000);
const shop = new Workshop();
afterAll(() => shop[Symbol.dispose]());
const isRoot = process.getuid?.() === 0;

test.skipIf(!isRoot)(
  "a user without rights makes the same tree as root, closed directories and foreign owners in it",
  async () => {
    const pool = shop.collection("odd", [
      {
        name: "odd",
        files: {
          "lib/closed": { directory: 0 },
          "lib/closed/below/file": "f",
          "lib/open": { directory: 0o555 },
          "lib/open/file": { body: "mine", mode: 0 },
          "lib/open/setuid": { body: "x", mode: 0o4755, uid: 33, gid: 33 },
          "bin/link": { link: "../lib/open/file" },
        },
      },
      { name: "other", files: { "lib/closed/below/other": "o", "lib/open/other": "o" } },
    ]);
    chmodSync(shop.folder, 0o755);
    const trees: string[] = [];
    const users: string[] = [];
    const unnamed = ["SUDO_USER", "DOAS_USER", "USER", "LOGNAME"].flatMap((name) => ["-u", name]);
    const nobody = ["env", ...unnamed, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    for (const prefix of [[], nobody]) {
      const root = shop.root();
      if (prefix.length > 0) chownSync(root, 65534, 65534);
      await must(["remote", "add", "-D", root, "odd", pool], { prefix });
      for (const words of [
        ["install", "odd"],
        ["install", "other"],
        ["remove", "other"],
        ["state", "rollback"],
        ["verify"],
      ]) {
        await must([...words, "-D", root, "-y"], { prefix });
      }
      expect((await ask<unknown[]>(["list", "installed", "-D", root], { prefix })).length).toBe(2);
      const { tree, user } = await ask<{ tree: string; user: string }>(["state", "active", "-D", root], { prefix });
      trees.push(tree);
      users.push(user);
    }
    expect(trees[0]).toBe(trees[1] ?? "");
    expect(users[1]).toBe("uid 65534");
  },
);

test.skipIf(!isRoot)("without rights, a root of somebody else can be asked and not changed", async () => {
  const { root } = await prepare(shop, ["nano"]);
  chmodSync(shop.folder, 0o755);
  const prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  for (const words of [
    ["li"],
    ["la"],
    ["state", "list"],
    ["state", "diff", "1", "1"],
    ["info", "nano"],
    ["owns", "/bin/nano"],
    ["files", "nano"],
  ]) {
    expect((await must([...words, "-D", root], { prefix })).stderr).toBe("");
  }
  expect((await must(["install", "--dry-run", "which", "-D", root], { prefix })).stdout).toContain("will be installed");
  // A tree of packages of its collections needs nothing of it but these.
  const home = join(shop.folder, "home of nobody");
  mkdirSync(home);
  chownSync(home, 65534, 65534);
  const tree = ["install", "which", "-D", root, "-y", "--to", join(home, "tree")];
  await must(tree, { prefix, env: { HOME: home } });
  expect(readdirSync(join(home, "tree/usr/bin"))).toEqual(["which"]);
  expect((await ask<unknown[]>(["list", "installed", "-D", root])).length).toBe(3);
  for (const words of [
    ["install", "which"],
    ["remove", "nano"],
    ["state", "prune"],
    ["repo", "disable", "protosnek"],
  ]) {
    const refused = await moss([...words, "-D", root, "-y"], { prefix });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("Run the command as root");
  }
});

test.skipIf(!isRoot)("without rights, verify looks at what of /usr is open, and says what is not", async () => {
  const files = {
    "bin/plain": "p",
    "lib/closed": { directory: 0o700 },
    "lib/closed/below": "b",
    "lib/secret": { body: "s", mode: 0o400 },
    "lib/setuid": { body: "x", mode: 0o4755, uid: 33, gid: 33 },
  };
  const { root } = await prepare(shop, ["plain"], [{ name: "plain", files }]);
  chmodSync(shop.folder, 0o755);
  const prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const { stdout } = await must(["verify", "-D", root], { prefix });
  expect(stdout).toContain("no difference found");
  expect(stdout).toContain("Only the database and /usr were looked at");
  expect(stdout).toContain("2 files and folders cannot be read");
  rmSync(join(root, "usr/bin/plain"));
  writeFileSync(join(root, "usr/bin/plain"), "q", { mode: 0o444 });
  chmodSync(join(root, "usr/bin/plain"), 0o444);
  const found = await moss(["verify", "-D", root, "--json"], { prefix });
  expect(found.code).toBe(1);
  const { problems, unread } = found.events.find(({ type }) => type === "verified") ?? {};
  expect(problems).toMatchObject([{ where: "tree", path: "bin/plain", difference: "content" }]);
  expect(unread).toEqual({ store: true, entries: 2 });

  // The folder above the store may be closed too.
  const cache = join(shop.folder, "closed-cache");
  mkdirSync(cache, { mode: 0o700 });
  const { root: sharing } = await prepare(shop);
  await must(["install", "-D", sharing, "--cache", cache, "-y", "which"]);
  const closed = await must(["verify", "-D", sharing], { prefix });
  expect(closed.stdout).toContain("Only the database and /usr were looked at");
});

test.skipIf(!isRoot)("root leaves the root of a user alone, and can still ask it", async () => {
  const pool = shop.collection("plain", [
    { name: "plain", files: { "bin/plain": "p", "lib/setuid": { body: "x", mode: 0o4755, uid: 33, gid: 33 } } },
  ]);
  chmodSync(shop.folder, 0o755);
  const prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const root = shop.root();
  chownSync(root, 65534, 65534);
  await must(["repo", "add", "-D", root, "plain", pool], { prefix });
  await must(["install", "plain", "-D", root, "-y"], { prefix });
  const files = () =>
    readdirSync(root, { recursive: true, encoding: "utf8" })
      // Readers say in it that they are there.
      .filter((path) => !path.endsWith("lock.mdb"))
      .sort()
      .map((path) => {
        const { uid, mode, ino, mtimeMs } = lstatSync(join(root, path));
        return [path, uid, mode, ino, mtimeMs];
      });
  const before = files();
  for (const words of [
    ["verify"],
    ["verify", "--repair"],
    ["remove", "plain"],
    ["upgrade"],
    ["state", "prune"],
    ["state", "label", "1", "mine"],
    ["cache", "clean"],
    ["recover"],
    ["install", "plain", "--to", join(shop.folder, "tree of a user")],
  ]) {
    const refused = await moss([...words, "-D", root, "-y"]);
    expect([words, refused.code, refused.stderr]).toEqual([
      words,
      1,
      expect.stringContaining("made by the user 65534"),
    ]);
    expect(refused.stderr).toContain("setpriv --reuid=65534 --regid=65534 --clear-groups");
  }
  expect((await must(["li", "-D", root])).stdout).toContain("plain");
  expect((await must(["remove", "plain", "--dry-run", "-D", root])).stdout).toContain("plain");
  expect(files()).toEqual(before);
  // A root of root's own whose store is a user's is none of root's either.
  const store = join(shop.folder, "store of a user");
  const other = shop.root();
  mkdirSync(join(store, "assets"), { recursive: true });
  chownSync(join(store, "assets"), 65534, 65534);
  const shared = await moss(["repo", "add", "-D", other, "--cache", store, "plain", pool]);
  expect(shared.stderr).toContain("made by the user 65534");
  expect(readdirSync(other)).toEqual([]);
  expect((await must(["verify", "-D", root], { prefix })).stdout).toContain("no difference found");
  const third = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"];
  expect((await moss(["verify", "-D", root], { prefix: third })).stderr).toContain("made by the user 65534");
});

test.skipIf(!isRoot)("a cache of another user is refused, both ways, with what to do", async () => {
  chmodSync(shop.folder, 0o755);
  const prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const pool = shop.collection("few", [{ name: "few", files: { "bin/few": "few" } }]);
  for (const [first, second, maker] of [
    [{}, { prefix }, "another user, expected one that you made"],
    [{ prefix }, {}, "the user 65534, expected one that root made"],
  ] as const) {
    const [cache, one, two] = [shop.root(), shop.root(), shop.root()];
    chmodSync(cache, 0o777);
    const theirs = "prefix" in first ? one : two;
    chownSync(theirs, 65534, 65534);
    await must(["remote", "add", "-D", one, "--cache", cache, "few", pool], first);
    const refused = await moss(["remote", "add", "-D", two, "--cache", cache, "few", pool], second);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(maker)]);
    expect(refused.stderr).toContain("Only roots of one user share a cache");
    expect(readdirSync(two)).toEqual([]);
  }
});
