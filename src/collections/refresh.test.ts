// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Refreshing collections: from servers and folders, and what happens where an index is not what it should be. */
import { afterAll, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Collection } from "#collections/model";
import { type RefreshEvent, refresh } from "#collections/refresh";
import { CollectionStore } from "#collections/store";
import { makeStone } from "#tests/crash/stones";
import { collection, indexBytes, offer } from "#tests/support/collections";
import { codeOf, failureOf } from "#tests/support/failure";
import { type RawRequest, rawServer, status, whole } from "#tests/support/raw-server";

const base = mkdtempSync(join(tmpdir(), "moss-refresh-"));
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

const QUICK = { backoff: 1, idle: 2000, retries: 1 };
let made = 0;
const fresh = () => {
  const folder = join(base, String(++made));
  mkdirSync(folder);
  return folder;
};
const index = (...lines: string[]) =>
  indexBytes(
    join(base, "index"),
    lines.map((line) => offer(line)),
  );
const namesOf = (store: CollectionStore, item: Collection) => store.catalogue([item]).names();

/** Serves one body with an etag. */
function tagged(one: RawRequest, body: Uint8Array, etag: string) {
  if (one.headers.get("if-none-match") === etag) return status("304 Not Modified");
  const [head, ...rest] = whole(one, body);
  return [String(head).replace("\r\n\r\n", `\r\netag: ${etag}\r\n\r\n`), ...rest];
}

test("an index on a server is read once, and again only where it has changed", async () => {
  let body = index("a 1", "b 1");
  let etag = '"1"';
  using server = rawServer((one) => tagged(one, body, etag));
  using store = new CollectionStore(fresh());
  const item = collection("main", `${server.url}/x/stone.index`);
  const events: RefreshEvent[] = [];
  expect(await refresh(store, item, { ...QUICK, onEvent: (event) => events.push(event) })).toEqual({
    collection: "main",
    changed: true,
    packages: 2,
    url: `${server.url}/x/stone.index`,
  });
  expect(events.at(-1)).toEqual({ kind: "storing", collection: "main", packages: 2 });
  expect(store.catalogue([item]).byName("a")[0]?.url).toBe(`${server.url}/x/pool/a-1.stone`);
  expect(await refresh(store, item, QUICK)).toMatchObject({ changed: false, packages: 2 });
  expect(await refresh(store, item, { ...QUICK, force: true })).toMatchObject({ changed: true });
  body = index("a 2");
  etag = '"2"';
  expect(await refresh(store, item, QUICK)).toMatchObject({ changed: true, packages: 1 });
  expect(namesOf(store, item)).toEqual(["a"]);
});

test("an address that is no index means the index in that folder", async () => {
  using server = rawServer((one) => (one.path === "/x/stone.index" ? whole(one, index("a 1")) : status("404 No")));
  for (const place of [`${server.url}/x`, `${server.url}/x/`]) {
    using store = new CollectionStore(fresh());
    const item = collection("main", place);
    expect((await refresh(store, item, QUICK)).url).toBe(`${server.url}/x/stone.index`);
    expect(namesOf(store, item)).toEqual(["a"]);
  }
});

test("a damaged, cut or foreign index is refused, and the old one stays", async () => {
  const good = index("a 1", "b 1");
  const flipped = Buffer.from(good);
  flipped.writeUInt8(flipped.readUInt8(good.length - 9) ^ 1, good.length - 9);
  let body: Uint8Array = good;
  using server = rawServer((one) => whole(one, body));
  using store = new CollectionStore(fresh());
  const item = collection("main", `${server.url}/stone.index`);
  await refresh(store, item, QUICK);
  const stone = readFileSync(makeStone(base, "a", { "bin/a": "a" }).path);
  const bads = [
    good.subarray(0, 100),
    good.subarray(0, good.length - 1),
    flipped,
    Buffer.from("<html>not found"),
    stone,
    Buffer.alloc(0),
  ];
  for (const bad of bads) {
    body = bad;
    expect(await codeOf(refresh(store, item, QUICK))).toStartWith("stone.");
    expect(namesOf(store, item)).toEqual(["a", "b"]);
  }
  body = good;
  expect(await refresh(store, item, QUICK)).toMatchObject({ packages: 2 });
});

