// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Writes hot-pages.txt anew, after a change of the runtime's version: runs what users run often, by an executable in the
 * linker's order, and records the pages that each touches. Needs cc, and the right to userfaultfd(2), as root has.
 *
 *   node_modules/.bin/bun tools/layout/record.ts
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROGRAMS } from "#cli/names";
import { run } from "#sys/process";
import { makeStone } from "#tests/crash/stones";
import { compile } from "../build.ts";
import { buildIdOf } from "./elf.ts";
import { LIST, runsOf } from "./hot-pages.ts";

const HEAD = `# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: 2026 The Serpent tools authors
#
# Build id of a runtime; then, in the order of their first use, runs of its pages that starts touch: first page, count.
# Written by tools/layout/record.ts.
`;

const PACKAGES = 400;
const folder = mkdtempSync(join(tmpdir(), "hot-pages-"));
try {
  const program = join(folder, "moss");
  await compile(join(import.meta.dir, "../../bin/multicall.ts"), program, { asLinked: true });
  for (const name of PROGRAMS) if (name !== "moss") symlinkSync("moss", join(folder, name));
  const recorder = join(folder, "record.so");
  const compiled = await run([
    "cc",
    "-O2",
    "-shared",
    "-fPIC",
    "-Wl,-z,now",
    "-o",
    recorder,
    join(import.meta.dir, "record.c"),
    "-lpthread",
  ]);
  if (compiled.code !== 0) throw new Error(compiled.stderr);

  const stones = join(folder, "stones");
  const root = join(folder, "root");
  mkdirSync(root);
  // Enough that the runtime's compilers and its collector of garbage have something to do.
  for (let i = 0; i < PACKAGES; i++) {
    const files = Array.from({ length: 50 }, (_, n) => [`share/package-${i}/file-${n}`, `${i} ${n}`] as const);
    makeStone(stones, `package-${i}`, Object.fromEntries(files));
  }
  const moss = (...words: string[]) => ["moss", ...words, "-D", root, "-y"];
  const often: number[] = [];
  const seldom: number[] = [];
  for (const [name = "", ...words] of [
    ["moss", "--version"],
    moss("collection", "add", "local", stones),
    moss("install", ...Array.from({ length: PACKAGES - 3 }, (_, i) => `package-${i}`)),
    moss("install", `package-${PACKAGES - 1}`),
    moss("install", `package-${PACKAGES - 2}`),
    moss("remove", `package-${PACKAGES - 1}`),
    moss("state", "rollback"),
    ["moss", "list", "installed", "-D", root],
    ["moss", "search", "package", "-D", root],
    ["moss-container", "-D", "/", "--fakeroot", "/bin/true"],
    ["moss", "--help"],
    ["moss-deb", "--help"],
    ["boulder", "--help"],
  ]) {
    const log = join(folder, "log");
    const { code, stderr } = await run([join(folder, name), ...words], {
      env: { ...process.env, PAGE_LOG: log, LD_PRELOAD: recorder },
    });
    if (code !== 0) throw new Error(`${name} ${words.join(" ")} ended with ${code}: ${stderr}`);
    const pages = readFileSync(log, "utf8").trimEnd().split("\n").map(Number);
    process.stdout.write(`${name} ${words.slice(0, 2).join(" ")}: ${pages.length} pages\n`);
    // What these two do is done once; other changes need less.
    (name === "moss" && (words[0] === "collection" || words.length > PACKAGES) ? seldom : often).push(...pages);
  }
  const file = readFileSync(program);
  const runs = runsOf(file, [...often, ...seldom]);
  writeFileSync(LIST, `${HEAD}${buildIdOf(file)}\n${runs.map(({ first, count }) => `${first} ${count}\n`).join("")}`);
  const pages = runs.reduce((sum, { count }) => sum + count, 0);
  process.stdout.write(`${LIST}: ${pages} pages in ${runs.length} runs\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
