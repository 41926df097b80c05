// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Builds that go wrong on purpose: each ends with a coded error, and leaves mounts, processes and what outlives builds
 * (roots, store, verified sources) as they were.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { gzipSync } from "node:zlib";
import { Groups } from "#container/cgroup";
import { machineState, processesWith } from "#tests/support/machine-state";
import { HAVE_TINY, TinyBoulder } from "#tests/support/tiny-boulder";

let tiny: TinyBoulder;
beforeAll(async () => {
  if (!HAVE_TINY) return;
  tiny = await new TinyBoulder().begin();
  // The root is made once, so that later builds can be compared by what they leave.
  tiny.recipe(EMPTY);
  expect((await tiny.build()).code).toBe(0);
});
afterAll(() => tiny?.[Symbol.dispose]());

const EMPTY = 'packages:\n    - "%(name)":\n        empty: true\n';
const isRoot = process.getuid?.() === 0;
using groups = Groups.create({ memory: 2 ** 30 }, false);
/** Where no control groups can be made, each process of a phase is bounded by itself, and dd finds the words. */
const usedUp = groups.enforced.includes("memory") ? "it used up its memory" : "out of memory";

/** What a failed build may change: when its root was last used. */
function leftBehind() {
  const cache = tiny.cacheState().filter((line) => !line.includes(".moss-tree"));
  const machine = machineState(tiny.base);
  return { cache, machine, processes: processesWith(tiny.cache) };
}

/** Runs what fails between two looks at machine and cache. */
async function leavesNothing<T>(action: () => Promise<T>): Promise<T> {
  const before = leftBehind();
  const result = await action();
  expect(leftBehind()).toEqual(before);
  return result;
}

test.skipIf(!HAVE_TINY)("malformed recipes are refused with line and reason", async () => {
  for (const [keys, code, said] of [
    ["build: [\n", "recipe.invalid", "stone.yaml"],
    ["build: {a: b}\n", "recipe.invalid", ":9"],
    ["build: |\n    %nonsense\n", "macro.invalid", ":10"],
    ["upstreams:\n    - https://example.org/a.tar.gz: 1234\n", "recipe.invalid", "hash"],
    ["upstreams:\n    - ../../etc/passwd: 1234\n", "recipe.invalid", ":10"],
    ["tuning:\n    - nosuch\n", "macro.invalid", "nosuch"],
    ["architectures:\n    - pdp11\n", "recipe.invalid", "pdp11"],
    ["summary: again\n", "recipe.invalid", "summary"],
  ] as const) {
    tiny.recipe(keys);
    const error = await leavesNothing(() => tiny.failure());
    expect([keys, error.code]).toEqual([keys, code]);
    expect(error.message).toContain(said);
  }
});

test.skipIf(!HAVE_TINY)("a source that is not what its hash says is not used, nor kept", async () => {
  const hash = tiny.mirror(Buffer.from("something else"), "ab".repeat(32));
  tiny.recipe(`upstreams:\n    - https://example.org/a.tar.gz: ${hash}\n${EMPTY}`);
  const error = await leavesNothing(() => tiny.failure());
  expect([error.code, error.exit]).toEqual(["upstream.digest", 6]);
});

/** One entry of a tar archive (ustar), with its header's check sum right. */
function tarEntry(name: string, type: string, body = "", link = ""): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${body.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write(type, 156);
  header.write(link, 157);
  header.write("ustar\x0000", 257);
  header.write("0000001\0", 329);
  header.write("0000003\0", 337);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, Buffer.from(body), Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

test.skipIf(!HAVE_TINY)("archives cannot write outside their folder, nor bring devices", async () => {
  const outside = join(tiny.base, "outside");
  for (const entries of [
    [tarEntry("top/../../../../../outside", "0", "x")],
    [tarEntry(outside, "0", "x")],
    [tarEntry("top/link", "2", "", "../../../../.."), tarEntry("top/link/outside", "0", "x")],
    [tarEntry("top/link", "2", "", tiny.base), tarEntry("top/link/outside", "0", "x")],
    [tarEntry("top/hard", "1", "", "/etc/passwd")],
    [tarEntry("top/null", "3")],
    [tarEntry("top/disk", "4")],
  ]) {
    const hash = tiny.mirror(gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)])));
    tiny.recipe(
      `upstreams:\n    - https://example.org/a.tar.gz:\n        hash: ${hash}\n        stripdirs: 0\n${EMPTY}`,
    );
    const error = await tiny.failure();
    expect(error.code).toBe("upstream.unsafe");
    expect(existsSync(outside)).toBe(false);
  }
});

test.skipIf(!HAVE_TINY)("an upstream does not go through the links of another", async () => {
  const outside = join(tiny.base, "outside");
  mkdirSync(outside);
  const pack = (entry: Buffer) => tiny.mirror(gzipSync(Buffer.concat([entry, Buffer.alloc(1024)])));
  const first = pack(tarEntry("top/vendor", "2", "", outside));
  const second = pack(tarEntry("top/file", "0", "x"));
  tiny.recipe(`upstreams:
    - https://example.org/a.tar.gz: ${first}
    - https://example.org/b.tar.gz:
        hash: ${second}
        unpackdir: a.tar.gz/vendor
${EMPTY}`);
  const error = await tiny.failure();
  expect([error.code, error.message]).toEqual(["upstream.unsafe", expect.stringContaining('"vendor" is a link')]);
  expect(readdirSync(outside)).toEqual([]);
});

