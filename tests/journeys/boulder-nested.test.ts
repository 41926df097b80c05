// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** boulder, packaged, in a moss root in a container, builds what boulder outside builds, to the last bit. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { PROGRAMS } from "#cli/names";
import { indexFolder } from "#stone/repository";
import { run } from "#sys/process";
import { sha256Hex } from "#sys/sha256";
import { type Content, makeStone } from "#tests/crash/stones";
import { HAVE_TINY, TinyBoulder } from "#tests/support/tiny-boulder";
import { buildExecutable } from "../../tools/build.ts";

/** Where the folder of the test is seen inside: another path, so that none of it can be in what is built. */
const INSIDE = "/work";

const ADDON = resolve(import.meta.dir, `../../node_modules/@lmdb/lmdb-linux-${process.arch}/node.napi.glibc.node`);

/** Libraries that the programs open by name. */
const OPENED = ["libzstd.so.1", "libxxhash.so.0", "liblzma.so.5", "libz.so.1"];

const READY = HAVE_TINY && Bun.which("bwrap") !== null && Bun.which("perl") !== null;

let tiny: TinyBoulder;
let programs: string;
beforeAll(async () => {
  if (!READY) return;
  tiny = await new TinyBoulder().begin();
  programs = join(tiny.base, "programs");
  await buildExecutable(programs);
}, 120_000);
afterAll(() => tiny?.[Symbol.dispose]());

/** Libraries of a program, its loader among them, as it finds them here. */
async function libraries(program: string): Promise<string[]> {
  const { stdout } = await run(["ldd", program]);
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path ?? "");
}

/** A package of the executable and of what boulder needs beside it: bubblewrap, Perl and their libraries. */
async function packageBoulder(folder: string): Promise<void> {
  const executable = join(programs, "moss");
  const others = ["bwrap", "perl"].map((name) => Bun.which(name) ?? "");
  const files: Record<string, Content> = {};
  const add = (to: string, from: string): void => {
    files[to] = { body: readFileSync(realpathSync(from)), mode: 0o755 };
  };
  add("bin/moss", executable);
  for (const name of PROGRAMS) if (name !== "moss") files[`bin/${name}`] = { link: "moss" };
  for (const program of others) add(`bin/${basename(program)}`, program);
  // The executable has the database's native half within it, which wants C++'s library.
  const needed = await Promise.all([executable, ADDON, ...others].map(libraries));
  const libc = needed.flat().find((path) => basename(path) === "libc.so.6") ?? "";
  needed.push(OPENED.map((name) => join(dirname(libc), name)));
  for (const path of new Set(needed.flat())) add(`lib/${basename(path)}`, path);
  makeStone(folder, "boulder", files);
  await indexFolder(folder);
}

/** All that a build wrote but the records of when and where it ran: names and digests. */
function written(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".stone") || name.startsWith("manifest."))
    .sort()
    .map((name) => `${name} ${sha256Hex(readFileSync(join(folder, name)))}`);
}

async function succeed(command: readonly string[]): Promise<void> {
  const { code, stderr, stdout } = await run(command, { cwd: tiny.base });
  expect([command.slice(0, 4), code, code === 0 ? "" : stderr + stdout]).toEqual([command.slice(0, 4), 0, ""]);
}

test.skipIf(!READY)(
  "boulder in a moss root in a container builds the bytes that it builds outside",
  async () => {
    const source = tiny.mirror(Buffer.from("one line\n"));
    tiny.recipe(`upstreams:
    - https://example.org/line.txt:
        hash: ${source}
        unpack: false
build: |
    for i in $(seq 200); do sed "s/one/$i/" %(sourcedir)/line.txt; done > lines
    test "$(wc -l < lines)" = 200
install: |
    mkdir -p %(installroot)%(bindir) %(installroot)%(datadir)/%(name)
    cp lines %(installroot)%(datadir)/%(name)
    printf '#!/bin/sh\\ncat /usr/share/%(name)/lines\\n' > %(installroot)%(bindir)/lines
    chmod 0755 %(installroot)%(bindir)/lines
packages:
    - "%(name)-data":
        summary: Its data
        description: Its data.
        paths:
            - /usr/share
`);
    const outside = await tiny.build();
    expect([outside.code, outside.stderr]).toEqual([0, expect.stringContaining("package")]);

    const collection = join(tiny.base, "tools");
    await packageBoulder(collection);
    const root = join(tiny.base, "builder");
    for (const folder of [root, join(tiny.base, "store")]) mkdirSync(folder);
    const moss = [join(programs, "moss"), "-D", root, "--cache", join(tiny.base, "store")];
    await succeed([...moss, "remote", "add", "tools", collection]);
    await succeed([...moss, "install", "-y", "boulder"]);

    // The same profile under the path that its collection has inside.
    const nested = join(tiny.base, "nested");
    for (const name of ["config", "out"]) mkdirSync(join(nested, name), { recursive: true });
    const profile = readFileSync(join(tiny.base, "config/profile.kdl"), "utf8");
    writeFileSync(join(nested, "config/profile.kdl"), profile.replaceAll(tiny.base, INSIDE));
    const own = { config: "nested/config", cache: "nested/cache", data: "data" };
    const boulder = Object.entries(own).flatMap(([name, path]) => [`--${name}-dir`, join(INSIDE, path)]);
    const container = [join(programs, "moss-container"), "-D", root, "--nested", "-b", `${tiny.base}:${INSIDE}`];
    const places = ["-o", join(INSIDE, "nested/out"), "--mirror", join(INSIDE, "mirror"), "--offline"];
    await succeed([...container, "--", "boulder", ...boulder, "bi", join(INSIDE, "recipe"), ...places]);

    const built = written(tiny.out);
    expect(built.filter((line) => line.includes(".stone ")).length).toBe(2);
    expect(written(join(nested, "out"))).toEqual(built);
  },
  180_000,
);
