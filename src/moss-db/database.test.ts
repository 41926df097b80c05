// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What transactions and buckets promise, within one process. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Failure } from "#base/errors";
import { counters } from "#moss-db/child.fixture";
import {
  type BucketType,
  bucket,
  buckets,
  bytes,
  type Codec,
  type Database,
  databaseUri,
  hexText,
  json,
  MAX_KEY,
  nothing,
  openDatabase,
  type ReadBucket,
  text,
  tuple,
  u32,
} from "#moss-db/index";

const base = mkdtempSync(join(tmpdir(), "moss-db-test-"));
afterAll(() => rmSync(base, { recursive: true }));

let counter = 0;
const freshFolder = () => join(base, `db ${++counter} #?%é`);
const open = (folder = freshFolder()): Database => openDatabase(databaseUri(folder));

const letters = bucket("letters", { key: text, value: u32 });
const raw = bucket("raw", { key: bytes, value: bytes });

function codeOf(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return "no failure";
}

test("what an update stores, a view finds, in order and from both ends", () => {
  using db = open();
  db.update((tx) => {
    for (const [i, name] of ["c", "a", "d", "b"].entries()) tx.bucket(letters).set(name, i);
  });
  db.view((tx) => {
    const found = tx.bucket(letters);
    expect([...found]).toEqual([
      ["a", 1],
      ["b", 3],
      ["c", 0],
      ["d", 2],
    ]);
    expect([...found.keys({ reverse: true })]).toEqual(["d", "c", "b", "a"]);
    expect([...found.values({ from: "b", to: "d" })]).toEqual([3, 0]);
    expect([...found.keys({ from: "b", to: "d", reverse: true })]).toEqual(["c", "b"]);
    expect([...found.keys({ limit: 2 })]).toEqual(["a", "b"]);
    expect(found.first({ reverse: true })).toEqual(["d", 2]);
    expect(found.first({ from: "e" })).toBeUndefined();
    expect([found.count(), found.count({ to: "c" })]).toEqual([4, 2]);
    expect([found.get("c"), found.get("x")]).toEqual([0, undefined]);
    expect([found.has("c"), found.has("x")]).toEqual([true, false]);
  });
});

test("the URI names a folder, whatever characters its path has, and the database is made there", () => {
  const folder = freshFolder();
  using db = open(folder);
  expect(existsSync(join(folder, "data.mdb"))).toBe(true);
  expect(db.directory).toBe(folder);
  for (const uri of ["/tmp/x", "lmdb://relative", "sqlite:///tmp/x", "lmdb:///%"]) {
    expect(codeOf(() => openDatabase(uri))).toBe("db.open");
  }
});

test("a missing database is not made by a reader", () => {
  const folder = freshFolder();
  expect(codeOf(() => openDatabase(databaseUri(folder), { readOnly: true }))).toBe("db.open");
  expect(existsSync(folder)).toBe(false);
});

test("a database opened for reading only refuses writes", () => {
  const folder = freshFolder();
  open(folder).close();
  using db = openDatabase(databaseUri(folder), { readOnly: true });
  expect(codeOf(() => db.update((tx) => tx.bucket(letters).set("a", 1)))).toBe("db.open");
});

test("an update that throws leaves no trace and carries its error out", () => {
  using db = open();
  db.update((tx) => tx.bucket(letters).set("a", 1));
  const mine = new RangeError("mine");
  const attempt = () =>
    db.update((tx) => {
      tx.bucket(letters).set("a", 2);
      tx.bucket(raw).set(Buffer.from("k"), Buffer.from("v"));
      throw mine;
    });
  expect(attempt).toThrow(mine);
  db.view((tx) => {
    expect([...tx.bucket(letters)]).toEqual([["a", 1]]);
    expect(tx.bucket(raw).exists).toBe(false);
  });
});

