// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** boulder as a user runs it, over a small root: builds, what they record, and going on after a failure. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "#sys/process";
import { sha256Hex } from "#sys/sha256";
import { HAVE_TINY, TinyBoulder } from "#tests/support/tiny-boulder";

let tiny: TinyBoulder;
beforeAll(async () => {
  if (HAVE_TINY) tiny = await new TinyBoulder().begin();
});
afterAll(() => tiny?.[Symbol.dispose]());

const GREETING = `setup: |
    echo "hello from %(name)" > greeting
build: |
    sed s/hello/HELLO/ greeting > loud
install: |
    mkdir -p %(installroot)%(bindir) %(installroot)%(datadir)/%(name)
    cp loud %(installroot)%(datadir)/%(name)
    printf '#!/bin/sh\\ncat /usr/share/%(name)/loud\\n' > %(installroot)%(bindir)/greet
    chmod 0755 %(installroot)%(bindir)/greet
check: |
    grep HELLO loud
`;

const EMPTY = 'packages:\n    - "%(name)":\n        empty: true\n';

const read = (name: string): string => readFileSync(join(tiny.out, name), "utf8");

interface BuildInfo {
  readonly networking: boolean;
  readonly jobs: number;
  readonly root: readonly { readonly name: string }[];
}

const buildInfo = (): BuildInfo => JSON.parse(read("sample.x86_64.buildinfo.json")) as BuildInfo;

test.skipIf(!HAVE_TINY)("a recipe becomes a stone, manifests, logs and a record of the root", async () => {
  tiny.recipe(GREETING);
  const result = await tiny.build(["-j", "3"]);
  expect([result.code, result.stderr]).toEqual([0, expect.stringContaining("check took")]);
  expect(readdirSync(tiny.out).sort()).toEqual([
    "manifest.x86_64.bin",
    "manifest.x86_64.jsonc",
    "sample-1-1-1-x86_64.stone",
    "sample.x86_64.analysis.json",
    "sample.x86_64.buildinfo.json",
  ]);
  const info = buildInfo();
  expect([info.networking, info.jobs, info.root.map((item) => item.name)]).toEqual([false, 3, ["tiny"]]);
  expect(readdirSync(join(tiny.cache, "builds/sample-1-1/logs")).sort()).toEqual([
    "events.jsonl",
    "x86_64-build.log",
    "x86_64-check.log",
    "x86_64-install.log",
    "x86_64-setup.log",
  ]);
});

test.skipIf(!HAVE_TINY)("the same recipe gives the same bytes, and agrees with its manifest", async () => {
  tiny.recipe(GREETING);
  expect((await tiny.build()).code).toBe(0);
  const first = sha256Hex(readFileSync(join(tiny.out, "sample-1-1-1-x86_64.stone")));
  const manifest = join(tiny.base, "committed.jsonc");
  writeFileSync(manifest, read("manifest.x86_64.jsonc"));
  const again = await tiny.build(["-j", "1", "--verify", manifest]);
  expect([again.code, again.stderr]).toEqual([0, expect.stringContaining("found ready")]);
  expect(sha256Hex(readFileSync(join(tiny.out, "sample-1-1-1-x86_64.stone")))).toBe(first);
  tiny.recipe(GREETING.replace("greet\n", "welcome\n").replace("%(bindir)/greet\n", "%(bindir)/welcome\n"));
  const error = await tiny.failure(["--verify", manifest]);
  expect(error.code).toBe("manifest.differs");
  expect(error.message).toContain("binary(greet)");
  expect(error.message).toContain("binary(welcome)");
});

test.skipIf(!HAVE_TINY)(
  "a failure names command, recipe line and last lines; the build goes on from its phase",
  async () => {
    const broken = GREETING.replace("sed s/hello/HELLO/ greeting > loud", "echo before\n    cat nowhere");
    const path = tiny.recipe(broken);
    const line = broken.split("\n").findIndex((text) => text.includes("cat nowhere")) + 1 + 8;
    const error = await tiny.failure();
    expect([error.code, error.exit]).toEqual(["build.failed", 1]);
    expect(error.message).toContain(`build for x86_64 failed at ${path}:${line}`);
    expect(error.message).toContain("command: cat nowhere");
    expect(error.message).toMatch(/\| before\n/);
    expect(error.message).toContain("No such file or directory");
    expect(error.hint).toContain("x86_64-build.log");
    // The fixed recipe goes on where the other stopped: setup is not run again.
    tiny.recipe(GREETING.replace("hello from", "changed from"));
    const result = await tiny.build(["--from", "build"]);
    expect([result.code, result.stderr]).toEqual([0, expect.not.stringContaining("setup took")]);
  },
);

test.skipIf(!HAVE_TINY)("checks can be left out, and going on needs a build that was begun", async () => {
  tiny.recipe(GREETING.replace("grep HELLO loud", "false"));
  expect((await tiny.failure()).message).toContain("check for x86_64 failed");
  expect((await tiny.build(["--no-check"])).code).toBe(0);
  expect((await tiny.failure(["--from", "build"])).message).toContain("no build of it was begun");
  expect((await tiny.failure(["--from", "paint"])).code).toBe("usage");
});