test.skipIf(!HAVE_TINY)("what a phase puts in the place of its last word is not followed", async () => {
  const secret = join(tiny.base, "secret");
  writeFileSync(secret, "1 1\nhost-secret\n");
  for (const script of [
    "busybox mkfifo /mason/status/failure\n    exit 3",
    `ln -s ${secret} /mason/status/failure\n    exit 3`,
    "ln -s /dev/zero /mason/status/failure\n    exit 3",
  ]) {
    tiny.recipe(`build: |\n    ${script}\n${EMPTY}`);
    const error = await tiny.failure([], { timeout: 20_000 });
    expect([error.code, error.message]).toEqual(["build.failed", expect.stringContaining("code 3")]);
    expect(error.message).not.toContain("host-secret");
  }
  tiny.recipe(`build: |\n    mkdir -p /mason/status/failure/folder\ninstall: |\n    true\n${EMPTY}`);
  expect((await tiny.build()).code).toBe(0);
});

test.skipIf(!HAVE_TINY)("a phase that hangs is ended after its time, with all that it started", async () => {
  tiny.recipe(`build: |\n    sleep 1234 &\n    sleep 5678\n${EMPTY}`);
  const error = await leavesNothing(() => tiny.failure(["--timeout", "1"]));
  expect([error.code, error.message]).toEqual(["build.failed", expect.stringContaining("longer than 1 seconds")]);
  expect(processesWith("sleep 1234")).toEqual([]);
});

test.skipIf(!HAVE_TINY)("a phase that forks for ever meets a bound and ends", async () => {
  // Sleeping children: the bound is met without taking the machine from others.
  tiny.recipe(`build: |\n    busybox sh -c 'while true; do sleep 9876 & done'\n${EMPTY}`);
  const error = await leavesNothing(() => tiny.failure(["--processes", "200"]));
  expect([error.code, error.message]).toEqual(["build.failed", expect.stringContaining("can't fork")]);
  expect(processesWith("sleep 9876")).toEqual([]);
});

test.skipIf(!HAVE_TINY)("a phase that uses up its memory is ended, and says so", async () => {
  // dd holds one block of this size in memory.
  const hungry = (size: string) => `build: |\n    dd if=/dev/zero of=/dev/null bs=${size} count=1\n${EMPTY}`;
  tiny.recipe(hungry("512M"));
  const error = await leavesNothing(() => tiny.failure(["--memory", "64"]));
  expect([error.code, error.message]).toEqual(["build.failed", expect.stringContaining(usedUp)]);
  expect(error.message).toContain("command: dd if=/dev/zero");
  expect((await tiny.build(["--memory", "1024"])).code).toBe(0);
  tiny.recipe(hungry("16M"));
  expect((await tiny.build(["--memory", "64"])).code).toBe(0);
});

test.skipIf(!HAVE_TINY || !groups.enforced.includes("memory"))(
  "the profile's bound holds where none is asked for",
  async () => {
    const path = join(tiny.base, "config/profile.kdl");
    const profile = readFileSync(path, "utf8");
    writeFileSync(path, profile.replace('family "tiny"', 'family "tiny"\n    memory 64'));
    try {
      // A child is what the kernel ends: the phase still says why.
      const hungry = "busybox sh -c 'dd if=/dev/zero of=/dev/null bs=512M count=1; exit 3'";
      tiny.recipe(`build: |\n    ${hungry}\n${EMPTY}`);
      const error = await leavesNothing(() => tiny.failure());
      expect([error.code, error.message]).toEqual([
        "build.failed",
        expect.stringContaining("it used up its memory (64 MiB)"),
      ]);
      expect(error.hint).toContain("--memory");
      const more = await tiny.failure(["--memory", "1024"]);
      expect(more.message).toContain("failed at");
      expect(more.message).not.toContain("memory");
    } finally {
      writeFileSync(path, profile);
    }
  },
);