test("an update reads what it wrote, and its result comes out", () => {
  using db = open();
  const sum = db.update((tx) => {
    const found = tx.bucket(letters);
    found.set("a", 1);
    found.set("b", 2);
    found.delete("a");
    found.delete("never there");
    found.set("c", 5);
    return [...found.values()].reduce((x, y) => x + y, 0);
  });
  expect(sum).toBe(7);
});

test("a view keeps its snapshot while another process commits", () => {
  const folder = freshFolder();
  using db = open(folder);
  db.update((tx) => tx.bucket(counters).set("sum", 1));
  db.view((tx) => {
    const found = tx.bucket(counters);
    expect(found.get("sum")).toBe(1);
    const child = Bun.spawnSync([process.execPath, join(import.meta.dir, "child.fixture.ts"), "add", folder, "3"]);
    expect(child.exitCode).toBe(0);
    expect(found.get("sum")).toBe(1);
    expect([...found.values()]).toEqual([1]);
    expect(db.view((inner) => inner.bucket(counters).get("sum"))).toBe(1);
  });
  expect(db.view((tx) => tx.bucket(counters).get("sum"))).toBe(4);
});

test("several handles of one process share their database, whichever reads or writes first", () => {
  const folder = freshFolder();
  open(folder).close();
  const [a, b] = [open(folder), open(join(folder, "..", basename(folder)))];
  using c = openDatabase(databaseUri(folder), { readOnly: true });
  const read = (db: Database) => db.view((tx) => tx.bucket(letters).get("a"));
  expect([read(a), read(b), read(c)]).toEqual([undefined, undefined, undefined]);
  b.update((tx) => tx.bucket(letters).set("a", 1));
  expect([read(a), read(b), read(c)]).toEqual([1, 1, 1]);
  a.update((tx) => tx.bucket(letters).set("a", 2));
  b.close();
  expect([read(a), read(c)]).toEqual([2, 2]);
  a.close();
  expect(read(c)).toBe(2);
  expect(codeOf(() => read(a))).toBe("db.closed");
});

test("nothing of a transaction can be used after its callback", () => {
  using db = open();
  const escaped = db.update((tx) => {
    const found = tx.bucket(letters);
    found.set("a", 1);
    found.set("b", 2);
    const scan = found.entries();
    scan.next();
    return { tx, found, scan };
  });
  expect(codeOf(() => escaped.tx.bucket(letters))).toBe("db.closed");
  expect(codeOf(() => escaped.found.get("a"))).toBe("db.closed");
  expect(codeOf(() => escaped.found.set("a", 9))).toBe("db.closed");
  expect(codeOf(() => escaped.found.delete("a"))).toBe("db.closed");
  expect(codeOf(() => escaped.found.clear())).toBe("db.closed");
  expect(codeOf(() => escaped.tx.drop(letters))).toBe("db.closed");
  expect(codeOf(() => escaped.found.entries())).toBe("db.closed");
  expect(codeOf(() => escaped.found.count())).toBe("db.closed");
  expect(codeOf(() => escaped.scan.next())).toBe("db.closed");
  const reader = db.view((tx) => ({ tx, found: tx.bucket(letters), scan: tx.bucket(letters).keys() }));
  expect(codeOf(() => reader.tx.buckets(text))).toBe("db.closed");
  expect(codeOf(() => reader.found.has("a"))).toBe("db.closed");
  expect(codeOf(() => reader.scan.next())).toBe("db.closed");
  expect(db.view((tx) => tx.bucket(letters).get("a"))).toBe(1);
});

test("what a view hands out has no write methods", () => {
  using db = open();
  db.view((tx) => {
    expect("drop" in tx).toBe(false);
    expect("set" in tx.bucket(letters)).toBe(false);
    expect("delete" in tx.bucket(letters)).toBe(false);
    expect("clear" in tx.bucket(letters)).toBe(false);
  });
});

