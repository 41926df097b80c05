// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The command line of moss-deb on packages made here: words, exit codes, what goes where. apt is not asked. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT } from "#base/errors";
import { readIndex } from "#stone/repository";
import { run } from "#sys/process";
import { hasDpkgDeb, makeDeb } from "#tests/support/debs";
import { removeTemporary, temporary } from "#tests/support/imported";

afterEach(removeTemporary);
const it = test.skipIf(!hasDpkgDeb);
const PROGRAM = join(import.meta.dir, "../../bin/moss-deb.ts");

async function mossDeb(folder: string, ...words: string[]) {
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder };
  return await run([process.execPath, PROGRAM, ...words], { cwd: folder, env });
}

function debs(folder: string): string[] {
  return [
    makeDeb(folder, { name: "one", fields: { Depends: "two" }, files: { "/usr/bin/one": "1" } }),
    makeDeb(folder, { name: "two", files: { "/usr/share/two": "2", "/etc/two": "c" } }),
  ];
}

it("files become a collection, and people are told how many and where", async () => {
  const folder = temporary();
  const { code, stdout, stderr } = await mossDeb(folder, "import", "-o", "out", "--report", "r.json", ...debs(folder));
  expect([code, stderr]).toEqual([EXIT.ok, "Resolved to 2 packages\nDecided on 2 packages\nIndexed 2 stones\n"]);
  expect(stdout).toMatch(
    /^Imported 2 packages, .* of stones, in .* into .*\/out\nLost or changed: licence 2; see r\.json\n$/,
  );
  expect(readIndex(join(folder, "out/stone.index")).map(({ meta }) => meta.name)).toEqual(["one", "two"]);
  expect(JSON.parse(readFileSync(join(folder, "r.json"), "utf8"))).toMatchObject({ format: 1, totals: { licence: 2 } });
  // The cache is the user's own folder where no other is named.
  expect(existsSync(join(folder, ".cache/moss-deb/kept"))).toBe(true);
});

it("with --json stdout is events, and the report last", async () => {
  const folder = temporary();
  const { code, stdout, stderr } = await mossDeb(
    folder,
    "import",
    "--json",
    "--no-index",
    "-o",
    "out",
    ...debs(folder),
  );
  expect([code, stderr]).toEqual([EXIT.ok, ""]);
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; packages?: unknown });
  expect(events[0]).toEqual({ type: "resolved", packages: 2 });
  expect(events.at(-1)).toMatchObject({ type: "report", packages: [{ name: "one" }, { name: "two" }] });
  expect(existsSync(join(folder, "out/stone.index"))).toBe(false);
});

it("what cannot be understood is a usage error, and nothing is made", async () => {
  const folder = temporary();
  const [deb = ""] = debs(folder);
  const wrong: string[][] = [
    [],
    ["import", "-o", "out"],
    ["import", deb],
    ["import", "--profile", "quick", "-o", "out", deb],
    ["import", "--jobs", "none", "-o", "out", deb],
    ["import", "--frobnicate", "-o", "out", deb],
    ["resolve", "--max-age", "-3", "x"],
    ["index"],
    ["imprt", deb],
  ];
  for (const words of wrong) {
    const { code, stdout } = await mossDeb(folder, ...words);
    expect([words, code, stdout]).toEqual([words, EXIT.usage, ""]);
  }
  expect(existsSync(join(folder, "out"))).toBe(false);
});

it("a damaged file and a folder that somebody else fills have exit codes of their own", async () => {
  const folder = temporary();
  writeFileSync(join(folder, "bad.deb"), "no archive");
  const bad = await mossDeb(folder, "import", "-o", "out", "./bad.deb");
  expect([bad.code, bad.stdout]).toEqual([EXIT.error, ""]);
  expect(bad.stderr).toContain("bad.deb");
  const missing = await mossDeb(folder, "import", "-o", "out", "./nowhere.deb");
  expect(missing.code).toBe(EXIT.error);
  expect(missing.stderr).toMatch(/^Error: Cannot .*nowhere\.deb/);
  expect(readdirSync(folder).includes("out")).toBe(false);
});