test("an index from a server must not name files of this machine", async () => {
  for (const uri of ["file:///etc/passwd", "ftp://x.invalid/a.stone", "data:,x"]) {
    const body = indexBytes(join(base, "index"), [offer("a 1", {}, uri)]);
    using server = rawServer((one) => whole(one, body));
    using store = new CollectionStore(fresh());
    const failure = await failureOf(refresh(store, collection("main", `${server.url}/stone.index`), QUICK));
    expect([failure.code, failure.message.includes(uri)]).toEqual(["collection.invalid", true]);
    expect(store.record("main")).toBeUndefined();
  }
});

test("a server that has nothing is told, and the old index stays", async () => {
  let gone = false;
  using server = rawServer((one) => (gone ? status("404 Not Found") : whole(one, index("a 1"))));
  using store = new CollectionStore(fresh());
  const item = collection("main", `${server.url}/stone.index`);
  await refresh(store, item, QUICK);
  gone = true;
  expect(await codeOf(refresh(store, item, QUICK))).toBe("fetch.failed");
  expect(namesOf(store, item)).toEqual(["a"]);
});

test("a folder of stones needs no index: it is made on the fly, apart from them", async () => {
  const folder = join(fresh(), "my stones #1");
  mkdirSync(folder);
  makeStone(folder, "a", { "bin/a": "a" });
  for (const place of [folder, pathToFileURL(folder).href]) {
    using store = new CollectionStore(fresh());
    const item = collection("local", place);
    expect(await refresh(store, item)).toMatchObject({ changed: true, packages: 1 });
    expect(await refresh(store, item)).toMatchObject({ changed: false, packages: 1 });
    const [found] = store.catalogue([item]).byName("a");
    expect(fileURLToPath(found?.url ?? "")).toBe(join(folder, "a-1.stone"));
    expect(existsSync(join(folder, "stone.index"))).toBe(false);
  }
  makeStone(folder, "b", { "bin/b": "b" });
  using store = new CollectionStore(fresh());
  const item = collection("local", folder);
  await refresh(store, item);
  expect(namesOf(store, item)).toEqual(["a", "b"]);
});

test("an index that lies in a folder, or is named, is used as it is", async () => {
  const folder = fresh();
  writeFileSync(join(folder, "stone.index"), index("a 1", "c 1"));
  for (const place of [folder, join(folder, "stone.index"), pathToFileURL(join(folder, "stone.index")).href]) {
    using store = new CollectionStore(fresh());
    const item = collection("local", place);
    expect(await refresh(store, item)).toMatchObject({ changed: true, packages: 2 });
    expect(await refresh(store, item)).toMatchObject({ changed: false });
    expect(store.catalogue([item]).byName("c")[0]?.url).toBe(pathToFileURL(join(folder, "pool/c-1.stone")).href);
  }
});

test("an index that was not touched is not read again", async () => {
  const folder = fresh();
  const path = join(folder, "stone.index");
  writeFileSync(path, index("a 1"));
  using store = new CollectionStore(fresh());
  const item = collection("local", path);
  const read = async () => {
    let bytes = 0;
    const onEvent = (event: RefreshEvent) => {
      if (event.kind === "bytes") bytes += event.bytes;
    };
    const { changed } = await refresh(store, item, { onEvent });
    return [changed, bytes > 0];
  };
  expect(await read()).toEqual([true, true]);
  // Too young to be told from a later one by its times alone.
  expect(await read()).toEqual([false, true]);
  await Bun.sleep(1100);
  expect(await read()).toEqual([false, true]);
  expect(await read()).toEqual([false, false]);
  writeFileSync(path, index("b 1"));
  expect(await read()).toEqual([true, true]);
  expect(namesOf(store, item)).toEqual(["b"]);
});

