// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Lists of files come after the index that names them, go with it, and never end a refresh. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RefreshEvent, refresh } from "#collections/refresh";
import { COLLECTIONS, FILES, offersOf } from "#collections/schema";
import { CollectionStore } from "#collections/store";
import { encodeAttributes } from "#stone/attributes";
import { RecordEncoder } from "#stone/compression";
import { FileListEncoder } from "#stone/file-list";
import { FileListsWriter } from "#stone/file-lists";
import { encodeFileHeader } from "#stone/header";
import { indexFolder, readIndex, writeIndex } from "#stone/repository";
import { makeStone } from "#tests/crash/stones";
import { collection } from "#tests/support/collections";

const base = mkdtempSync(join(tmpdir(), "moss-lists-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let made = 0;

/** A folder with stones and its index, a store, and what refreshing it tells. */
async function prepared(...names: string[]) {
  const folder = join(base, String(++made));
  mkdirSync(folder);
  const stones = names.map((name) => makeStone(folder, name, { [`bin/${name}`]: name }));
  await indexFolder(folder);
  const store = new CollectionStore(`${folder}/db`);
  const item = collection("some", folder);
  const told: string[] = [];
  const onEvent = (event: RefreshEvent) => {
    if (event.kind === "no-lists") told.push(event.reason);
  };
  const update = async (more: { force?: boolean } = {}) => await refresh(store, item, { ...more, onEvent });
  const paths = (id: string) =>
    store
      .catalogue([item])
      .files(id)
      ?.entries.map(({ path }) => path);
  /** Writes lists of what these give, and an index that names them. */
  const lie = (lists: readonly (readonly [id: string, list: Uint8Array])[]) => {
    const index = join(folder, "stone.index");
    using writer = new FileListsWriter(join(folder, "stone.files"));
    for (const [id, list] of lists) writer.add(id, list);
    writeIndex(index, readIndex(index), "fast", writer.finish());
  };
  return { folder, stones, store, told, update, paths, lie, [Symbol.dispose]: () => store[Symbol.dispose]() };
}

/** A list of no files that takes 64 MiB once it is unpacked. */
function bomb(): Uint8Array {
  const records = [
    { key: Buffer.from("sizes"), value: new Uint8Array(0) },
    { key: Buffer.from("nothing"), value: new Uint8Array(2 ** 26 - 2 ** 12) },
  ];
  using encoder = new RecordEncoder("fast");
  return Buffer.concat([
    encodeFileHeader("binary", 2),
    ...encoder.encode("layout", new Uint8Array(0), 0),
    ...encoder.encode("attributes", encodeAttributes(records), records.length),
  ]);
}

const stored = (store: CollectionStore) => {
  const record = store.record("some");
  return (
    store.database?.view((tx) => [
      ...tx
        .bucket(offersOf(record?.generation ?? 0))
        .bucket(FILES)
        .keys(),
    ]) ?? []
  );
};

test("lists are stored with the index, and go with it", async () => {
  using at = await prepared("a", "b");
  await at.update();
  const [a, b] = at.stones.map(({ id }) => id);
  expect([at.paths(a ?? ""), at.paths(b ?? ""), at.paths("0".repeat(64)), at.told]).toEqual([
    ["bin/a"],
    ["bin/b"],
    undefined,
    [],
  ]);
  rmSync(at.stones[0]?.path ?? "");
  const c = makeStone(at.folder, "c", { "bin/c": "c" });
  await indexFolder(at.folder);
  await at.update();
  expect([at.paths(a ?? ""), at.paths(c.id)]).toEqual([undefined, ["bin/c"]]);
  expect(stored(at.store).sort()).toEqual([b ?? "", c.id].sort());
});

test("an index that an older moss took in comes again, for it may name lists", async () => {
  using at = await prepared("a");
  await at.update();
  at.store.writable().update((tx) => {
    const records = tx.bucket(COLLECTIONS);
    const { files: _, ...older } = records.get("some") ?? {
      url: "",
      source: "",
      validators: {},
      refreshed: 0,
      generation: 0,
      packages: 0,
    };
    records.set("some", older);
  });
  expect(at.paths(at.stones[0]?.id ?? "")).toBeUndefined();
  expect((await at.update()).changed).toBe(true);
  expect(at.paths(at.stones[0]?.id ?? "")).toEqual(["bin/a"]);
  expect((await at.update()).changed).toBe(false);
});

test("hostile lists are told, and the packages are there all the same", async () => {
  using at = await prepared("a");
  const id = at.stones[0]?.id ?? "";
  using encoder = new FileListEncoder("fast");
  const entry = (path: string) => ({ kind: "directory" as const, path, uid: 0, gid: 0, mode: 0o755 });
  const good = encoder.encode([entry("share/a")], [], "good");
  const away = encoder.encode([entry("../etc")], [], "away");
  for (const lists of [
    [[id, away]],
    [[id, good.subarray(0, 40)]],
    [[id, Buffer.from("no stone")]],
    [
      [id, good],
      [id, good],
    ],
  ] as const) {
    at.lie(lists);
    at.told.length = 0;
    expect((await at.update()).packages).toBe(1);
    expect([at.told.length, at.paths(id), stored(at.store)]).toEqual([1, undefined, []]);
  }
  // Lists of packages that are not in the index are of no use to anybody, and are not kept.
  at.lie([
    ["f".repeat(64), good],
    [id, good],
  ]);
  await at.update();
  expect([at.paths(id), stored(at.store)]).toEqual([["share/a"], [id]]);
});

test("lists that are small only while they are packed are refused before the machine is busy with them", async () => {
  using at = await prepared("a");
  const packed = bomb();
  const ids = Array.from({ length: 80 }, (_, i) => i.toString(16).padStart(64, "0"));
  at.lie(ids.map((id) => [id, packed]));
  expect((await at.update()).packages).toBe(1);
  expect([at.told.length, at.told[0]?.includes("unpacked")]).toEqual([1, true]);
}, 60_000);

test("a collection does not speak of what another one offers", async () => {
  using at = await prepared("a");
  const id = at.stones[0]?.id ?? "";
  await at.update();
  const items = [collection("some", at.folder)];
  const catalogue = at.store.catalogue(items);
  expect(catalogue.files(id, "some")?.entries.map(({ path }) => path)).toEqual(["bin/a"]);
  expect(catalogue.files(id, "other")).toBeUndefined();
});
