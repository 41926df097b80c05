// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Many files hashed by several threads. */
import { afterAll, expect, test } from "bun:test";
import { lstatSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileToHash, hashAll } from "#store/hash-all";
import { sha256Hex } from "#sys/sha256";

const folder = mkdtempSync(join(tmpdir(), "hash-all-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, body: Uint8Array): FileToHash {
  const path = join(folder, name);
  writeFileSync(path, body);
  return { path, size: body.byteLength, inode: lstatSync(path).ino };
}

test("every file has its own digest, whichever thread took it; what cannot be read has none", () => {
  const bodies = new Map<string, Uint8Array>();
  for (let i = 0; i < 300; i++) bodies.set(`small ${i} ü`, Buffer.from(`body ${i}`.repeat(i)));
  // Enough that threads are worth starting, in sizes of both classes.
  for (let i = 0; i < 4; i++) bodies.set(`large ${i}`, Buffer.alloc((5 + i) << 20, i));
  for (let i = 0; i < 12; i++) bodies.set(`middle ${i}`, Buffer.alloc(1 << 20, i));
  const files = [...bodies].map(([name, body]) => write(name, body));
  const gone = { path: join(folder, "gone"), size: 10, inode: 1 };
  let last = 0;
  const found = hashAll([gone, ...files], (bytes) => (last = Math.max(last, bytes)));
  expect(found).toEqual(new Map([...bodies].map(([name, body]) => [join(folder, name), sha256Hex(body)])));
  expect(last).toBeGreaterThanOrEqual(files.reduce((sum, { size }) => sum + size, 0));
});

test("no files, and few bytes, need no thread", () => {
  expect(hashAll([], () => {})).toEqual(new Map());
  const one = write("one", Buffer.from("one"));
  expect(hashAll([one], () => {})).toEqual(new Map([[one.path, sha256Hex("one")]]));
});
