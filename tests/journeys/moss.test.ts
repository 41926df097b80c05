// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Journeys with the moss program: packages come and go as users say, on stones that the test makes. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { ask, installed, type Listed, moss, must, nanoOf, prepare, SYSTEM, stone, Workshop } from "./moss.ts";

setDefaultTimeout(60_000);
const shop = new Workshop();
afterAll(() => shop[Symbol.dispose]());

test("packages are installed with what they need, and each is there for a reason", async () => {
  const { root } = await prepare(shop);
  const result = await must(["install", "-D", root, "-y", "nano", "which"]);
  expect(result.stdout).toContain("4 packages will be installed from protosnek");
  expect(result.stdout).toContain("needed by nano: soname(libncurses.so.6(x86_64))");
  expect(result.stdout).toMatch(/debianutils +1-1 +5 B +asked for: which/);
  expect(result.stdout).toContain("State 1 is live");
  expect(readFileSync(`${root}/bin/nano`, "utf8")).toBe("nano 7.2");
  expect(readlinkSync(`${root}/bin`)).toBe("usr/bin");
  expect(readFileSync(`${root}/usr/.stateID`, "utf8")).toBe("1");
  const list = await ask<Listed[]>(["li", "-D", root]);
  expect(list.map(({ name, explicit }) => [name, explicit])).toEqual([
    ["debianutils", true],
    ["libc6", false],
    ["libncurses6", false],
    ["nano", true],
  ]);
  expect(list[2]?.reason).toBe("needed by nano: soname(libncurses.so.6(x86_64))");
  const model = readFileSync(`${root}/usr/lib/system-model.kdl`, "utf8");
  expect(model).toContain("    debianutils\n    nano\n");
  expect(model).toContain("    protosnek {\n");
  expect((await must(["state", "export", "-D", root])).stdout).toBe(model);
  const again = await must(["install", "-D", root, "-y", "nano", "which"]);
  expect(again.stdout).toBe("Installed already: nano, debianutils.\n");
});

test("a package can be asked for by what it gives, by a path, by a stone", async () => {
  const { root, pool } = await prepare(shop);
  for (const [word, name] of [
    ["binary(which)", "debianutils 1"],
    ["/usr/bin/nano", "nano 7.2"],
    ["/bin/sh", "dash 1"],
    ["/usr/lib/libncurses.so.6", "libncurses6 6.4"],
  ] as const) {
    await must(["install", "-D", root, "-y", word]);
    expect(await installed(root)).toContain(name);
    await must(["remove", "-D", root, "-y", "--allow-essential", name.split(" ")[0] ?? ""]);
  }
  const path = stone(`${shop.folder}/apart`, { name: "own", depends: ["nano"], files: { "bin/own": "own" } });
  const local = await must(["install", "-D", root, "-y", "./own-1.stone", "sh"], { cwd: `${shop.folder}/apart` });
  expect(local.stdout).toContain("asked for: ./own-1.stone");
  expect(local.stdout).toContain("asked for: sh");
  await must(["remove", "-D", root, "-y", "dash", "--allow-essential"]);
  expect(await installed(root)).toEqual(["libc6 1", "libncurses6 6.4", "nano 7.2", "own 1"]);
  expect((await must(["info", "-D", root, path])).stdout).toContain("Collection        (local)");
  expect(existsSync(`${pool}/own-1.stone`)).toBe(false);
});

test("a word that nothing stands for is answered with what is near", async () => {
  const { root } = await prepare(shop);
  const unknown = await moss(["install", "-D", root, "-y", "nanno"]);
  expect([unknown.code, unknown.stdout]).toEqual([5, ""]);
  expect(unknown.stderr).toContain('Cannot find the package "nanno"');
  expect(unknown.stderr).toContain('Did you mean "nano"?');
  const several = await moss(["install", "-D", root, "-y", "nanno", "dash", "wich"]);
  for (const word of ["nanno", "wich"]) expect(several.stderr).toContain(`Cannot find the package "${word}"`);
  const kind = await moss(["install", "-D", root, "pkgconfg(zlib)"]);
  expect(kind.code).toBe(2);
  expect(kind.stderr).toContain('Did you mean "pkgconfig"?');
  expect((await moss(["install", "-D", root, "/usr/share/nothing"])).code).toBe(5);
  expect((await moss(["remove", "-D", root, "nano"])).code).toBe(5);
  expect((await moss(["instal", "nano"])).stderr).toContain('Did you mean "moss install"?');
});

