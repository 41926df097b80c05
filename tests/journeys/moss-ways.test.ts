// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Journeys with the moss program: how it speaks to programs and shells, waits for others, and fails before it is too late. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { MOSS } from "#cli/moss/program";
import { verbTitle } from "#cli/parse";
import { allVerbs } from "#cli/verbs";
import { FileLock } from "#sys/lock";
import { run } from "#sys/process";
import { makeStone } from "#tests/crash/stones";
import { ask, BUN, installed, moss, must, PROGRAM, prepare, SYSTEM, stone, Workshop } from "./moss.ts";

setDefaultTimeout(60_000);
const shop = new Workshop();
afterAll(() => shop[Symbol.dispose]());
const isRoot = process.getuid?.() === 0;

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

test("two writers: the second fails at once and names the first, or waits; readers never wait", async () => {
  const { root } = await prepare(shop, ["libc6"]);
  await must(["install", "-D", root, "-y", "nano"]);
  const owner = JSON.stringify({ pid: 4242, command: "moss upgrade" });
  const lock = FileLock.tryAcquire(`${root}/.moss/lock`, "exclusive", owner);
  if (lock === undefined) throw new Error("the lock is not free");
  for (const words of [
    ["install", "which"],
    ["remove", "nano"],
    ["upgrade"],
    ["state", "rollback"],
    ["verify"],
    ["cache", "clean"],
  ]) {
    const refused = await moss([...words, "-D", root, "-y"]);
    expect([refused.code, refused.stdout]).toEqual([9, ""]);
    expect(refused.stderr).toContain("process 4242 (moss upgrade)");
    expect(refused.stderr).toContain("--wait");
  }
  expect(await installed(root)).toContain("nano 7.2");
  expect((await moss(["install", "-D", root, "-y", "which", "--wait=1"])).code).toBe(9);
  const waiting = moss(["install", "-D", root, "-y", "which", "--wait"]);
  await Bun.sleep(1000);
  expect(existsSync(`${root}/usr/bin/which`)).toBe(false);
  lock[Symbol.dispose]();
  expect((await waiting).code).toBe(0);
  expect(existsSync(`${root}/usr/bin/which`)).toBe(true);
});

test("two that install at once both succeed where one waits: the second is planned again on what the first has made", async () => {
  const { root } = await prepare(shop, ["libc6"]);
  const results = await Promise.all(
    ["nano", "which", "dash"].map(async (word) => await moss(["install", "-D", root, "-y", word, "--wait"])),
  );
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect((await installed(root)).length).toBe(SYSTEM.length);
  expect((await must(["verify", "-D", root])).stdout).toContain("no difference found");
});

test("a collection on a server: what is to be fetched is shown, and bytes that are not the promised ones are refused", async () => {
  const pool = shop.collection("served", SYSTEM);
  await must(["index", pool]);
  let broken: string | undefined;
  let gone = false;
  const asked: string[] = [];
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const name = basename(new URL(request.url).pathname);
      asked.push(name);
      const bytes =
        existsSync(join(pool, name)) && !request.url.includes("missing") ? readFileSync(join(pool, name)) : undefined;
      if (bytes === undefined || gone) return new Response("no", { status: 404 });
      if (name === broken) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      return new Response(bytes);
    },
  });
  const root = shop.root();
  await must(["remote", "add", "-D", root, "served", `${server.url.href}stone.index`]);
  const missing = await moss(["remote", "add", "-D", root, "missing", `${server.url.href}missing/stone.index`]);
  expect([missing.code, (await ask<unknown[]>(["lr", "-D", root])).length]).toEqual([6, 1]);
  const plan = await must(["install", "-D", root, "--dry-run", "nano"]);
  expect(plan.stdout).toMatch(/Download size: 1\.\d KiB\./);
  broken = "nano-7.2.stone";
  const refused = await moss(["install", "-D", root, "-y", "nano"]);
  expect(refused.code).toBe(6);
  expect(refused.stderr).toContain("its SHA-256 is");
  expect(existsSync(`${root}/usr`)).toBe(false);
  broken = undefined;
  asked.length = 0;
  await must(["install", "-D", root, "-y", "nano"]);
  // What came whole the first time is not fetched again.
  expect(asked).toEqual(["nano-7.2.stone"]);
  await must(["cache", "clean", "-D", root]);
  expect(
    readdirSync(`${root}/.moss/cache/downloads`, { recursive: true, encoding: "utf8" }).filter(
      (name) => name.length > 10,
    ),
  ).toEqual([]);
  // A server without an index keeps nobody from what is known: the upgrade says so and goes on.
  gone = true;
  const upgrade = await must(["upgrade", "-D", root, "-y"]);
  expect(upgrade.stderr).toContain("served could not be refreshed");
  expect(upgrade.stdout).toContain("up to date");
  expect((await moss(["repo", "update", "-D", root])).code).toBe(6);
});

