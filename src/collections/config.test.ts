// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of the configuration: what it may say, who overrides whom, and how it is changed. */
import { afterAll, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Failure } from "#base/errors";
import {
  adminFile,
  configStamp,
  findCollection,
  readConfig,
  removeCollection,
  writeCollection,
} from "#collections/config";
import { knownCollections, lookUpKnown } from "#collections/known";
import { parseCollections } from "#collections/yaml";
import { mountDisk, SMALLEST, whyNoDisk } from "#tests/support/disks";
import { codeOf } from "#tests/support/failure";

const base = mkdtempSync(join(tmpdir(), "moss-config-"));
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

let made = 0;
function rootWith(files: Readonly<Record<string, string>>): string {
  const root = join(base, String(++made));
  mkdirSync(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test("the vendor's definitions come first, the admin's override them, the last of a name wins", async () => {
  const root = rootWith({
    "usr/share/moss/repo.yaml": "main: {uri: /vendor, priority: 1}\nextra: {uri: /extra, active: false}\n",
    "usr/share/moss/repo.d/a.yaml": "main: {uri: /vendor-a}\n",
    "etc/moss/repo.yaml": "other: {uri: /other, priority: 5}\n",
    "etc/moss/repo.d/z.yaml": "main: {uri: /admin, priority: 9, description: Mine}\n",
    "etc/moss/repo.d/b.yaml": "main: {uri: /admin-b}\n",
    "etc/moss/repo.d/ignored.txt": "not: yaml: at: all",
  });
  const all = await readConfig(root);
  expect(all.map((item) => [item.name, item.source, item.priority, item.active, item.vendor])).toEqual([
    ["main", { uri: "/admin" }, 9, true, false],
    ["other", { uri: "/other" }, 5, true, false],
    ["extra", { uri: "/extra" }, 0, false, true],
  ]);
  expect(findCollection(all, "main").description).toBe("Mine");
  expect(() => findCollection(all, "maim")).toThrow(Failure);
  expect(await readConfig(rootWith({}))).toEqual([]);
});

test("a root index is defined by its parts", () => {
  const text = "main:\n  base-uri: https://x.invalid/\n  version: stream/volatile\n";
  expect(parseCollections("f", text, false)[0]?.source).toEqual({
    baseUri: "https://x.invalid/",
    channel: "main",
    version: "stream/volatile",
    arch: "x86_64",
  });
  expect(parseCollections("f", "- a: {uri: /a}\n- b: {uri: /b}\n", false).map(({ name }) => name)).toEqual(["a", "b"]);
  expect(parseCollections("f", "", false)).toEqual([]);
});

test("what cannot be understood is told with its file and line", () => {
  for (const [text, problem] of [
    ["main:\n  urj: /x\n", 'f.yaml:2": unknown key "urj"'],
    ["main: {uri: /x, base-uri: /y, version: v}", "either uri or base-uri"],
    ["main: {}", "either uri or base-uri"],
    ["main: {base-uri: /y}", "no version"],
    ["main: {uri: /x, priority: -1}", "whole number"],
    ["main: {uri: /x, priority: 1.5}", "whole number"],
    ["main: {uri: /x, active: maybe}", "true or false"],
    ["main: {uri: [1]}", "no text"],
    ["a/b: {uri: /x}", 'Cannot name a collection "a/b"'],
    ["../up: {uri: /x}", "Cannot name a collection"],
    ["main: [", "f.yaml:1"],
    ["a: {uri: /x}\na: {uri: /y}", "unique"],
    ["just words", "expected collections by name"],
    [`main: {uri: ${"x".repeat(2 ** 21)}}`, "larger than 1 MiB"],
  ] as const) {
    expect(() => parseCollections("f.yaml", text, false)).toThrow(problem);
  }
});

test("a collection is written, changed and removed in a file of its own", async () => {
  const root = rootWith({});
  const stamp = configStamp(root);
  const definition = {
    name: "main",
    description: 'With "quotes": and #',
    source: { uri: "/x y" },
    priority: 3,
    active: true,
  };
  const written = writeCollection(root, definition);
  expect(await readConfig(root)).toEqual([written]);
  expect(configStamp(root)).not.toBe(stamp);
  writeCollection(root, { ...definition, active: false });
  const rooted = { baseUri: "https://x.invalid", channel: "c", version: "tag/1", arch: "aarch64" };
  writeCollection(root, { ...definition, name: "rooted", source: rooted });
  const all = await readConfig(root);
  expect(all.map(({ name, active }) => [name, active])).toEqual([
    ["main", false],
    ["rooted", true],
  ]);
  expect(findCollection(all, "rooted").source).toEqual(rooted);
  removeCollection(root, findCollection(all, "main"));
  expect(existsSync(adminFile(root, "main"))).toBe(false);
});

test("what a vendor or a shared file defines is not removed", async () => {
  const root = rootWith({
    "usr/share/moss/repo.yaml": "vendor: {uri: /v}",
    "etc/moss/repo.yaml": "shared: {uri: /s}",
  });
  for (const item of await readConfig(root)) expect(() => removeCollection(root, item)).toThrow("defines it");
});

test("a word is looked up in lists of known collections, the given one first", async () => {
  const root = rootWith({
    "list.json": '{"main": {"uri": "https://x.invalid/", "description": "The main one"}}',
    "broken.json": '{"main": 3}',
    "none.json": "nothing",
  });
  const known = knownCollections({ MOSS_COLLECTIONS: join(root, "list.json"), HOME: root });
  expect(known.get("main")).toEqual({ uri: "https://x.invalid/", description: "The main one" });
  expect(known.has("local-x86_64")).toBe(true);
  for (const name of ["broken.json", "none.json", "missing.json"]) {
    expect(() => knownCollections({ MOSS_COLLECTIONS: join(root, name) })).toThrow(name);
  }
  expect(await codeOf((async () => lookUpKnown("local-x86_65"))())).toBe("collection.unknown");
});

/** The code of the failure that work throws. */
function codeThrown(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return "none";
}

test("links of a root do not lead out of it", () => {
  const outside = rootWith({});
  const item = { name: "one", description: "", source: { uri: "file:///x" }, priority: 0, active: true };
  for (const link of ["etc", "etc/moss", "etc/moss/repo.d"]) {
    const root = rootWith({});
    mkdirSync(dirname(join(root, link)), { recursive: true });
    symlinkSync(outside, join(root, link));
    expect(codeThrown(() => writeCollection(root, item))).toBe("root.invalid");
  }
  expect(readdirSync(outside)).toEqual([]);
  const root = rootWith({ "here/x": "" });
  symlinkSync("here", join(root, "etc"));
  expect(writeCollection(root, item).name).toBe("one");
  expect(existsSync(join(root, "here/moss/repo.d/one.yaml"))).toBe(true);
});

const noDisk = await whyNoDisk("tmpfs", base);
test.skipIf(noDisk !== undefined)("a disk that is full or can only be read is told as that", async () => {
  await using disk = await mountDisk("tmpfs", SMALLEST.tmpfs, base);
  const source = { uri: "file:///srv/extra" };
  const write = (name: string) =>
    writeCollection(disk.path, { name, description: "", source, priority: 0, active: true });
  const first = write("first");
  writeFileSync(join(disk.path, "ballast"), "");
  expect(() => {
    for (;;) appendFileSync(join(disk.path, "ballast"), Buffer.alloc(4096));
  }).toThrow("ENOSPC");
  expect(codeThrown(() => write("second"))).toBe("disk.full");
  await disk.remount("ro");
  expect(codeThrown(() => write("second"))).toBe("root.readonly");
  expect(codeThrown(() => removeCollection(disk.path, first))).toBe("root.readonly");
});
