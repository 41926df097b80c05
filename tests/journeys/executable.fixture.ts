// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A program for the test of compiled executables: counts its runs in a database, compresses and hashes a little. */
import { bucket, databaseUri, openDatabase, text, u32 } from "#moss-db/index";
import { sha256Hex } from "#sys/sha256";
import { xxh3_128 } from "#sys/xxh3";
import { ZstdEncoder } from "#sys/zstd";

const counts = bucket("counts", { key: text, value: u32 });

using db = openDatabase(databaseUri(process.argv[2] ?? ""));
const runs = db.update((tx) => {
  const found = tx.bucket(counts);
  const next = (found.get("runs") ?? 0) + 1;
  found.set("runs", next);
  return next;
});
using encoder = new ZstdEncoder({ level: 1 });
let compressed = 0;
encoder.write(Buffer.alloc(100_000, "moss"), (chunk) => {
  compressed += chunk.length;
});
encoder.end((chunk) => {
  compressed += chunk.length;
});
console.log(
  JSON.stringify({
    runs,
    small: compressed < 1000,
    sha256: sha256Hex("a").length,
    xxh3: xxh3_128(Buffer.from("a")).length,
  }),
);
