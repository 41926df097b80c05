// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Indexes of folders of stones. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "#base/errors";
import type { PackageOffer } from "#model/package";
import { extractStone } from "#stone/extract";
import { sweepFiles } from "#stone/leftovers";
import { StoneOutput } from "#stone/output";
import { type IndexEvent, indexFolder, readIndex, streamIndex, writeIndex } from "#stone/repository";
import { BodySet, writeStoneSync } from "#stone/writer";
import { FileLock } from "#sys/lock";
import { sha256Hex } from "#sys/sha256";
import * as forge from "#tests/cases/stone-forge";
import { makeStone, metaOf } from "#tests/crash/stones";
import { decodePlainly } from "#tests/support/plain-stone";

let folder = "";
const made: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stone-index-"));
  made.push(folder);
});
afterAll(() => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

const index = () => join(folder, "stone.index");

function release(name: string, number: number, file: string): void {
  writeStoneSync(join(folder, file), { meta: metaOf(name, "1", number), entries: [], body: new BodySet().source });
}

test("the other reader finds each package with its place, hash and size", async () => {
  const b = makeStone(join(folder, "deep/er"), "b", { "bin/b": "bb" });
  const a = makeStone(folder, "a", { "bin/a": "a", "bin/a2": "a" });
  writeFileSync(join(folder, "notes.txt"), "no stone");
  mkdirSync(join(folder, ".hidden"));
  writeFileSync(join(folder, ".hidden/x.stone"), "not looked at");
  symlinkSync("nowhere", join(folder, "dangling.stone"));
  const offers = await indexFolder(folder);
  expect(offers.map((offer) => offer.meta.name)).toEqual(["a", "b"]);
  const { fileType, metas } = decodePlainly(readFileSync(index()));
  expect(fileType).toBe(3);
  expect(metas.map((records) => records.filter((text) => /^1[456]:/.test(text)))).toEqual([
    [`14:9:a-1.stone`, `15:9:${a.id}`, `16:8:${readFileSync(a.path).length}`],
    [`14:9:deep/er/b-1.stone`, `15:9:${b.id}`, `16:8:${readFileSync(b.path).length}`],
  ]);
  // Place, hash and size stand between homepage and licences; the unpacked size, which the stone does not say, is last.
  expect(metas[0]?.map((text) => Number(text.split(":")[0]))).toEqual([
    1, 3, 11, 13, 2, 4, 5, 7, 6, 14, 15, 16, 12, 64,
  ]);
  expect(metas[0]?.at(-1)).toBe("64:8:1");
  expect(sha256Hex(readFileSync(a.path))).toBe(a.id);
  expect(readIndex(index())).toEqual(offers);
});

test("what a killed process left of a stone is removed; what is another's, or still being written, stays", async () => {
  makeStone(folder, "a", { "bin/a": "a" });
  const gone = "4194304"; // above the largest number that a process can have
  const names = {
    left: `b-1-1-1-x86_64.stone.${gone}-1-abc.part`,
    worker: `b-1-1-1-x86_64.stone.${gone}-w7-abc.part`,
    live: `d-1-1-1-x86_64.stone.${process.pid}-1-abc.part`,
    // By a process of another container, whose number means nothing here.
    held: `e-1-1-1-x86_64.stone.${gone}-1-abc.part`,
    foreign: "video.part",
  };
  for (const name of Object.values(names)) writeFileSync(join(folder, name), "half");
  const left = join(folder, `.a.${gone}.part`);
  mkdirSync(join(left, "usr/bin"), { recursive: true });
  {
    using _held = FileLock.tryAcquire(join(folder, names.held), "exclusive", "");
    await indexFolder(folder);
    const there = (name: string) => existsSync(join(folder, name));
    expect(Object.values(names).filter(there)).toEqual([names.live, names.held, names.foreign]);
  }
  await indexFolder(folder);
  expect(existsSync(join(folder, names.held))).toBe(false);
  extractStone(join(folder, readdirSync(folder).find((name) => name.endsWith(".stone")) ?? ""), folder);
  expect(existsSync(left)).toBe(false);
});

test("while a stone is being written nobody sweeps it, whatever its name says", () => {
  const path = join(folder, "x.stone");
  using output = new StoneOutput(path);
  output.write(Buffer.from("half"));
  const [name = ""] = readdirSync(folder);
  const foreign = name.replace(`.${process.pid}-`, ".4194304-");
  renameSync(join(folder, name), join(folder, foreign));
  sweepFiles(folder, [foreign]);
  expect(readdirSync(folder)).toEqual([foreign]);
  renameSync(join(folder, foreign), join(folder, name));
  output.finish(false);
  expect(readdirSync(folder)).toEqual(["x.stone"]);
});

test("every stone that is no good is named in one run, and the index stays as it was", async () => {
  makeStone(folder, "a", { "bin/a": "a" });
  await indexFolder(folder);
  const before = readFileSync(index());
  const b = makeStone(folder, "b", { "bin/b": "b" });
  writeFileSync(b.path, readFileSync(b.path).subarray(0, 100));
  writeFileSync(join(folder, "c.stone"), "no stone");
  makeStone(folder, "d", { "bin/d": "d" });
  const events: IndexEvent[] = [];
  const refused: unknown = await indexFolder(folder, { onEvent: (event) => events.push(event) }).catch(
    (error: unknown) => error,
  );
  expect(String(refused)).toContain("2 of 4 stones are no good");
  const bad = events.filter((event) => event.type === "bad").map(({ path }) => path);
  expect(bad.sort()).toEqual([b.path, join(folder, "c.stone")]);
  expect(readFileSync(index()).equals(before)).toBe(true);
  rmSync(b.path);
  // One alone is told by its own failure.
  const one: unknown = await indexFolder(folder).catch((error: unknown) => error);
  expect(String(one)).toMatch(/Cannot read ".*c\.stone"/);
});

test("the newest release counts; the same release twice is refused and the old index stays", async () => {
  release("a", 9, "nine.stone");
  release("a", 10, "ten.stone");
  release("a", 2, "two.stone");
  const events: IndexEvent[] = [];
  const offers = await indexFolder(folder, { onEvent: (event) => events.push(event) });
  expect(offers.map(({ uri }) => uri)).toEqual(["ten.stone"]);
  expect(events.filter((event) => event.type === "older").length).toBe(2);
  const before = readFileSync(index());
  copyFileSync(join(folder, "ten.stone"), join(folder, "ten-again.stone"));
  const failure: unknown = await indexFolder(folder).catch((error: unknown) => error);
  expect(String(failure)).toMatch(/release 10 of "a" is in "ten-again.stone" and in "ten.stone", expected it once/);
  release("b", 1, "b.stone");
  release("b", 1, "b-again.stone");
  const both: unknown = await indexFolder(folder).catch((error: unknown) => error);
  expect(String(both)).toMatch(/expected it once \(and 1 more\)$/);
  const said = `${String(both)} ${both instanceof Failure ? both.hint : ""}`;
  for (const twice of ['release 10 of "a"', 'release 1 of "b"']) expect(said).toContain(twice);
  expect(readFileSync(index()).equals(before)).toBe(true);
});

test("a stone that did not change is not hashed again, one that did is", async () => {
  const { path } = makeStone(folder, "a", { "bin/a": "a" });
  makeStone(folder, "b", { "bin/b": "b" });
  const cached = async () => {
    const names: string[] = [];
    const offers = await indexFolder(folder, {
      onEvent: (event) => {
        if (event.type === "read" && event.cached) names.push(event.path.slice(folder.length + 1));
      },
    });
    for (const offer of offers) expect(sha256Hex(readFileSync(join(folder, offer.uri)))).toBe(offer.id);
    return names.sort((x, y) => x.localeCompare(y));
  };
  // Files younger than a second are not remembered: they could change within one tick of the clock.
  expect(await cached()).toEqual([]);
  await Bun.sleep(1200);
  expect(await cached()).toEqual([]);
  expect(await cached()).toEqual(["a-1.stone", "b-1.stone"]);
  // Other bytes, the same size and time.
  const bytes = readFileSync(path);
  makeStone(folder, "a", { "bin/a": "A" });
  expect(readFileSync(path).length).toBe(bytes.length);
  utimesSync(path, 1, 1);
  expect(await cached()).toEqual(["b-1.stone"]);
  writeFileSync(`${index()}.hashes`, "rubbish\n");
  await Bun.sleep(1100);
  expect(await cached()).toEqual([]);
});

test("paths that packages would fight over are told; equal ones and declared conflicts are not", async () => {
  makeStone(folder, "a", { "bin/x": "a", "share/same": "same", "bin/z": "one" });
  makeStone(folder, "b", { "bin/x": "b", "share/same": "same" });
  makeStone(folder, "d", { "share/same/deep/er": "d" });
  makeStone(folder, "e", { "share/link/x": "e" });
  makeStone(folder, "f", { "share/link": { link: "same-folder" } });
  const bodies = new BodySet();
  const { digest } = bodies.add({ bytes: Buffer.from("two") });
  writeStoneSync(join(folder, "c.stone"), {
    meta: { ...metaOf("c"), conflicts: [{ kind: "name", name: "a" }] },
    entries: [{ kind: "regular", path: "bin/z", uid: 0, gid: 0, mode: 0o644, digest }],
    body: bodies.source,
  });
  const events: IndexEvent[] = [];
  await indexFolder(folder, { onEvent: (event) => events.push(event) });
  expect(events.filter((event) => event.type === "collision")).toEqual([
    { type: "collision", path: "bin/x", packages: ["a", "b"] },
    { type: "collision", path: "share/same", packages: ["a", "d"] },
  ]);
});

test("an index elsewhere names stones by relative addresses, odd names too", async () => {
  const stones = join(folder, "pool");
  const out = join(folder, "history/1/stone.index");
  mkdirSync(join(folder, "history/1"), { recursive: true });
  makeStone(stones, "a", {}, "1:2 %?#");
  const [offer] = await indexFolder(stones, { out });
  expect(offer?.uri).toBe("../../pool/a-1:2%20%25%3F%23.stone");
  expect(new URL(offer?.uri ?? "", `file://${out}`).pathname).toBe(`${folder}/pool/a-1:2%20%25%3F%23.stone`);
});

test("a damaged stone, or a folder that is not there, is named and no index written", async () => {
  makeStone(folder, "a", { "bin/a": "a" });
  writeFileSync(join(folder, "bad.stone"), "not a stone");
  const failure: unknown = await indexFolder(folder).catch((error: unknown) => error);
  expect(String(failure)).toMatch(/bad.stone": 11 bytes, expected a header/);
  expect(await Bun.file(index()).exists()).toBe(false);
  const missing: unknown = await indexFolder(join(folder, "none")).catch((error: unknown) => error);
  expect(missing).toHaveProperty("code", "io");
});

test("the same stones give the same index, whatever the order in which they are found", async () => {
  for (const name of ["c", "a", "b"]) makeStone(folder, name, { [`bin/${name}`]: name });
  await indexFolder(folder);
  const first = readFileSync(index());
  rmSync(`${index()}.hashes`);
  await indexFolder(folder);
  expect(readFileSync(index()).equals(first)).toBe(true);
});

test("65,535 packages fit in an index, one more is refused", () => {
  const offer = (i: number): PackageOffer => ({
    id: "ab".repeat(32),
    meta: metaOf(`p${i}`),
    uri: `p${i}.stone`,
    size: i,
  });
  const offers = Array.from({ length: 65_536 }, (_, i) => offer(i));
  expect(() => writeIndex(index(), offers, "fast")).toThrow(/65536 packages, expected at most 65535/);
  writeIndex(index(), offers.slice(1), "fast");
  const read = readIndex(index());
  expect(read.length).toBe(65_535);
  expect(new Set(read.map(({ size }) => size)).size).toBe(65_535);
}, 120_000);

test("an index with a bad hash or address is refused", () => {
  const entry = (hash: string, uri: string) =>
    forge.forge({
      fileType: 3,
      payloads: [forge.meta([...forge.BASIC, forge.textRecord(14, uri), forge.textRecord(15, hash)])],
    });
  const good = "0f".repeat(32);
  expect([...streamIndex(entry(good, "a.stone"), "i")].length).toBe(1);
  for (const hash of ["", "abc", good.toUpperCase(), `${good}/../x`]) {
    expect(() => [...streamIndex(entry(hash, "a.stone"), "i")]).toThrow(/has no valid hash/);
  }
  for (const uri of ["", "a b", "a\nb", "a\\b"]) {
    expect(() => [...streamIndex(entry(good, uri), "i")]).toThrow(/has no valid address/);
  }
  expect(() => [...streamIndex(forge.sampleStone(), "i")]).toThrow(/a stone of type binary, expected repository/);
});

test("an index is at least as young as its folder, so that a folder that nothing happened to since can be told", async () => {
  for (const round of [1, 2]) {
    await indexFolder(folder);
    const index = statSync(join(folder, "stone.index"));
    expect([round, statSync(folder).mtimeMs <= index.ctimeMs]).toEqual([round, true]);
  }
});