test.skipIf(!HAVE_TINY)(
  "a shell enters the root where the last build failed, and one opens there at once",
  async () => {
    tiny.recipe(GREETING.replace("grep HELLO loud", "false"));
    const input = "cat loud\necho $SOURCE_DATE_EPOCH\nexit 3\n";
    const build = await tiny.build(["--shell"], { input });
    expect([build.code, build.stdout]).toEqual([1, expect.stringMatching(/^HELLO from sample\n\d+\n/)]);
    const entered = await run([...tiny.command, "chroot", join(tiny.base, "recipe")], { input });
    expect([entered.code, entered.stdout]).toEqual([3, expect.stringMatching(/^HELLO from sample\n\d+\n/)]);
  },
);

test.skipIf(!HAVE_TINY)("what is missing is told with the package that has it", async () => {
  for (const [command, told] of [
    ["extra", 'Missing was the program extra: extra has it; add "binary(extra)" to builddeps.'],
    ["echo \"Package 'extra', required by 'virtual:world', not found\"; false", 'add "pkgconfig(extra)" to builddeps.'],
    [
      'echo "a.c:1:10: fatal error: extra.h: No such file or directory"; false',
      'Missing was the header extra.h: extra has it; add "extra"',
    ],
  ] as const) {
    tiny.recipe(`build: |\n    ${command}\n`);
    const error = await tiny.failure();
    expect(error.hint).toContain(told);
  }
  tiny.recipe(
    'builddeps:\n    - binary(extra)\nbuild: |\n    extra\npackages:\n    - "%(name)":\n        empty: true\n',
  );
  expect((await tiny.build()).code).toBe(0);
  tiny.recipe("builddeps:\n    - binary(nothing)\nbuild: |\n    true\n");
  const error = await tiny.failure();
  expect([error.code, error.exit]).toEqual(["solver.unsatisfied", 5]);
});

test.skipIf(!HAVE_TINY)("the network is there only where the recipe asks, is told, and is recorded", async () => {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("reached") });
  try {
    const ask = `build: |\n    printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 127.0.0.1 ${server.port}\ninstall: |\n    true\npackages:\n    - "%(name)":\n        empty: true\n`;
    tiny.recipe(ask);
    expect((await tiny.failure()).code).toBe("build.failed");
    tiny.recipe(`networking: true\n${ask}`);
    const result = await tiny.build();
    expect([result.code, result.stderr]).toEqual([0, expect.stringContaining("The recipe asks for the network")]);
    expect(result.stderr).toContain("reached");
    expect(buildInfo().networking).toBe(true);
  } finally {
    await server.stop(true);
  }
});

test.skipIf(!HAVE_TINY)("a build changes neither its root nor the store, whatever it writes", async () => {
  tiny.recipe(
    'build: |\n    chown 12:34 .\n    stat -c %%u:%%g .\n    rm /usr/bin/sed\n    echo changed > /usr/bin/busybox\npackages:\n    - "%(name)":\n        empty: true\n',
  );
  expect((await tiny.build()).code).toBe(0);
  const before = tiny.cacheState();
  const result = await tiny.build();
  expect([result.code, result.stderr]).toEqual([0, expect.stringContaining("12:34")]);
  const times = (list: readonly string[]) => list.filter((line) => !line.includes(".moss-tree"));
  expect(times(tiny.cacheState())).toEqual(times(before));
  expect(existsSync(join(tiny.cache, "builds/sample-1-1/build"))).toBe(false);
});

const boulder = (...words: string[]) => run([...tiny.command, ...words]);

test.skipIf(!HAVE_TINY)("a plan tells the root with reasons, flags and scripts, and builds nothing", async () => {
  const path = tiny.recipe(`builddeps:\n    - pkgconfig(extra)\n${GREETING}`);
  const before = tiny.cacheState();
  const { code, stdout } = await boulder("plan", path, "--json");
  expect(code).toBe(0);
  const plan = JSON.parse(stdout) as {
    hash: string;
    packages: readonly { name: string; asked: boolean; reason: string }[];
    stages: readonly { flags: { c: string }; phases: readonly { phase: string; lines: readonly unknown[] }[] }[];
  };
  expect(plan.packages.map(({ name, asked, reason }) => [name, asked, reason])).toEqual([
    ["extra", true, "pkgconfig(extra) (builddeps)"],
    ["tiny", true, "tiny (every build)"],
  ]);
  const [stage] = plan.stages;
  const hashOf = async (...args: string[]) =>
    (JSON.parse((await boulder("plan", path, "--json", ...args)).stdout) as { hash: string }).hash;
  expect(await hashOf()).toBe(plan.hash);
  expect(await hashOf("--toolchain", "llvm")).not.toBe(plan.hash);
  expect(stage?.flags.c).toContain("-O2");
  expect(stage?.phases.map((item) => item.phase)).toEqual(["setup", "build", "install", "check"]);
  expect(stage?.phases[1]?.lines).toContainEqual({
    text: "sed s/hello/HELLO/ greeting > loud",
    line: 14,
    via: [],
  });
  const text = await boulder("plan", path, "--phase", "build");
  expect(text.stdout).toContain("sed s/hello/HELLO/ greeting > loud");
  expect(tiny.cacheState().filter((line) => line.includes("/roots/"))).toEqual(
    before.filter((line) => line.includes("/roots/")),
  );
});