/** Runs a script where it may mount, and where nothing that it mounts outlives it. */
const apart = async (script: string, ...words: string[]) =>
  await run([
    "unshare",
    "--mount",
    "--map-root-user",
    "--propagation",
    "private",
    "sh",
    "-euc",
    script,
    "sh",
    ...words,
  ]);
const canMount = (await apart("mount -t tmpfs none /mnt").catch(() => ({ code: 1 }))).code === 0;

test.skipIf(!canMount)("too little room is found before anything is fetched", async () => {
  const pool = shop.collection("large", [{ name: "large", files: { "share/large": Buffer.alloc(8 << 20, "x") } }]);
  const root = shop.root();
  const script = `mount -t tmpfs -o size=6m none "$1"
"$2" "$3" remote add -D "$1" large "$4"
"$2" "$3" install -D "$1" -y large && exit 1
"$2" "$3" list installed -D "$1"
ls -A "$1/.moss/cache/downloads"`;
  const result = await apart(script, root, BUN, PROGRAM, pool);
  expect(result.stderr).toMatch(/has \d\.\d MiB left, expected 9\.\d MiB/);
  expect(result.stderr).toContain("Nothing was fetched");
  expect(result.code).toBe(0);
  expect(result.stdout.trimEnd()).toEndWith("of stones are here). Disk: /usr grows by 8.0 MiB.");
});

test.skipIf(!canMount)(
  "what can only be read can be asked, and where /usr is a mount point is said before any work",
  async () => {
    const pool = shop.collection("plain", SYSTEM);
    const script = `root=$1; bun=$2; program=$3; pool=$4
moss() { "$bun" "$program" "$@" -D "$root"; }
mount -t tmpfs none "$root"
moss remote add plain "$pool"; moss install -y nano
mount -o remount,ro "$root"
moss list installed; moss list available; moss state list; moss owns /bin/nano; moss install --dry-run which
moss install -y which && exit 1
mount -o remount,rw "$root"
mount -t tmpfs none "$root/usr"
moss install -y which && exit 1
moss state list
exit 0`;
    const result = await apart(script, shop.root(), BUN, PROGRAM, pool);
    expect([result.code, result.stderr.split("\n").filter((line) => line.startsWith("Error"))]).toEqual([
      0,
      [
        expect.stringContaining("the file system can only be read"),
        expect.stringContaining("it is a mount point, expected a plain directory"),
      ],
    ]);
    expect(result.stdout).toContain("/bin/nano: nano");
  },
);

