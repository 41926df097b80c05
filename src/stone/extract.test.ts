// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Extraction: everything that a stone holds, nothing outside its folder, nothing at all where it is not right. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { utf8 } from "#base/bytes";
import { Failure } from "#base/errors";
import { type ExtractEvent, extractStone } from "#stone/extract";
import { SafeFolder } from "#stone/safe-folder";
import * as forge from "#tests/cases/stone-forge";
import { makeStone } from "#tests/crash/stones";

const folder = mkdtempSync(join(tmpdir(), "stone-extract-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const asRoot = process.geteuid?.() === 0;

let serial = 0;
function fresh(): string {
  return join(folder, `${serial++}`);
}

function forged(...payloads: forge.ForgedPayload[]): string {
  const path = `${fresh()}.stone`;
  writeFileSync(path, forge.forge({ payloads }));
  return path;
}

function codeOf(work: () => void): string {
  try {
    work();
    return "ok";
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
}

test("files, links, folders, modes, owners, attributes and equal bodies are all there", () => {
  const { path } = makeStone(fresh(), "sample", {
    "bin/tool": { body: "tool", mode: 0o4755, uid: 12, gid: 34 },
    "bin/same": { body: "tool", mode: 0o600 },
    "bin/link": { link: "../share/none" },
    "share/empty": "",
    [`share/${"n".repeat(255)}`]: "long name",
    "share/closed": { directory: 0o1711, uid: 5 },
    "share/closed/within": "within",
    "share/noted": { body: "noted", xattrs: new Map([["user.note", utf8("hello")]]) },
  });
  const out = fresh();
  const events: ExtractEvent[] = [];
  const target = extractStone(path, out, { onEvent: (event) => events.push(event) });
  expect(target).toBe(join(out, "sample-1-1.x86_64"));
  expect(readdirSync(out)).toEqual(["sample-1-1.x86_64"]);
  const at = (name: string) => join(target, "usr", name);
  const bits = (name: string) => lstatSync(at(name)).mode & 0o7777;
  expect(readFileSync(at("bin/tool"), "utf8")).toBe("tool");
  expect(readFileSync(at("bin/same"), "utf8")).toBe("tool");
  expect(readFileSync(at(`share/${"n".repeat(255)}`), "utf8")).toBe("long name");
  expect(lstatSync(at("share/empty")).size).toBe(0);
  expect(readlinkSync(at("bin/link"))).toBe("../share/none");
  // Set-id bits and owners are only given by root.
  expect(bits("bin/tool")).toBe(asRoot ? 0o4755 : 0o755);
  expect(bits("bin/same")).toBe(0o600);
  expect(bits("share/closed")).toBe(asRoot ? 0o1711 : 0o711);
  expect(bits("share")).toBe(0o755);
  expect(lstatSync(target).mode & 0o777).toBe(0o755);
  if (asRoot) {
    const { uid, gid } = lstatSync(at("bin/tool"));
    expect([uid, gid]).toEqual([12, 34]);
    expect(lstatSync(at("share/closed")).uid).toBe(5);
  }
  const files = events.filter((event) => event.type === "file");
  expect(files.length).toBe(7);
  expect(events[0]).toEqual({ type: "start", folder: target, files: 8, bytes: 28 });
  const refused = events.find((event) => event.type === "attributes");
  if (refused === undefined) {
    const shown = Bun.spawnSync([
      "python3",
      "-c",
      `import os;print(os.getxattr(${JSON.stringify(at("share/noted"))},"user.note"))`,
    ]);
    if (shown.success) expect(shown.stdout.toString()).toContain("hello");
  }
});

test("devices, fifos and sockets are told and not made", () => {
  const stone = forged(forge.meta(), forge.layout([4, 5, 6, 7].map((type) => ({ type, target: `lib/${type}` }))));
  const skipped: string[] = [];
  const target = extractStone(stone, fresh(), {
    onEvent: (event) => {
      if (event.type === "skipped") skipped.push(`${event.kind} ${event.path}`);
    },
  });
  expect(skipped).toEqual(["character-device lib/4", "block-device lib/5", "fifo lib/6", "socket lib/7"]);
  expect(readdirSync(join(target, "usr"))).toEqual([]);
});

test("a folder that is there already is left alone", () => {
  const { path } = makeStone(fresh(), "twice", { "bin/a": "a" });
  const out = fresh();
  const target = extractStone(path, out);
  writeFileSync(join(target, "mine"), "kept");
  expect(() => extractStone(path, out)).toThrow(/it exists, expected a new folder/);
  expect(readFileSync(join(target, "mine"), "utf8")).toBe("kept");
  expect(readdirSync(out)).toEqual(["twice-1-1.x86_64"]);
});

describe("nothing leads out of the folder", () => {
  const { index, plain, digests } = forge.bodies("evil\n");
  const [digest = new Uint8Array(16)] = digests;
  const attack = (...entries: forge.ForgedEntry[]) =>
    forged(forge.meta(), forge.layout(entries), forge.index(index), forge.content(plain));
  const outside = join(folder, "outside");
  mkdirSync(outside);

  const CASES: Readonly<Record<string, readonly [string, string]>> = {
    "a link out of /usr and a file below it": [
      "stone.path",
      attack({ type: 2, target: "l", source: utf8(outside) }, { type: 1, target: "l/x", source: digest }),
    ],
    "the same, file first": [
      "stone.path",
      attack({ type: 1, target: "l/x", source: digest }, { type: 2, target: "l", source: utf8(outside) }),
    ],
    "a link within /usr that leads out through another": [
      "stone.path",
      attack(
        { type: 2, target: "a/up", source: utf8("../b") },
        { type: 2, target: "b", source: utf8("c") },
        { type: 2, target: "c/out", source: utf8("../../outside") },
        { type: 1, target: "a/up/out/x", source: digest },
      ),
    ],
    "links in a circle": [
      "stone.path",
      attack(
        { type: 2, target: "l", source: utf8("m") },
        { type: 2, target: "m", source: utf8("l") },
        { type: 1, target: "l/x", source: digest },
      ),
    ],
    "two files that stand at one place through a link": [
      "stone.layout",
      attack(
        { type: 2, target: "l", source: utf8("d") },
        { type: 1, target: "l/x", source: digest, mode: 0o100755 },
        { type: 1, target: "d/x", source: digest },
      ),
    ],
    "a file that stands where a link stands through another": [
      "stone.layout",
      attack(
        { type: 2, target: "l", source: utf8("d") },
        { type: 2, target: "l/x", source: utf8("y") },
        { type: 1, target: "d/x", source: digest },
      ),
    ],
    "a path that climbs": ["stone.path", attack({ type: 1, target: "../../outside/x", source: digest })],
    "an absolute path": ["stone.path", attack({ type: 1, target: join(outside, "x"), source: digest })],
    "a name that climbs": [
      "stone.meta",
      forged(forge.meta([forge.textRecord(1, "../outside"), ...forge.BASIC.slice(1)])),
    ],
  };
  for (const [what, [code, stone]] of Object.entries(CASES)) {
    test(what, () => {
      const out = fresh();
      expect(codeOf(() => void extractStone(stone, out))).toBe(code);
      expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
      expect(readdirSync(outside)).toEqual([]);
    });
  }

  test("a version that climbs becomes a name", () => {
    const stone = forged(forge.meta([forge.textRecord(3, "../../outside/x"), ...forge.BASIC]));
    const out = fresh();
    expect(extractStone(stone, out)).toBe(join(out, "sample-.._.._outside_x-4.x86_64"));
    expect(readdirSync(outside)).toEqual([]);
  });

  test("a link that somebody plants meanwhile is not followed", () => {
    const path = fresh();
    using safe = new SafeFolder(path);
    safe.makeFolder("usr");
    symlinkSync(outside, join(path, "usr/planted"));
    symlinkSync(join(outside, "file"), join(path, "usr/file"));
    expect(() => safe.createFile("usr/planted/x")).toThrow(/ELOOP|ENOTDIR/);
    expect(() => safe.makeFolder("usr/planted")).toThrow(/ELOOP|ENOTDIR/);
    expect(() => safe.createFile("usr/file")).toThrow(/EEXIST/);
    expect(readdirSync(outside)).toEqual([]);
  });
});

test("a body that is not what the index says leaves nothing, not even those before it", () => {
  const { index, plain, digests } = forge.bodies("good\n", "changed\n");
  const wrong = plain.slice();
  wrong[wrong.byteLength - 2] = 0x44;
  const stone = forged(
    forge.meta(),
    forge.layout(digests.map((source, i) => ({ type: 1, target: `share/${i}`, source }))),
    forge.index(index),
    forge.content(wrong),
  );
  const out = fresh();
  expect(codeOf(() => void extractStone(stone, out))).toBe("stone.digest");
  expect(readdirSync(out)).toEqual([]);
});

test("more than the disk has room for is refused before the first byte", () => {
  const { digests } = forge.bodies("x");
  const [digest = new Uint8Array(16)] = digests;
  // 16 KiB that claim 512 MiB, twenty thousand times over: more than any disk here.
  const size = 2 ** 29;
  const links = Array.from({ length: 20_000 }, (_, i) => ({ type: 1, target: `d/${i}`, source: digest }));
  const stone = forged(
    forge.meta(),
    forge.layout(links),
    forge.index([{ start: 0n, end: BigInt(size), digest }]),
    forge.content(new Uint8Array(0), { plainSize: BigInt(size), stored: new Uint8Array(size / 32768) }),
  );
  const out = fresh();
  expect(codeOf(() => void extractStone(stone, out))).toBe("disk.full");
  expect(readdirSync(out)).toEqual([]);
});

const synthetic = join(import.meta.dir, "../../../shared/fixtures/stones/synthetic");
const manifest = v.object({ files: v.record(v.string(), v.object({ expect: v.string() })) });

test.skipIf(!existsSync(synthetic))("of the synthetic stones exactly the good packages are extracted", () => {
  const { files } = v.parse(manifest, JSON.parse(readFileSync(join(synthetic, "manifest.json"), "utf8")));
  // Whole and right, but not packages.
  const others = new Set(["ok-empty-index", "ok-repository-index", "ok-manifest"]);
  for (const [name, { expect: wanted }] of Object.entries(files)) {
    const out = fresh();
    const code = codeOf(() => void extractStone(join(synthetic, `${name}.stone`), out));
    if (others.has(name)) expect([name, code]).toEqual([name, "stone.header"]);
    else if (wanted.startsWith("ok")) expect([name, code]).toEqual([name, "ok"]);
    else if (wanted.startsWith("error")) expect([name, code]).toEqual([name, expect.stringMatching(/^stone\./)]);
    if (code !== "ok") expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
  }
});