test("a collection that moves to another place is read anew, even where the index is the same", async () => {
  const [one, two] = [fresh(), fresh()];
  writeFileSync(join(one, "stone.index"), index("a 1"));
  copyFileSync(join(one, "stone.index"), join(two, "stone.index"));
  using store = new CollectionStore(fresh());
  await refresh(store, collection("local", one));
  const moved = collection("local", two);
  expect(namesOf(store, moved)).toEqual([]);
  expect(await refresh(store, moved)).toMatchObject({ changed: true });
  expect(fileURLToPath(store.catalogue([moved]).byName("a")[0]?.url ?? "")).toStartWith(two);
});

test("places where nothing is, and words that are no places", async () => {
  using store = new CollectionStore(fresh());
  for (const [place, code] of [
    [join(base, "nowhere"), "fetch.failed"],
    ["relative/path", "collection.invalid"],
    ["ftp://x.invalid/", "collection.invalid"],
    ["/dev/zero", "fetch.failed"],
  ] as const) {
    expect(await codeOf(refresh(store, collection("x", place), QUICK))).toBe(code);
  }
});

const rootIndex = {
  formats: { v0: {}, v9: {} },
  streams: { volatile: { format: "v0", history: "h-7", tag: "t" }, next: { format: "v9", history: "h-9" } },
  tags: { "2026.1": { format: "v0", history: "h-3" } },
  history: { "h-7": { format: "v0" }, "h-3": { format: "legacy" }, "h-9": { format: "v9" }, "../up": { format: "v0" } },
};

test("a root index says where the index of a stream, a tag or a snapshot is", async () => {
  using server = rawServer((one) => {
    if (one.path === "/main/moss-root-index.json") return whole(one, Buffer.from(JSON.stringify(rootIndex)));
    const [, id] = /^\/main\/history\/(h-\d)\/x86_64\/stone\.index$/.exec(one.path) ?? [];
    return id === undefined ? status("404 No") : whole(one, index(`from-${id} 1`));
  });
  const at = (version: string, baseUri = server.url) => ({ baseUri, channel: "main", version, arch: "x86_64" });
  for (const [version, id] of [
    ["stream/volatile", "h-7"],
    ["tag/2026.1", "h-3"],
    ["history/h-3", "h-3"],
  ] as const) {
    using store = new CollectionStore(fresh());
    const item = collection("main", at(version, `${server.url}/`));
    await refresh(store, item, QUICK);
    expect(store.catalogue([item]).byName(`from-${id}`)[0]?.url).toBe(
      `${server.url}/main/history/${id}/x86_64/pool/from-${id}-1.stone`,
    );
  }
  using store = new CollectionStore(fresh());
  for (const [version, text] of [
    ["stream/volatil", 'has no stream "volatil"'],
    ["stream/next", 'format "v9"'],
    ["tag/toString", 'has no tag "toString"'],
    ["history/../up", "no parts of an address"],
    ["volatile", "expected stream/NAME"],
  ] as const) {
    const failure = await failureOf(refresh(store, collection("main", at(version)), QUICK));
    expect([failure.code, failure.message]).toEqual(["collection.invalid", expect.stringContaining(text)]);
  }
  using broken = rawServer((one) => whole(one, Buffer.from('{"streams": 3}')));
  expect(await codeOf(refresh(store, collection("main", at("stream/x", broken.url)), QUICK))).toBe(
    "collection.invalid",
  );
});

test("two that refresh at one time both end well, and one of their indexes is there whole", async () => {
  const body = index("a 1", "b 1");
  using server = rawServer((one) => whole(one, body));
  const folder = fresh();
  using store = new CollectionStore(folder);
  const items = ["one", "two", "three"].map((name) => collection(name, `${server.url}/${name}/stone.index`));
  await Promise.all([...items, ...items].map(async (item) => await refresh(store, item, QUICK)));
  for (const item of items) expect(namesOf(store, item)).toEqual(["a", "b"]);
});
