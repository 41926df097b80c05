// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Journeys with the moss program: disks that are full or can only be read, folders that are others'. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "#sys/process";
import { BUN, installed, moss, must, PROGRAM, SYSTEM, Workshop } from "./moss.ts";

setDefaultTimeout(60_000);
const shop = new Workshop();
afterAll(() => shop[Symbol.dispose]());

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
  for (const words of [
    ["install", "nano"],
    ["repo", "add", "x", shop.folder],
  ]) {
    const refused = await moss([...words, "-D", root, "-y"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("it holds files that moss did not put there");
  }
  // Nothing is said of files that moss knows nothing of.
  expect((await must(["verify", "-D", root])).stdout).toBe(
    "moss has never installed anything here, so there is nothing to verify.\n",
  );
  expect(readdirSync(root)).toEqual(["usr"]);
});

test("what needs an earlier state makes nothing in a folder that moss has never made anything in", async () => {
  const root = shop.root();
  const tree = join(shop.folder, "no such tree");
  const refused: (readonly [string[], string])[] = [
    [["install", "nano"], "no package has this name"],
    [["remove", "nano"], "no installed package has this name"],
    [["upgrade", "nano"], "no installed package has this name"],
    [["upgrade", "--to", tree], "moss has never installed anything in it"],
    [["state", "activate", "1"], "no state has this number"],
    [["state", "rollback"], "no state is live"],
    [["state", "remove", "1"], "no state has this number"],
    [["state", "label", "1", "x"], "no state has this number"],
    [["repo", "enable", "x"], "Cannot"],
    [["repo", "update", "x"], "Cannot"],
  ];
  for (const [words, said] of refused) {
    const result = await moss([...words, "-D", root, "-y"]);
    expect([words, result.code === 0, result.stderr]).toEqual([words, false, expect.stringContaining(said)]);
    expect([words, readdirSync(root)]).toEqual([words, []]);
  }
  for (const words of [
    ["install"],
    ["remove"],
    ["upgrade"],
    ["state", "prune"],
    ["cache", "clean"],
    ["recover"],
    ["repo", "update"],
  ]) {
    await must([...words, "-D", root, "-y"]);
    expect([words, readdirSync(root)]).toEqual([words, []]);
  }
});

test("a store that somebody has deleted is asked for with the way back, and the way leads back", async () => {
  const root = shop.root();
  const cache = join(shop.folder, "cache that goes");
  mkdirSync(cache);
  await must(["remote", "add", "-D", root, "--cache", cache, "p", shop.collection("of the cache", SYSTEM)]);
  await must(["install", "-D", root, "-y", "nano"]);
  rmSync(cache, { recursive: true });
  for (const words of [["install", "which"], ["verify"]]) {
    const refused = await moss([...words, "-D", root, "-y"]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("moss verify --repair")]);
    expect(refused.stderr).toContain(cache);
  }
  // Asking needs no store.
  expect(await installed(root)).toContain("nano 7.2");
  mkdirSync(cache);
  expect((await must(["verify", "--repair", "-y", "-D", root])).stdout).toContain("Everything is repaired");
  await must(["install", "-D", root, "-y", "which"]);
  expect((await must(["verify", "-D", root])).stdout).toContain("no difference found");
});

test("a path whose bytes are no text is refused, never taken for another", async () => {
  // The runtime shows both names as the same text, and only the second one is that.
  const script = `bad=$(printf 'b\\377\\376d'); good='b\ufffd\ufffdd'; mkdir "$bad" "$good"; ln -s "$bad" plain
ask() { "$bun" "$program" list installed "$@" && echo 0 || echo $?; }
bun=$1; program=$2; ask -D "$good"; ask -D "$bad"; ask -D plain; cd "$bad"; ask -D .; ls -A`;
  const folder = shop.root();
  const result = await run(["sh", "-euc", script, "sh", BUN, PROGRAM], { cwd: folder });
  expect(result.stdout).toBe("0\n2\n1\n2\n");
  expect(result.stderr.match(/Error: .*/g)).toEqual([
    expect.stringContaining("its bytes are no UTF-8 text"),
    expect.stringMatching(/Cannot open the root "plain": the bytes of its path .* are no UTF-8 text/),
    expect.stringMatching(/Cannot work in .*: the bytes of its path are no UTF-8 text/),
  ]);
});
