// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Lists of files beside an index: what is written is read again, and what others wrote is judged. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hex } from "#base/bytes";
import { Failure } from "#base/errors";
import type { LayoutEntry } from "#model/layout";
import { encodeAttributes } from "#stone/attributes";
import { RecordEncoder } from "#stone/compression";
import { decodeFileList, FileListEncoder, mentions } from "#stone/file-list";
import { FileListsWriter, readFileLists, refOf, refRecord } from "#stone/file-lists";
import { encodeFileHeader } from "#stone/header";
import { StoneReader } from "#stone/reader";
import { indexFolder, readIndex, streamIndex } from "#stone/repository";
import { sha256Hex } from "#sys/sha256";
import { makeStone } from "#tests/crash/stones";
import { decodePlainly } from "#tests/support/plain-stone";

const base = mkdtempSync(join(tmpdir(), "stone-lists-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Code of the failure that work ends with; undefined where it ends well. */
function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return undefined;
}

const capability = new Map([["security.capability", Uint8Array.of(1, 2, 3)]]);
function pool(name: string): string {
  const folder = join(base, name);
  mkdirSync(folder);
  makeStone(folder, "one", {
    "bin/one": { body: "one", mode: 0o4755, uid: 3, xattrs: capability },
    "share/empty": "",
    "share/link": { link: "../bin/one" },
    "var/folder": { directory: 0o700 },
  });
  makeStone(folder, "two", { "bin/two": "two", "bin/again": "two" });
  makeStone(folder, "none", {});
  return folder;
}

test("a list says what the layout of the stone says, with sizes; the index names the file of lists", async () => {
  const folder = pool("whole");
  const offers = await indexFolder(folder);
  const lists = new Map([...readFileLists(join(folder, "stone.files"), "lists")].map(({ id, list }) => [id, list]));
  expect([...lists.keys()]).toEqual(offers.map(({ id }) => id));
  for (const { id, uri } of offers) {
    using reader = StoneReader.open(join(folder, uri));
    const { entries, sizes } = decodeFileList(lists.get(id) ?? new Uint8Array(0), "list");
    expect(entries).toEqual(reader.layout());
    const bodies = reader.index().map(({ digest, start, end }): [string, number] => [hex(digest), end - start]);
    expect(sizes).toEqual(new Map(bodies));
  }
  const bytes = readFileSync(join(folder, "stone.files"));
  const index = readFileSync(join(folder, "stone.index"));
  const stream = streamIndex(index, "index");
  expect(stream.files).toEqual({ sha256: sha256Hex(bytes), size: bytes.byteLength });
  expect([stream.packages, [...stream].length, readIndex(join(folder, "stone.index")).length]).toEqual([3, 3, 3]);
  // The reader that was written from the specification alone finds the packages and nothing else.
  expect(decodePlainly(index).metas.length).toBe(3);
});

test("the same stones give the same lists, wherever they lie", async () => {
  const [one, other] = [pool("first"), pool("second")];
  await indexFolder(one);
  await indexFolder(other, { collisions: false });
  for (const name of ["stone.files", "stone.index"]) {
    expect(readFileSync(join(one, name)).equals(readFileSync(join(other, name)))).toBe(true);
  }
});

test("a text is found in the paths of a list without decoding it", async () => {
  const folder = pool("texts");
  await indexFolder(folder);
  const found = (text: string) =>
    [...readFileLists(join(folder, "stone.files"), "lists")].map(({ list }) =>
      mentions(list, [Buffer.from("no such text"), Buffer.from(text)], "list"),
    );
  expect(found("bin/again")).toEqual([false, false, true]);
  expect(found("bin/absent")).toEqual([false, false, false]);
});

test("what an index says of lists is understood, or is nothing", () => {
  const ref = { sha256: "ab".repeat(32), size: 12345678901 };
  const record = refRecord(ref);
  expect(refOf([record])).toEqual(ref);
  const other = (value: Uint8Array) => refOf([{ key: record.key, value }]);
  expect([refOf([]), other(record.value.slice(1)), other(new Uint8Array(41).fill(2))]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(other(Uint8Array.from([...record.value.slice(0, 33), ...new Uint8Array(8).fill(255)]))).toBeUndefined();
});

function container(): Buffer {
  const path = join(base, "some.files");
  using encoder = new FileListEncoder("fast");
  using lists = new FileListsWriter(path);
  for (const id of ["aa", "bb"]) lists.add(id.repeat(32), encoder.encode([], [], id));
  lists.finish();
  return readFileSync(path);
}

function readAll(bytes: Uint8Array): string | undefined {
  const path = join(base, "hostile.files");
  writeFileSync(path, bytes);
  return codeOf(() => [...readFileLists(path, "hostile")]);
}

test("a file of lists that ends anywhere, or says what cannot be, is refused", () => {
  const good = container();
  expect(readAll(good)).toBeUndefined();
  for (let end = 0; end < good.length; end++) expect(readAll(good.subarray(0, end))).toBe("stone.truncated");
  const changed = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(good);
    change(bytes);
    return readAll(bytes);
  };
  expect(changed((bytes) => bytes.writeUInt8(1, 3))).toBe("stone.magic");
  expect(changed((bytes) => bytes.writeUInt32BE(2, 8))).toBe("stone.version");
  // Counts and lengths reserve nothing.
  expect(changed((bytes) => bytes.writeUInt32BE(0xffff, 12))).toBe("stone.truncated");
  expect(changed((bytes) => bytes.writeUInt32BE(0x10000, 12))).toBe("stone.limit");
  expect(changed((bytes) => bytes.writeUInt32BE(0xffffffff, 48))).toBe("stone.limit");
  expect(changed((bytes) => bytes.writeUInt32BE(1, 12))).toBe("stone.record");
  expect(changed((bytes) => bytes.copy(bytes, 16 + (bytes.length - 16) / 2, 16, 48))).toBe("stone.record");
});

test("a list with paths that lead elsewhere, or without its sizes, is refused", () => {
  const file = (path: string): LayoutEntry => ({
    kind: "regular",
    path,
    uid: 0,
    gid: 0,
    mode: 0o644,
    digest: new Uint8Array(16).fill(path.length),
  });
  using encoder = new FileListEncoder("fast");
  const body = { digest: new Uint8Array(16).fill(1), start: 0, end: 7 };
  const good = encoder.encode([file("a")], [body], "list");
  expect([...decodeFileList(good, "list").sizes.values()]).toEqual([7]);
  for (const path of ["../etc/passwd", "/etc/passwd", "a//b", "a/./b", ""]) {
    expect(codeOf(() => decodeFileList(encoder.encode([file(path)], [], "list"), "list"))).toBe("stone.path");
  }
  const below = encoder.encode([file("a"), file("a/b")], [], "list");
  expect(codeOf(() => decodeFileList(below, "list"))).toBe("stone.layout");
  const damaged = Uint8Array.from(good);
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
  expect(codeOf(() => decodeFileList(damaged, "list"))).toBe("stone.checksum");
  using records = new RecordEncoder("fast");
  const sizes = (value: Uint8Array) => {
    const plain = encodeAttributes([{ key: Buffer.from("sizes"), value }]);
    // The first payload of the good list, and other sizes.
    const layout = good.subarray(32, good.length - lengthOfLast(good));
    return Buffer.concat([encodeFileHeader("binary", 2), layout, ...records.encode("attributes", plain, 1)]);
  };
  expect(codeOf(() => decodeFileList(sizes(new Uint8Array(8)), "list"))).toBeUndefined();
  for (const length of [0, 7, 16]) {
    expect(codeOf(() => decodeFileList(sizes(new Uint8Array(length)), "list"))).toBe("stone.record");
  }
});

/** Bytes of the last payload of a list, with its header. */
function lengthOfLast(list: Uint8Array): number {
  using reader = StoneReader.fromBytes(list, "list");
  return 32 + (reader.payloads.at(-1)?.storedSize ?? 0);
}