test.skipIf(!HAVE_TINY)("sources are fetched once, and unpacked by every build from then on", async () => {
  const folder = join(tiny.base, "source");
  mkdirSync(join(folder, "top"), { recursive: true });
  writeFileSync(join(folder, "top/data"), "from upstream\n");
  const made = await run(["tar", "-czf", join(folder, "a.tar.gz"), "-C", folder, "top"]);
  expect(made.code).toBe(0);
  const hash = tiny.mirror(readFileSync(join(folder, "a.tar.gz")));
  const path = tiny.recipe(
    `upstreams:\n    - https://example.invalid/a.tar.gz: ${hash}\nbuild: |\n    cat data\n${EMPTY}`,
  );
  const fetched = await boulder("fetch", path, "--mirror", join(tiny.base, "mirror"), "--json");
  expect(JSON.parse(fetched.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
    type: "result",
    recipes: [{ recipe: "sample", sources: [{ sha256: hash }] }],
  });
  rmSync(join(tiny.base, "mirror", hash));
  const built = await tiny.build();
  expect([built.code, built.stderr]).toEqual([0, expect.stringContaining("from upstream")]);
});

test.skipIf(!HAVE_TINY)("profiles are added, listed and refreshed", async () => {
  const place = join(tiny.base, "collection");
  const added = await boulder(
    "profile",
    "add",
    "two layers",
    "-r",
    `name=low,uri=${place}`,
    "-r",
    `name=high,uri=${place},priority=9`,
  );
  expect([added.code, added.stdout]).toEqual([0, expect.stringContaining("two_layers: high offers 2 packages")]);
  const listed = await boulder("profile", "list");
  expect(listed.stdout).toContain(`two_layers: (family serpent)\n - low = ${place} [0]\n - high = ${place} [9]`);
  await boulder("profile", "add", "local-x86_64", "-r", `name=tiny,uri=${place}`);
  expect((await boulder("profile", "list")).stdout).toContain("local-x86_64: (family tiny)");
  const updated = await boulder("profile", "update", "-p", "two_layers", "--json");
  expect(JSON.parse(updated.stdout)).toEqual({
    type: "refreshed",
    profile: "two_layers",
    collections: { low: 2, high: 2 },
  });
  expect((await boulder("profile", "update", "-p", "two_layer")).stderr).toContain('Did you mean "two_layers"?');
});

test.skipIf(!HAVE_TINY)("what is built goes to the local collection, and the next build can have it", async () => {
  const local = join(tiny.cache, "collections/local-x86_64");
  tiny.recipe(GREETING, 'name: first\nversion: "1"\nrelease: 1\n');
  expect((await tiny.build(["-l"])).code).toBe(0);
  expect(readdirSync(local)).toContain("stone.index");
  // Manifests of all recipes have one name, so they are apart here.
  expect(readdirSync(join(local, "manifests/first")).sort()).toEqual(["manifest.x86_64.bin", "manifest.x86_64.jsonc"]);
  const added = await boulder(
    "profile",
    "add",
    "chained",
    "--family",
    "tiny",
    "-r",
    `name=tiny,uri=${join(tiny.base, "collection")}`,
    "-r",
    `name=local,uri=${local},priority=9`,
  );
  expect(added.code).toBe(0);
  tiny.recipe(
    `builddeps:\n    - binary(greet)\nbuild: |\n    greet\n${EMPTY}`,
    'name: second\nversion: "1"\nrelease: 1\n',
  );
  const built = await tiny.build(["-p", "chained"]);
  expect([built.code, built.stderr]).toEqual([0, expect.stringContaining("HELLO from first")]);
});

const asNobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
const reader = ["test", "-r", join(import.meta.dir, "../../bin/boulder.ts")];
const canBeNobody =
  process.getuid?.() === 0 && Bun.which("setpriv") !== null && (await run([...asNobody, ...reader])).code === 0;

test.skipIf(!HAVE_TINY || !canBeNobody)("a user without any rights builds the same bytes", async () => {
  tiny.recipe(GREETING);
  expect((await tiny.build()).code).toBe(0);
  const stone = "sample-1-1-1-x86_64.stone";
  const byRoot = sha256Hex(readFileSync(join(tiny.out, stone)));
  expect((await run(["chown", "-R", "65534:65534", tiny.base])).code).toBe(0);
  rmSync(tiny.cache, { recursive: true });
  rmSync(join(tiny.out, stone));
  const result = await run([...asNobody, ...tiny.buildCommand()], { env: { ...process.env, HOME: tiny.base } });
  expect([result.code, result.stderr]).toEqual([0, expect.any(String)]);
  expect(sha256Hex(readFileSync(join(tiny.out, stone)))).toBe(byRoot);
});
