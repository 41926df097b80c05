// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Wrote the kept databases beside it, with the library as it was then: `bun src/moss-db/testdata/make.ts FOLDER`.
 * Kept files are never made again: they stand for what is on the disks of users.
 */
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { bucket, databaseUri, json, openDatabase, type Schema, text, u32, type WriteTransaction } from "#moss-db/index";

const target = process.argv[2];
if (target === undefined) throw new Error("usage: make.ts FOLDER");

function make(name: string, schema: Schema, fill: (tx: WriteTransaction) => void): void {
  const folder = join(target ?? "", `${name}.d`);
  mkdirSync(folder, { recursive: true });
  {
    using db = openDatabase(databaseUri(folder), { schema });
    db.update((tx) => {
      fill(tx);
    });
  }
  copyFileSync(join(folder, "data.mdb"), join(target ?? "", `${name}.mdb`));
}

const ages = bucket("ages", { key: text, value: u32 });
const nested = bucket("nested", { key: u32, value: text });
const persons = bucket("persons", { key: text, value: json((value) => value as object) });

make("people-v1", { name: "people", version: 1 }, (tx) => {
  tx.bucket(ages).set("ada", 36);
  tx.bucket(ages).set("grace", 85);
  tx.bucket(ages).bucket(nested).set(1, "one");
  tx.bucket(ages).bucket(nested).set(300, "three hundred");
});
make("people-v2", { name: "people", version: 2 }, (tx) => {
  tx.bucket(persons).set("ada", { name: "ada", born: 1815 });
});