test("nothing changes by a plan that is only looked at, or not agreed to", async () => {
  const { root } = await prepare(shop);
  const look = await must(["install", "-D", root, "--dry-run", "nano"]);
  expect(look.stdout).toContain("3 packages will be installed");
  const refused = await moss(["install", "-D", root, "nano"]);
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain("Do you wish to continue?");
  expect(existsSync(`${root}/usr`)).toBe(false);
  expect(await ask<unknown[]>(["state", "list", "-D", root])).toEqual([]);
});

test("what only asks makes nothing in a folder that moss has never written to", async () => {
  const root = shop.root();
  for (const words of [
    ["li"],
    ["la"],
    ["lu"],
    ["state", "list"],
    ["state", "active"],
    ["lr"],
    ["search", "x"],
    ["verify"],
  ]) {
    expect((await must([...words, "-D", root])).code).toBe(0);
  }
  expect((await moss(["install", "-D", root, "--dry-run", "nano"])).code).toBe(5);
  expect((await moss(["owns", "-D", root, "/usr/bin/nano"])).code).toBe(5);
  expect(readdirSync(root)).toEqual([]);
  expect((await moss(["li", "-D", `${root}/missing`])).code).toBe(1);
});

test("a package leaves with what needs it and what only it needed, unless told otherwise", async () => {
  const { root } = await prepare(shop, ["nano", "debianutils"]);
  const plan = await must(["remove", "-D", root, "--dry-run", "libncurses6"]);
  expect(plan.stdout).toContain("needs libncurses6: soname(libncurses.so.6(x86_64))");
  const only = await moss(["remove", "-D", root, "-y", "--only", "libncurses6"]);
  expect(only.code).toBe(5);
  expect(only.stderr).toContain("nano");
  await must(["remove", "-D", root, "-y", "--keep-deps", "nano"]);
  expect(await installed(root)).toEqual(["debianutils 1", "libc6 1", "libncurses6 6.4"]);
  await must(["remove", "-D", root, "-y"]);
  expect(await installed(root)).toEqual(["debianutils 1", "libc6 1"]);
  await must(["state", "activate", "1", "-D", root]);
  await must(["remove", "-D", root, "-y", "/usr/bin/nano"]);
  expect(await installed(root)).toEqual(["debianutils 1", "libc6 1"]);
  expect(existsSync(`${root}/usr/bin/nano`)).toBe(false);
});

test("what the system does not work without leaves only with an extra flag", async () => {
  const { root } = await prepare(shop, ["dash", "nano"]);
  for (const name of ["dash", "libc6"]) {
    const refused = await moss(["remove", "-D", root, "-y", name]);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain("is essential");
    expect(refused.stderr).toContain("--allow-essential");
  }
  await must(["remove", "-D", root, "-y", "dash", "--allow-essential"]);
  expect(await installed(root)).toEqual(["libc6 1", "libncurses6 6.4", "nano 7.2"]);
});

test("an upgrade refreshes first, shows both releases, and can be gone back from", async () => {
  const { root, pool } = await prepare(shop, ["nano"]);
  expect((await must(["sync", "-D", root, "-y"])).stdout).toBe("Everything is up to date.\n");
  stone(pool, nanoOf("8.0", 2));
  expect((await must(["lu", "-D", root])).stdout).toBe("");
  const look = await must(["upgrade", "-D", root, "--dry-run"]);
  expect(look.stdout).toBe("Everything is up to date.\n");
  const result = await must(["upgrade", "-D", root, "-y"]);
  expect(result.stdout).toContain("7.2-1 -> 8.0-2");
  expect(result.stdout).toContain("1 package will be upgraded");
  expect(readFileSync(`${root}/usr/bin/nano`, "utf8")).toBe("nano 8.0");
  const diff = await must(["state", "diff", "-D", root]);
  expect(diff.stdout).toContain("nano  7.2-1 -> 8.0-2");
  await must(["state", "rollback", "-D", root]);
  expect(readFileSync(`${root}/usr/bin/nano`, "utf8")).toBe("nano 7.2");
  expect((await must(["lu", "-D", root])).stdout).toContain("nano  7.2-1  ->  8.0-2");
  await must(["up", "-D", root, "-y", "--no-refresh", "nano"]);
  expect(readFileSync(`${root}/usr/bin/nano`, "utf8")).toBe("nano 8.0");
  expect((await ask<unknown[]>(["state", "list", "-D", root])).length).toBe(3);
});