test("a callback that returns a promise is refused, and its update undone", () => {
  using db = open();
  const late = (async () => 1) as () => unknown;
  const attempt = () =>
    db.update((tx) => {
      tx.bucket(letters).set("a", 1);
      return late();
    });
  expect(attempt).toThrow("must not be async");
  expect(db.view((tx) => tx.bucket(letters).has("a"))).toBe(false);
});

test("transactions of one thread do not wait for each other: a nested one is an error at once", () => {
  const folder = freshFolder();
  using db = open(folder);
  using other = openDatabase(databaseUri(folder));
  const nothingDone = () => undefined;
  expect(() => db.update(() => db.update(nothingDone))).toThrow("within another");
  expect(() => db.update(() => other.update(nothingDone))).toThrow("within another");
  expect(() => db.view(() => db.update(nothingDone))).toThrow("within a view");
  expect(() => db.update(() => db.view(nothingDone))).toThrow("within an update");
  expect(() => db.view(() => other.update(nothingDone))).toThrow("within a view");
  expect(db.view(() => db.view((tx) => tx.bucket(letters).count()))).toBe(0);
});

test("bytes handed out are the receiver's own", () => {
  using db = open();
  const key = Buffer.from("key");
  const value = Buffer.from("value");
  db.update((tx) => tx.bucket(raw).set(key, value));
  value.fill(0);
  const { got, listed, names } = db.view((tx) => {
    const found = tx.bucket(raw);
    const got = found.get(key);
    got?.fill(0xff);
    const listed = [...found];
    for (const [k, v] of listed) {
      k.fill(0xff);
      v.fill(0xff);
    }
    const names = tx.buckets(bytes);
    names[0]?.fill(0xff);
    expect([...found.keys()].map(String)).toEqual([String(new Uint8Array(key))]);
    return { got, listed, names };
  });
  db.update((tx) => {
    for (let i = 0; i < 1000; i++) tx.bucket(raw).set(Buffer.from(`k${i}`), Buffer.alloc(100, i));
  });
  const all = new Uint8Array([0xff]);
  expect([...new Set([...(got ?? []), ...(listed[0]?.[1] ?? []), ...(names[0] ?? [])])]).toEqual([...all]);
  db.view((tx) => {
    expect(Buffer.from(tx.bucket(raw).get(key) ?? []).toString()).toBe("value");
    expect(tx.buckets(text)).toEqual(["raw"]);
  });
});

test("values of every size come back whole, from a get and from a walk", () => {
  using db = open();
  const sizes = [0, 1, 1000, 4096, 40_000, 70_000, 1_000_000, 5_000_000];
  const make = (size: number) => new Uint8Array(size).map((_, i) => (i * 31 + size) & 0xff);
  db.update((tx) => {
    for (const [i, size] of sizes.entries()) tx.bucket(raw).set(Buffer.from([i]), make(size));
  });
  db.view((tx) => {
    for (const [i, size] of sizes.entries()) {
      const got = tx.bucket(raw).get(Buffer.from([i]));
      expect(got?.length).toBe(size);
      expect(Bun.hash(got ?? "")).toBe(Bun.hash(make(size)));
    }
    for (const [k, v] of tx.bucket(raw)) {
      const size = sizes[k[0] ?? -1] ?? -1;
      expect(Bun.hash(v)).toBe(Bun.hash(make(size)));
    }
  });
});

