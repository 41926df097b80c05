// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Databases written by earlier versions of this library and of its users open, step by step, or say why they do not. */
import { afterAll, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { bucket, databaseUri, json, openDatabase, type Schema, text, u32 } from "#moss-db/index";

const base = mkdtempSync(join(tmpdir(), "moss-db-schema-"));
afterAll(() => rmSync(base, { recursive: true }));

let counter = 0;

/** A copy of a kept file; testdata/make.ts wrote them, and writes the files of new versions. */
function kept(name: string): string {
  const folder = join(base, String(++counter));
  mkdirSync(folder);
  copyFileSync(join(import.meta.dir, "testdata", name), join(folder, "data.mdb"));
  return databaseUri(folder);
}

function failureOf(body: () => unknown): Failure {
  try {
    body();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("no failure");
}

interface Person {
  readonly name: string;
  readonly born?: number;
}

// Version 1: ages by name. Version 2: persons by name. Version 3: persons by number, names beside them.
const ages = bucket("ages", { key: text, value: u32 });
const persons = bucket("persons", { key: text, value: json((value) => value as Person) });
const numbered = bucket("numbered", { key: u32, value: json((value) => value as Person) });

const schema: Schema = {
  name: "people",
  version: 3,
  migrations: {
    1: (tx) => {
      for (const [name, age] of tx.bucket(ages)) tx.bucket(persons).set(name, { name, born: 2000 - age });
      tx.drop(ages);
    },
    2: (tx) => {
      let number = 0;
      for (const person of tx.bucket(persons).values()) tx.bucket(numbered).set(++number, person);
      tx.drop(persons);
    },
  },
};

test("a kept file of version 1 is brought to version 3, and stays there", () => {
  const uri = kept("people-v1.mdb");
  for (let round = 0; round < 2; round++) {
    using db = openDatabase(uri, { schema });
    expect(db.view((tx) => [...tx.bucket(numbered)])).toEqual([
      [1, { name: "ada", born: 1964 }],
      [2, { name: "grace", born: 1915 }],
    ]);
    expect(db.view((tx) => tx.buckets(text))).toEqual(["numbered"]);
  }
});

test("a kept file of version 2 takes only the second step", () => {
  using db = openDatabase(kept("people-v2.mdb"), { schema });
  expect(db.view((tx) => [...tx.bucket(numbered).values()])).toEqual([{ name: "ada", born: 1815 }]);
});

test("what is nested in a kept file is found by today's library", () => {
  using db = openDatabase(kept("people-v1.mdb"), { readOnly: true });
  const nested = bucket("nested", { key: u32, value: text });
  expect(db.view((tx) => [...tx.bucket(ages).bucket(nested)])).toEqual([
    [1, "one"],
    [300, "three hundred"],
  ]);
});

test("a step that fails leaves the old version as it was", () => {
  const uri = kept("people-v1.mdb");
  const failing: Schema = {
    ...schema,
    migrations: {
      ...schema.migrations,
      2: () => {
        throw new RangeError("half way");
      },
    },
  };
  expect(() => openDatabase(uri, { schema: failing })).toThrow("half way");
  using db = openDatabase(uri, { schema: { name: "people", version: 1 } });
  expect(db.view((tx) => tx.buckets(text))).toEqual(["ages"]);
});

test("a reader does not migrate: it says who can", () => {
  const uri = kept("people-v1.mdb");
  const failure = failureOf(() => openDatabase(uri, { schema, readOnly: true }));
  expect(failure.code).toBe("db.schema");
  expect(failure.hint).toContain("writes");
});

test("newer versions, versions that no step leads on from, and other databases are refused", () => {
  const newer = failureOf(() => openDatabase(kept("people-v2.mdb"), { schema: { name: "people", version: 1 } }));
  expect([newer.code, newer.message]).toEqual(["db.schema", expect.stringContaining("it holds people version 2")]);
  const stuck = failureOf(() => openDatabase(kept("people-v1.mdb"), { schema: { ...schema, migrations: {} } }));
  expect([stuck.code, stuck.hint]).toEqual(["db.schema", expect.stringContaining("too old")]);
  const other = failureOf(() => openDatabase(kept("people-v1.mdb"), { schema: { ...schema, name: "moss" } }));
  expect([other.code, other.message]).toEqual(["db.schema", expect.stringContaining("expected moss version 3")]);
});

test("a refused opening writes nothing", () => {
  const uri = kept("people-v2.mdb");
  const path = join(uri.slice("lmdb://".length), "data.mdb");
  const before = readFileSync(path);
  expect(failureOf(() => openDatabase(uri, { schema: { ...schema, name: "moss" } })).code).toBe("db.schema");
  expect(readFileSync(path).equals(before)).toBe(true);
});

test("a new database gets the version at once, without steps", () => {
  const uri = databaseUri(join(base, "new"));
  openDatabase(uri, { schema }).close();
  expect(failureOf(() => openDatabase(uri, { schema: { name: "people", version: 2 } })).code).toBe("db.schema");
  using again = openDatabase(uri, { schema, readOnly: true });
  expect(again.view((tx) => tx.buckets(text))).toEqual([]);
});

test("a new database whose maker was cut off before its first record reads as an empty one, and the next writer goes on", () => {
  const uri = databaseUri(join(base, "cut off"));
  openDatabase(uri).close();
  {
    using reader = openDatabase(uri, { schema, readOnly: true });
    expect(reader.view((tx) => tx.buckets(text))).toEqual([]);
  }
  openDatabase(uri, { schema }).close();
  expect(failureOf(() => openDatabase(uri, { schema: { name: "people", version: 2 } })).code).toBe("db.schema");
});