test("release numbers decide, and a collection that goes back takes the system with it, unless told otherwise", async () => {
  const { root, pool } = await prepare(shop, ["nano"]);
  stone(pool, nanoOf("9.0", 3));
  await must(["upgrade", "-D", root, "-y"]);
  rmSync(`${pool}/nano-9.0.stone`);
  await must(["collection", "update", "-D", root]);
  expect((await must(["upgrade", "-D", root, "-y", "--upgrade-only"])).stdout).toContain("up to date");
  const back = await must(["upgrade", "-D", root, "-y"]);
  expect(back.stdout).toContain("will go back to an older release");
  expect(readFileSync(`${root}/usr/bin/nano`, "utf8")).toBe("nano 7.2");
});

test("words of verbs stand for verbs only where a verb can stand", async () => {
  const { root } = await prepare(shop, [], [{ name: "it", files: { "bin/it": "it" } }]);
  await must(["it", "-D", root, "-y", "it"]);
  expect(await installed(root)).toEqual(["it 1"]);
  expect((await must(["search", "-D", root, "it"])).stdout).toContain("it  1-1");
  await must(["-D", root, "rm", "-y", "it"]);
  expect(await installed(root)).toEqual([]);
});

test("one collection over another: the higher priority counts, whatever the release", async () => {
  const { root } = await prepare(shop, ["nano"]);
  const upper = shop.collection("volatile", [nanoOf("5.0", 1)]);
  writeFileSync(`${shop.folder}/known.json`, JSON.stringify({ volatile: { uri: `file://${upper}`, description: "" } }));
  const env = { MOSS_COLLECTIONS: `${shop.folder}/known.json` };
  expect((await moss(["remote", "add", "-D", root, "volatil"], { env })).stderr).toContain('Did you mean "volatile"?');
  await must(["remote", "add", "-D", root, "volatile", "-p", "10"], { env });
  expect((await moss(["repo", "add", "-D", root, "volatile", upper])).code).toBe(1);
  await must(["upgrade", "-D", root, "-y"]);
  expect(await installed(root)).toContain("nano 5.0");
  await must(["collection", "disable", "-D", root, "volatile"]);
  await must(["upgrade", "-D", root, "-y"]);
  expect(await installed(root)).toContain("nano 7.2");
  await must(["er", "-D", root, "volatile"]);
  await must(["repo", "set-priority", "-D", root, "protosnek", "20"]);
  const list = await ask<{ name: string; priority: number; active: boolean }[]>(["lr", "-D", root]);
  expect(list.map(({ name, priority, active }) => [name, priority, active])).toEqual([
    ["protosnek", 20, true],
    ["volatile", 10, true],
  ]);
  expect((await must(["lu", "-D", root])).stdout).toBe("");
  const dropped = await must(["repo", "remove", "-D", root, "protosnek"]);
  expect(dropped.stderr).toContain("No collection offers these installed packages any more: libc6, libncurses6");
  expect((await moss(["repo", "remove", "-D", root, "protosnek"])).code).toBe(1);
});

test("everything known of a package is shown", async () => {
  const { root } = await prepare(shop, ["nano"]);
  const info = await must(["info", "-D", root, "nano", "-f"]);
  for (const text of [
    /Status +installed, asked for/,
    /Needs +- soname\(libc.so.6/,
    /Gives +- binary\(nano\)/,
    /usr\/bin\/nano/,
  ])
    expect(info.stdout).toMatch(text);
  expect((await must(["info", "-D", root, "binary(which)"])).stdout).toMatch(/Status +not installed/);
  expect((await must(["owns", "-D", root, "/bin/nano"])).stdout).toBe("/bin/nano: nano\n");
  expect((await must(["owns", "-D", root, `${root}/usr/bin/nano`])).stdout).toContain(": nano\n");
  expect((await must(["files", "-D", root, "nano"])).stdout).toBe("/usr/bin/nano\n/usr/share/nano/c.nanorc\n");
  expect((await must(["search", "-D", root, "text", "EDITOR"])).stdout).toContain("nano  7.2-1  installed");
  expect((await must(["search", "-D", root, "which", "-p"])).stdout).toContain("debianutils");
  expect((await must(["search", "-D", root, "which", "-p=binary", "-i"])).stdout).toBe("");
  expect((await must(["sf", "-D", root, "nanorc"])).stdout).toBe("/usr/share/nano/c.nanorc from nano\n");
  expect((await must(["la", "-D", root])).lines.length).toBe(SYSTEM.length);
  await must(["fetch", "-D", root, "which", "-o", `${shop.folder}/fetched`]);
  expect(readdirSync(`${shop.folder}/fetched`)).toEqual(["debianutils-1-1-1-x86_64.stone"]);
});
