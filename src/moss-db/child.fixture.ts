// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The other process of this folder's tests: `bun child.fixture.ts VERB FOLDER [ARGUMENT]`, one line of output a step.
 */
import { existsSync, writeSync } from "node:fs";
import { Failure } from "#base/errors";
import { bucket, bytes, type Database, databaseUri, openDatabase, text, u32, type WriteBucket } from "#moss-db/index";

export const counters = bucket("counters", { key: text, value: u32 });
export const bulk = bucket("bulk", { key: bytes, value: bytes });

/** Puts number `n` into both counters and into many places of the bulk; the state is whole where all agree. */
export function writeRound(db: Database, n: number): void {
  db.update((tx) => {
    tx.bucket(counters).set("first", n);
    const places = tx.bucket(bulk);
    for (let i = 0; i < 40; i++) {
      const key = Buffer.from(`key-${(i * 7919 + n * 31) % 500}`);
      places.set(key, Buffer.alloc(1 + ((n * i * 97) % 6000), n & 0xff));
      if (i % 5 === 0) places.delete(Buffer.from(`key-${(i * 104_729 + n) % 500}`));
    }
    tx.bucket(counters).set("last", n);
  });
}

/** Counts on from `n`, which must be what the last transaction left. */
function addOne(places: WriteBucket<string, number>, n: number): void {
  const found = places.get("last") ?? 0;
  if (found !== n) throw new Error(`found ${found} after a commit of ${n}`);
  places.set("last", n + 1);
}

const say = (line: string) => writeSync(1, `${line}\n`);

function readAll(db: Database): string {
  return db.view((tx) => {
    let size = 0;
    for (const [key, value] of tx.bucket(bulk)) size += key.length + value.length;
    const first = tx.bucket(counters).get("first") ?? 0;
    const last = tx.bucket(counters).get("last") ?? 0;
    return `${first} ${last} ${size}`;
  });
}

function main(verb: string, folder: string, argument: string): void {
  const uri = databaseUri(folder);
  if (verb === "write") {
    // Rounds without end, until it is killed: each number is said once its commit has returned.
    using db = openDatabase(uri);
    let n = db.view((tx) => tx.bucket(counters).get("last") ?? 0);
    for (;;) {
      writeRound(db, ++n);
      say(String(n));
    }
  }
  if (verb === "add") {
    using db = openDatabase(uri);
    for (let i = 0; i < Number(argument); i++) {
      db.update((tx) => {
        const found = tx.bucket(counters);
        found.set("sum", (found.get("sum") ?? 0) + 1);
        tx.bucket(bulk).set(Buffer.from(`${process.pid}-${i}`), Buffer.alloc(3000, 1));
      });
    }
  }
  if (verb === "hold") {
    using db = openDatabase(uri);
    db.update((tx) => {
      tx.bucket(counters).set("first", 1);
      say("holding");
      while (!existsSync(argument)) Bun.sleepSync(10);
      tx.bucket(counters).set("last", 1);
    });
    say("done");
  }
  if (verb === "read") {
    using db = openDatabase(uri, { readOnly: true, check: argument === "check" });
    say(readAll(db));
  }
  if (verb === "reopen" || verb === "rewrite") {
    // What many short commands do: each opens the database, looks or changes, and closes it.
    for (let i = 0; i < Number(argument); i++) {
      using db = openDatabase(uri, { readOnly: verb === "reopen" });
      if (verb === "rewrite") db.update((tx) => addOne(tx.bucket(counters), i));
      else db.view((tx) => tx.bucket(counters).get("last"));
    }
    say("done");
  }
  if (verb === "watch") {
    // Many views, each of which must see one whole state, never an older one than before.
    using db = openDatabase(uri, { readOnly: true });
    let before = 0;
    for (let i = 0; i < Number(argument); i++) {
      const [first = -1, last = -2] = readAll(db).split(" ").map(Number);
      if (first !== last || first < before) throw new Error(`saw ${first} and ${last} after ${before}`);
      before = first;
    }
    say(`saw ${before}`);
  }
}

if (import.meta.main) {
  try {
    main(process.argv[2] ?? "", process.argv[3] ?? "", process.argv[4] ?? "");
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.code);
    process.exit(3);
  }
}