test.skipIf(!HAVE_TINY || !isRoot)("a build that fills the disk says so", async () => {
  const small = join(tiny.base, "small");
  mkdirSync(small);
  expect(spawnSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", small]).status).toBe(0);
  try {
    tiny.recipe(`build: |\n    dd if=/dev/zero of=big bs=1M count=100\n${EMPTY}`);
    const command = tiny.buildCommand(["--cache-dir", small, "--json"]);
    const result = spawnSync(command[0] ?? "", command.slice(1), { encoding: "utf8" });
    const error = JSON.parse(result.stdout.trimEnd().split("\n").at(-1) ?? "") as { code: string };
    expect([result.status, error.code]).toEqual([1, "disk.full"]);
  } finally {
    expect(spawnSync("umount", [small]).status).toBe(0);
    rmSync(small, { recursive: true });
  }
});

/** Starts a build and waits until its phase runs. */
async function started(): Promise<ReturnType<typeof spawn>> {
  tiny.recipe(`build: |\n    echo started > %(buildroot)/mark\n    sleep 4321\n${EMPTY}`);
  const mark = join(tiny.cache, "builds/sample-1-1/build/x86_64/mark");
  rmSync(mark, { force: true });
  const command = tiny.buildCommand(["--json"]);
  const child = spawn(command[0] ?? "", command.slice(1), { stdio: ["ignore", "pipe", "ignore"] });
  while (!existsSync(mark) && child.exitCode === null) await Bun.sleep(20);
  return child;
}

const ended = (child: ReturnType<typeof spawn>) =>
  new Promise<number | null>((done) => {
    if (child.exitCode !== null) done(child.exitCode);
    else child.once("exit", (code) => done(code));
  });

test.skipIf(!HAVE_TINY)("a build that is interrupted ends at once with all its processes", async () => {
  await leavesNothing(async () => {
    const child = await started();
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    const exit = ended(child);
    child.kill("SIGINT");
    expect(await exit).toBe(1);
    expect(JSON.parse(output.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ code: "interrupted" });
    expect(processesWith("sleep 4321")).toEqual([]);
  });
});

test.skipIf(!HAVE_TINY)("a killed build takes its container along, and the next one is not in its way", async () => {
  const before = leftBehind();
  const child = await started();
  const exit = ended(child);
  child.kill("SIGKILL");
  await exit;
  // Nobody waits for what a killed program leaves: the kernel takes it away in its own time.
  for (let i = 0; i < 200 && !isDeepStrictEqual(leftBehind(), before); i++) await Bun.sleep(20);
  expect(leftBehind()).toEqual(before);
  tiny.recipe(EMPTY);
  expect((await tiny.build()).code).toBe(0);
});

test.skipIf(!HAVE_TINY)("a second build of the same recipe is told who is at it; others go on beside it", async () => {
  const child = await started();
  try {
    const error = await tiny.failure();
    expect([error.code, error.exit]).toEqual(["build.busy", 9]);
    expect(error.message).toContain(`process ${child.pid} is building it`);
    tiny.recipe(EMPTY, 'name: other\nversion: "1"\nrelease: 1\n');
    expect((await tiny.build()).code).toBe(0);
  } finally {
    const exit = ended(child);
    child.kill("SIGTERM");
    await exit;
  }
});

test.skipIf(!HAVE_TINY)("files outside /usr are refused by name and nothing is written", async () => {
  tiny.recipe("install: |\n    mkdir -p %(installroot)/etc\n    echo x > %(installroot)/etc/sample.conf\n");
  rmSync(tiny.out, { recursive: true });
  const error = await leavesNothing(() => tiny.failure());
  expect([error.code, error.message]).toEqual(["package.path", expect.stringContaining("/etc/sample.conf")]);
  expect(existsSync(join(tiny.out, "manifest.x86_64.bin"))).toBe(false);
});

test.skipIf(!HAVE_TINY)("a place for the result that is none is told before anything is built", async () => {
  tiny.recipe(`build: |\n    echo BUILT\n${EMPTY}`);
  const file = join(tiny.base, "a-file");
  writeFileSync(file, "");
  for (const args of [
    ["-o", file],
    ["-o", join(file, "below")],
    ["--verify", join(tiny.base, "nowhere.bin")],
  ]) {
    const result = await tiny.build([...args, "--json"]);
    expect([args, result.code]).toEqual([args, 1]);
    expect(result.stdout).not.toContain("BUILT");
    expect(JSON.parse(result.stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ type: "error", code: "io" });
  }
});

test.skipIf(!HAVE_TINY)("what a build makes lies where nobody else on the host can run it", async () => {
  tiny.recipe(`build: |\n    cp /usr/bin/busybox su\n    chmod 4755 su\n    false\n${EMPTY}`);
  expect((await tiny.failure()).code).toBe("build.failed");
  expect(statSync(join(tiny.cache, "builds/sample-1-1/build/x86_64/su")).mode & 0o7777).toBe(0o4755);
  expect(statSync(join(tiny.cache, "builds/sample-1-1")).mode & 0o777).toBe(0o700);
});

test.skipIf(!HAVE_TINY)(
  "what output a build makes, it cannot change the terminal, and its log has every byte",
  async () => {
    tiny.recipe(`build: |\n    printf '\\033[2J\\033]0;title\\007\\377bytes\\n'\n${EMPTY}`);
    const result = await tiny.build();
    expect(result.code).toBe(0);
    const codes = Array.from(Buffer.from(result.stderr)).filter((code) => code < 32 && code !== 9 && code !== 10);
    expect(codes).toEqual([]);
    const log = readFileSync(join(tiny.cache, "builds/sample-1-1/logs/x86_64-build.log"));
    expect(log.includes(Buffer.from([0x1b, 0x5b, 0x32, 0x4a]))).toBe(true);
    expect(log.includes(Buffer.from([0xff, 0x62]))).toBe(true);
  },
);