test("a folder that holds the /usr of another system is left alone", async () => {
  const root = shop.root();
  mkdirSync(join(root, "usr"));
  writeFileSync(join(root, "usr/file"), "foreign");
  for (const words of [["install", "nano"], ["repo", "add", "x", shop.folder], ["verify"]]) {
    const refused = await moss([...words, "-D", root, "-y"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("it holds files that moss did not put there");
  }
  expect(readdirSync(root)).toEqual(["usr"]);
});

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
    for (const prefix of [[], ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]]) {
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
      trees.push((await ask<{ tree: string }>(["state", "active", "-D", root], { prefix })).tree);
    }
    expect(trees[0]).toBe(trees[1] ?? "");
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

test("what is read only in part ends in silence, and colours are only for terminals", async () => {
  const { root } = await prepare(shop, ["nano"]);
  const head = await run(["sh", "-c", `"$0" "$1" files nano -D "$2" | head -n 1; echo "$?"`, BUN, PROGRAM, root]);
  expect([head.stdout, head.stderr]).toEqual(["/usr/bin/nano\n0\n", ""]);
  expect((await must(["li", "-D", root])).stdout).not.toContain("\u001b");
});

test("a version cannot lead a fetched stone out of its folder", async () => {
  const { root, pool } = await prepare(shop, [], []);
  makeStone(pool, "sly", {}, "1", { version: "../../sly" });
  await must(["ur", "-D", root]);
  const folder = join(shop.folder, "deep/deeper");
  await must(["fetch", "sly", "-D", root, "-o", folder]);
  expect(readdirSync(folder)).toEqual(["sly-.._.._sly-1-1-x86_64.stone"]);
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

test("every verb has help with what it takes, a manual page, and completions", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moss-manuals-"));
  try {
    await must(["--generate-manpages", folder]);
    const titles = allVerbs(MOSS).map(verbTitle);
    expect(readdirSync(folder).sort()).toEqual(titles.map((title) => `${title.replaceAll(" ", "-")}.1`).sort());
    expect(readFileSync(join(folder, "moss-install.1"), "utf8")).toContain(".SH EXIT STATUS");
    const lint = await run(["man", "--warnings", "-l", "-Tutf8", join(folder, "moss-install.1")]).catch(
      () => undefined,
    );
    if (lint !== undefined && lint.code === 0) expect(lint.stderr).toBe("");
  } finally {
    rmSync(folder, { recursive: true });
  }
  const help = await must(["state", "diff", "--help"]);
  expect(help.stdout).toContain("Usage: moss state diff [options] [before] [after]");
  expect(help.stdout).toContain("moss state diff 3 5 --files");
  for (const words of [
    [],
    ["state"],
    ["list", "nonsense"],
    ["install", "--nonsense"],
    ["state", "diff", "1", "2", "3"],
  ]) {
    const wrong = await moss(words);
    expect([wrong.code, wrong.stdout]).toEqual([2, ""]);
  }
});

test("shells complete verbs, options, packages, collections and states", async () => {
  const { root } = await prepare(shop, ["nano"]);
  const complete = async (...words: string[]) =>
    (await must(["__complete", "--", "-D", root, ...words])).lines.map((line) => line.split("\t")[0] ?? "");
  expect(await complete("inst")).toEqual(["install"]);
  expect(await complete("install", "--dr")).toEqual(["--dry-run"]);
  expect(await complete("install", "lib")).toEqual(["libc6", "libncurses6"]);
  expect(await complete("remove", "")).toEqual(["libc6", "libncurses6", "nano"]);
  expect(await complete("repo", "disable", "")).toEqual(["protosnek"]);
  expect(await complete("state", "activate", "")).toEqual(["1"]);
  expect(await complete("--cache", "")).toEqual([":directory"]);
  const bin = join(shop.folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "moss"), `#!/bin/sh\nexec "${BUN}" "${PROGRAM}" "$@"\n`, { mode: 0o755 });
  const script = `. /dev/stdin; COMP_WORDS=(moss -D "$1" remove na); COMP_CWORD=4; _moss; echo "\${COMPREPLY[*]}"`;
  const bash = await run(["bash", "-c", script, "bash", root], {
    env: { PATH: `${bin}:${process.env["PATH"] ?? ""}` },
    input: (await must(["completion", "bash"])).stdout,
  });
  expect([bash.stderr, bash.stdout]).toEqual(["", "nano\n"]);
});

test("a stone that another takes the place of while it is looked at is no way in", async () => {
  const { root, pool } = await prepare(shop);
  // The collection's folder has another stone by now than its index says.
  rmSync(join(pool, "nano-7.2.stone"));
  stone(pool, { name: "nano", version: "7.2", files: { "bin/nano": "evil" } });
  const refused = await moss(["install", "-D", root, "-y", "nano"]);
  expect(refused.code).toBe(6);
  expect(refused.stderr).toContain("moss collection update");
  expect(existsSync(`${root}/usr`)).toBe(false);
});