test("buckets nest, are told apart, and vanish with all that is in them", () => {
  using db = open();
  const inner = bucket("inner", { key: text, value: text });
  db.update((tx) => {
    const outer = tx.bucket(letters);
    outer.bucket(inner).set("a", "nested");
    outer.bucket(inner).bucket(inner).set("a", "deeper");
    outer.set("a", 1);
    tx.bucket(inner).set("a", "other");
  });
  db.view((tx) => {
    expect(tx.buckets(text)).toEqual(["inner", "letters"]);
    expect(tx.bucket(letters).buckets(text)).toEqual(["inner"]);
    expect(tx.bucket(letters).bucket(inner).get("a")).toBe("nested");
    expect(tx.bucket(letters).bucket(inner).bucket(inner).get("a")).toBe("deeper");
    expect(tx.bucket(inner).get("a")).toBe("other");
  });
  db.update((tx) => {
    const held = tx.bucket(letters).bucket(inner);
    expect(held.get("a")).toBe("nested");
    expect(tx.drop(letters)).toBe(true);
    expect(tx.drop(letters)).toBe(false);
    expect(held.exists).toBe(false);
    held.set("b", "made anew");
  });
  db.view((tx) => {
    expect([...tx.bucket(letters)]).toEqual([]);
    expect([...tx.bucket(letters).bucket(inner)]).toEqual([["b", "made anew"]]);
    expect([...tx.bucket(inner)]).toEqual([["a", "other"]]);
  });
  db.update((tx) => tx.bucket(letters).clear());
  db.view((tx) => expect(tx.bucket(letters).buckets(text)).toEqual([]));
});

test("buckets can be named by any value that has a key codec", () => {
  using db = open();
  const files = buckets(hexText(2), { key: text, value: nothing });
  const numbered = buckets(u32, { key: text, value: nothing });
  db.update((tx) => {
    tx.bucket(letters).bucket(files("beef")).set("bin/nano", true);
    tx.bucket(letters).bucket(files("0001")).set("bin/vi", true);
    for (const n of [300, 2, 70_000]) tx.bucket(raw).bucket(numbered(n)).set("x", true);
  });
  db.view((tx) => {
    expect(tx.bucket(letters).buckets(hexText(2))).toEqual(["0001", "beef"]);
    expect([...tx.bucket(letters).bucket(files("beef")).keys()]).toEqual(["bin/nano"]);
    expect(tx.bucket(raw).buckets(u32)).toEqual([2, 300, 70_000]);
  });
});

test("a prefix finds the keys that begin with it", () => {
  using db = open();
  const owners = bucket("owners", { key: tuple(text, text), value: nothing });
  db.update((tx) => {
    for (const key of ["bin", "bin/a", "bin/b", "bin0", "lib"]) tx.bucket(letters).set(key, 1);
    for (const name of ["a", "ab", "a\0"]) tx.bucket(owners).set([name, "path"], true);
    tx.bucket(raw).set(Buffer.from([0xff, 0xff]), Buffer.from("last"));
    tx.bucket(raw).set(Buffer.from([0xff]), Buffer.from("before"));
    tx.bucket(raw).set(Buffer.from([0xfe, 0xff]), Buffer.from("no"));
  });
  db.view((tx) => {
    expect([...tx.bucket(letters).keys({ prefix: "bin/" })]).toEqual(["bin/a", "bin/b"]);
    expect([...tx.bucket(letters).keys({ prefix: "bin/", from: "bin/b" })]).toEqual(["bin/b"]);
    expect([...tx.bucket(owners).keys({ prefix: ["a"] })]).toEqual([["a", "path"]]);
    expect(tx.bucket(raw).count({ prefix: Buffer.from([0xff]) })).toBe(2);
    expect(tx.bucket(letters).count({ prefix: "" })).toBe(5);
  });
});

test("pairs can be deleted and added while they are walked over", () => {
  using db = open();
  db.update((tx) => {
    const found = tx.bucket(letters);
    for (let i = 0; i < 1000; i++) found.set(`k${String(i).padStart(4, "0")}`, i);
    let seen = 0;
    for (const [key, value] of found) {
      seen += 1;
      if (value % 2 === 0) found.delete(key);
      if (value % 100 === 0) found.set(`a${key}`, value);
    }
    expect(seen).toBe(1000);
    expect(found.count({ prefix: "k" })).toBe(500);
    expect(found.count({ prefix: "a" })).toBe(10);
  });
});

