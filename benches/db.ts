// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * moss-db beside `lmdb` used directly and `bun:sqlite`: bulk put, point get and range scan of the same pairs, 1,000,000 or
 * as many as the first argument says. Keys and values are bytes made before the clock starts; each side commits once,
 * durably. Every side runs in a process of its own, in turns; the best turn counts, since what disturbs a turn only adds to it. Fails where moss-db is
 * slower than 1.15 times `lmdb`.
 */
import { Database as Sqlite } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";
import { bucket, bytes, databaseUri, openDatabase } from "#moss-db/index";
import { run } from "#sys/process";

const LIMIT = 1.15;
const TURNS = 3;
const STEPS = ["put", "get", "scan"] as const;

type Times = Record<(typeof STEPS)[number], number>;

interface Side {
  put(keys: readonly Uint8Array[], values: readonly Uint8Array[]): void;
  /** Bytes of all values found. */
  get(keys: readonly Uint8Array[]): number;
  /** Bytes of all keys and values. */
  scan(): number;
}

function mossDb(folder: string): Side {
  const db = openDatabase(databaseUri(folder));
  const pairs = bucket("pairs", { key: bytes, value: bytes });
  return {
    put: (keys, values) =>
      db.update((tx) => {
        const found = tx.bucket(pairs);
        keys.forEach((key, i) => found.set(key, values[i] ?? key));
      }),
    get: (keys) =>
      db.view((tx) => {
        const found = tx.bucket(pairs);
        let size = 0;
        for (const key of keys) size += found.get(key)?.byteLength ?? 0;
        return size;
      }),
    scan: () =>
      db.view((tx) => {
        let size = 0;
        for (const [key, value] of tx.bucket(pairs)) size += key.byteLength + value.byteLength;
        return size;
      }),
  };
}

function lmdbDirect(folder: string): Side {
  const db = open<Uint8Array, Uint8Array>({
    path: folder,
    noSubdir: false,
    encoding: "binary",
    keyEncoding: "binary",
    overlappingSync: false,
  });
  return {
    put: (keys, values) =>
      db.transactionSync(() => {
        keys.forEach((key, i) => db.putSync(key, values[i] ?? key));
      }),
    get: (keys) => {
      let size = 0;
      for (const key of keys) size += db.get(key)?.byteLength ?? 0;
      return size;
    },
    scan: () => {
      let size = 0;
      for (const { key, value } of db.getRange({})) size += key.byteLength + value.byteLength;
      return size;
    },
  };
}

function sqlite(folder: string): Side {
  const db = new Sqlite(join(folder, "pairs.sqlite"));
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = FULL");
  db.run("CREATE TABLE pairs (k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID");
  return {
    put: (keys, values) => {
      const insert = db.prepare<unknown, [Uint8Array, Uint8Array]>("INSERT OR REPLACE INTO pairs VALUES (?, ?)");
      db.transaction(() => keys.forEach((key, i) => insert.run(key, values[i] ?? key)))();
    },
    get: (keys) => {
      const select = db.prepare<{ v: Uint8Array }, [Uint8Array]>("SELECT v FROM pairs WHERE k = ?");
      let size = 0;
      for (const key of keys) size += select.get(key)?.v.byteLength ?? 0;
      return size;
    },
    scan: () => {
      const select = db.prepare<{ k: Uint8Array; v: Uint8Array }, []>("SELECT k, v FROM pairs ORDER BY k");
      let size = 0;
      for (const { k, v } of select.iterate()) size += k.byteLength + v.byteLength;
      return size;
    },
  };
}

const SIDES: Readonly<Record<string, (folder: string) => Side>> = {
  "moss-db": mossDb,
  lmdb: lmdbDirect,
  "bun:sqlite": sqlite,
};

/** Keys as a package manager has them, 20 bytes of a digest, in no order; values of 16 to 143 bytes. */
function makePairs(count: number) {
  const keys: Uint8Array[] = [];
  const values: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const key = new Uint8Array(20);
    const view = new DataView(key.buffer);
    for (let word = 0; word < 5; word++) view.setUint32(word * 4, Math.imul(i + 1, 0x9e37_79b1 + word * 2) >>> 0);
    keys.push(key);
    values.push(new Uint8Array(16 + (i % 128)).fill(i));
  }
  return { keys, values };
}

function measure(side: Side, count: number): Times {
  const { keys, values } = makePairs(count);
  const shuffled = keys.map((_, i) => keys[(i * 7919) % count] ?? keys[0] ?? new Uint8Array(0));
  const expected = values.reduce((size, value) => size + value.byteLength, 0);
  const clock = (body: () => void) => {
    const started = performance.now();
    body();
    return performance.now() - started;
  };
  const expectSize = (found: number, wanted: number) => {
    if (found !== wanted) throw new Error(`found ${found} bytes, expected ${wanted}`);
  };
  return {
    put: clock(() => side.put(keys, values)),
    get: clock(() => expectSize(side.get(shuffled), expected)),
    scan: clock(() => expectSize(side.scan(), expected + count * 20)),
  };
}

async function turn(name: string, count: number): Promise<Times> {
  const folder = mkdtempSync(join(tmpdir(), "bench-db-"));
  try {
    const result = await run([process.execPath, import.meta.path, "--side", name, folder, String(count)]);
    if (result.code !== 0) throw new Error(`${name} failed: ${result.stderr}`);
    return JSON.parse(result.stdout) as Times;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function main(count: number): Promise<void> {
  const times = new Map<string, Times[]>(Object.keys(SIDES).map((name) => [name, []]));
  for (let i = 0; i < TURNS; i++) for (const [name, list] of times) list.push(await turn(name, count));
  const best = (name: string, step: keyof Times) => Math.min(...(times.get(name) ?? []).map((t) => t[step]));
  console.log(`bench db: ${count} pairs, best of ${TURNS} turns, µs a pair; ratio = moss-db / other`);
  let failed = false;
  for (const step of STEPS) {
    const ours = best("moss-db", step);
    const cells = Object.keys(SIDES).map((name) => {
      const ratio = name === "moss-db" ? "" : ` (${(ours / best(name, step)).toFixed(2)}x)`;
      return `${name} ${((best(name, step) * 1000) / count).toFixed(3)}${ratio}`;
    });
    const bad = ours / best("lmdb", step) > LIMIT;
    failed ||= bad;
    console.log(`  ${step.padEnd(5)} ${cells.join("   ")}${bad ? `   above ${LIMIT}x` : ""}`);
  }
  process.exitCode = failed ? 1 : 0;
}

const [first, name = "", folder = "", count = ""] = process.argv.slice(2);
if (first === "--side") {
  const side = SIDES[name]?.(folder);
  if (side === undefined) throw new Error(`no side is called ${name}`);
  console.log(JSON.stringify(measure(side, Number(count))));
  process.exit(0);
}
await main(Number(first ?? 1_000_000));
