// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss inspect`, `moss extract` and `moss index` as people run them. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as forge from "#tests/cases/stone-forge";
import { makeStone } from "#tests/crash/stones";

const folder = mkdtempSync(join(tmpdir(), "journey-stones-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function moss(...args: string[]): { code: number; out: string; err: string } {
  const program = join(import.meta.dir, "../../bin/moss.ts");
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, program, ...args], { cwd: folder });
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
}

const good = makeStone(folder, "sample", {
  "bin/tool": { body: "tool", mode: 0o4755 },
  "bin/link": { link: "tool" },
  "share/dir": { directory: 0o1777 },
}).path;
const damaged = join(folder, "damaged.stone");
const bytes = readFileSync(good);
bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
writeFileSync(damaged, bytes);
/** The last byte is the first that is not as the index has it. */
const DAMAGE = "stone.digest";

test("inspect shows metadata and files", () => {
  const { code, out } = moss("inspect", good);
  expect(code).toBe(0);
  expect(out).toMatch(/sample-1\.stone {2}binary, \d+ B/);
  expect(out).toMatch(/^Name +sample$/m);
  expect(out).toMatch(/^-rwsr-xr-x {2}0:0 {2}\/usr\/bin\/tool {2}[0-9a-f]{32}$/m);
  expect(out).toMatch(/^lrwxrwxrwx {2}0:0 {2}\/usr\/bin\/link -> tool$/m);
  expect(out).toMatch(/^drwxrwxrwt {2}0:0 {2}\/usr\/share\/dir$/m);
});

test("inspect --check says what is right and ends with 1 where something is not", () => {
  const right = moss("inspect", "--check", good);
  expect([right.code, right.err]).toEqual([0, ""]);
  expect(right.out).toContain("all of it is right");
  const wrong = moss("inspect", "--check", good, damaged, join(folder, "none.stone"));
  expect(wrong.code).toBe(1);
  expect(wrong.out).toMatch(/content .* damaged$/m);
  expect(wrong.err).toMatch(/damaged\.stone": .*, expected/);
  expect(wrong.err).toMatch(/Cannot open ".*none\.stone": ENOENT/);
  expect(wrong.err).toContain("2 of 3 files cannot be used");
  const quiet = moss("inspect", "--check", "-q", good, damaged);
  expect([quiet.code, quiet.out]).toEqual([1, ""]);
});

test("inspect --json gives one value, of damaged files too", () => {
  const { code, out } = moss("inspect", "--check", "--json", good, damaged);
  expect(code).toBe(1);
  const value: unknown = JSON.parse(out);
  expect(value).toMatchObject([
    {
      path: good,
      fileType: "binary",
      problems: [],
      packages: [{ meta: { name: "sample", release: 1 } }],
      payloads: [
        { kind: "meta", intact: true },
        { kind: "layout" },
        { kind: "index" },
        { kind: "content", intact: true },
      ],
    },
    { path: damaged, problems: [{ code: DAMAGE }] },
  ]);
});

test("what a package says cannot write to the terminal", () => {
  const path = join(folder, "escape.stone");
  const records = [forge.textRecord(4, "\u001b]0;owned\u0007\u202e"), ...forge.BASIC];
  writeFileSync(path, forge.forge({ payloads: [forge.meta(records)] }));
  const { out } = moss("inspect", path);
  expect(out).toContain("owned");
  for (const obeyed of ["\u001b", "\u0007", "\u202e"]) expect(out).not.toContain(obeyed);
});

test("extract puts each stone in a folder of its own, or says why not", () => {
  const { code, out } = moss("extract", good, "-o", "out");
  expect(code).toBe(0);
  expect(out).toMatch(/^out\/sample-1-1\.x86_64 {2}2 files, 4 B$/m);
  expect(readFileSync(join(folder, "out/sample-1-1.x86_64/usr/bin/tool"), "utf8")).toBe("tool");
  const again = moss("extract", good, "-o", "out");
  expect(again.code).toBe(1);
  expect(again.err).toMatch(/Cannot extract to ".*": it exists, expected a new folder\nHint: /);
  const bad = moss("extract", damaged, "-o", "bad", "--json");
  expect(bad.code).toBe(1);
  expect(JSON.parse(bad.out)).toMatchObject({ type: "error", code: DAMAGE });
  expect(existsSync(join(folder, "bad")) ? readdirSync(join(folder, "bad")) : []).toEqual([]);
  const events = moss("extract", good, "-o", "events", "--json").out.trim().split("\n");
  expect(JSON.parse(events.at(-1) ?? "")).toMatchObject({ type: "extracted", bytes: 4 });
});

test("what lies below links of the package itself is extracted to where it is installed", () => {
  const { path } = makeStone(folder, "bent", {
    "lib/a": { link: "b" },
    "lib/b": { link: "../share/real" },
    "lib/a/x": "x",
    "lib/a/deep/y": "y",
    "share/real/z": "z",
    "lib/abs": { link: "/usr/share/real/deep" },
    "lib/abs/w": "w",
    "lib/b/up": { link: ".." },
    "lib/b/up/v": "v",
    "lib/a/deep": { directory: 0o1777 },
  });
  mkdirSync(join(folder, "bent-root"));
  const installed = moss("install", path, "-D", "bent-root", "--to", "bent-tree", "-y");
  const extracted = moss("extract", path, "-o", "bent-out");
  expect([installed.code, extracted.code, installed.err, extracted.err]).toEqual([0, 0, "", ""]);
  const script = `find . -mindepth 1 ! -type f -printf '%P %m %l\\n'; find . -type f ! -name os-release ! -name system-model.kdl ! -name .stateID -printf '%P ' -exec cat {} ';' -printf '\\n'`;
  const listing = (usr: string) =>
    Bun.spawnSync(["sh", "-c", script], { cwd: usr }).stdout.toString().trim().split("\n").sort();
  const found = listing(join(folder, "bent-out/bent-1-1.x86_64/usr"));
  expect(found).toEqual(listing(join(folder, "bent-tree/usr")));
  expect(found).toContain("share/real/deep/w w");
  expect(found).toContain("share/v v");
});

test("index, idx and ix make a collection", () => {
  mkdirSync(join(folder, "pool"));
  for (const name of ["a", "b"]) makeStone(join(folder, "pool"), name, { "bin/x": name });
  const { code, out, err } = moss("index", "pool");
  expect(code).toBe(0);
  expect(out).toMatch(/^pool\/stone\.index {2}2 packages, /m);
  expect(err).toContain("Warning: /usr/bin/x is in a and b, not the same");
  expect(moss("idx", "pool", "--no-collisions").err).toBe("");
  const json = moss("ix", "pool", "--json", "--no-collisions", "-o", ".");
  expect(JSON.parse(json.out.trim().split("\n").at(-1) ?? "")).toMatchObject({
    type: "indexed",
    packages: 2,
    index: "stone.index",
  });
  const shown = moss("inspect", "--check", "stone.index");
  expect([shown.code, shown.err]).toEqual([0, ""]);
  expect(moss("inspect", "stone.index").out).toMatch(/packageUri \(tag 14, string\) {2}pool\/a-1\.stone/);
  const missing = moss("index", "nowhere");
  expect(missing.code).toBe(1);
  expect(missing.err).toMatch(/^Error: Cannot index "nowhere": ENOENT, expected a folder that can be read/);
});