test("iterators that are left early, or run side by side, do not disturb each other", () => {
  using db = open();
  db.update((tx) => {
    for (let i = 0; i < 10; i++) {
      tx.bucket(letters).set(`k${i}`, i);
      tx.bucket(raw).set(Buffer.from([i]), Buffer.from([i]));
    }
  });
  db.view((tx) => {
    for (let round = 0; round < 300; round++) for (const _ of tx.bucket(letters)) break;
    const one = tx.bucket(letters).values();
    const two = tx.bucket(raw).entries({ reverse: true });
    const mixed: number[] = [];
    for (let i = 0; i < 10; i++) {
      mixed.push(one.next().value ?? -1, two.next().value?.[1][0] ?? -1, tx.bucket(letters).get("k5") ?? -1);
    }
    expect(mixed).toEqual(Array.from({ length: 10 }, (_, i) => [i, 9 - i, 5]).flat());
  });
});

test("a key that is too long is refused, the longest is not", () => {
  using db = open();
  const longest = new Uint8Array(MAX_KEY).fill(7);
  db.update((tx) => {
    tx.bucket(raw).set(longest, Buffer.from("v"));
    tx.bucket(raw).set(new Uint8Array(0), Buffer.from("empty"));
  });
  db.view((tx) => {
    expect(tx.bucket(raw).has(longest)).toBe(true);
    expect([...tx.bucket(raw).values()].map(String)).toEqual(
      [Buffer.from("empty"), Buffer.from("v")].map((b) => String(new Uint8Array(b))),
    );
    expect(codeOf(() => tx.bucket(raw).get(new Uint8Array(MAX_KEY + 1)))).toBe("db.key");
  });
  expect(codeOf(() => db.update((tx) => tx.bucket(raw).set(new Uint8Array(MAX_KEY + 1), longest)))).toBe("db.key");
});

test("what a codec throws while decoding becomes db.decode with its cause", () => {
  using db = open();
  const failing: Codec<string> = {
    encode: (value) => Buffer.from(value),
    decode: () => {
      throw new RangeError("cannot");
    },
  };
  const odd = bucket("odd", { key: text, value: failing });
  const strict = bucket("odd", { key: text, value: json((v) => v) });
  db.update((tx) => tx.bucket(odd).set("a", "{"));
  for (const type of [odd, strict] as const) {
    const read = type as BucketType<string, unknown>;
    expect(codeOf(() => db.view((tx) => tx.bucket(read).get("a")))).toBe("db.decode");
    expect(codeOf(() => db.view((tx) => [...tx.bucket(read)]))).toBe("db.decode");
    expect(db.view((tx) => [...tx.bucket(read).keys()])).toEqual(["a"]);
  }
});

test("a decoder gets bytes of its own, which it may keep", () => {
  using db = open();
  const keeping: Codec<Uint8Array> = { encode: (value) => value, decode: (stored) => stored };
  const kept = bucket("kept", { key: u32, value: keeping });
  db.update((tx) => {
    for (let i = 0; i < 50; i++) tx.bucket(kept).set(i, new Uint8Array([i, i]));
  });
  const all = db.view((tx) => [...tx.bucket(kept).values()]);
  expect(all.map((v) => v[1])).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect(all.every((v) => v.buffer.byteLength === 2)).toBe(true);
});

test("a closed database cannot be used", () => {
  const db = open();
  db.close();
  db.close();
  expect(codeOf(() => db.view(() => 1))).toBe("db.closed");
  expect(codeOf(() => db.update(() => 1))).toBe("db.closed");
});

test("a database outgrows its first map by far, in one update and in many", () => {
  using db = open();
  const value = Buffer.alloc(100_000, 1);
  for (let round = 0; round < 3; round++) {
    db.update((tx) => {
      for (let i = 0; i < 200; i++) tx.bucket(raw).set(Buffer.from(`${round}-${i}`), value);
    });
  }
  const total = (found: ReadBucket<Uint8Array, Uint8Array, Uint8Array>) =>
    [...found.values()].reduce((n, v) => n + v.length, 0);
  expect(db.view((tx) => total(tx.bucket(raw)))).toBe(60_000_000);
});
