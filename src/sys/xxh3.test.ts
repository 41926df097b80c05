// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** XXH3 gives what the program xxhsum gives, in one piece and in many. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hex } from "#base/bytes";
import { run } from "#sys/process";
import { Xxh3_64, Xxh3_128, xxh3_64, xxh3_128 } from "#sys/xxh3";

const base = mkdtempSync(join(tmpdir(), "xxh3-"));
afterAll(() => rmSync(base, { recursive: true }));

const SIZES = [0, 1, 3, 4, 8, 9, 16, 17, 128, 129, 240, 241, 1000, 100_000];
const make = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i * 131 + size) & 0xff);

async function xxhsum(flag: string, size: number): Promise<string> {
  const path = join(base, String(size));
  writeFileSync(path, make(size));
  const { stdout } = await run(["xxhsum", flag, path]);
  return /[0-9a-f]{16,32}/.exec(stdout.replace(/^XXH3_/, ""))?.[0] ?? stdout;
}

test.skipIf(Bun.which("xxhsum") === null)("all lengths at which the algorithm changes agree with xxhsum", async () => {
  for (const size of SIZES) {
    expect(hex(xxh3_128(make(size)))).toBe(await xxhsum("-H2", size));
    expect(xxh3_64(make(size)).toString(16).padStart(16, "0")).toBe(await xxhsum("-H3", size));
  }
});

test("known digests: of nothing, and of one letter", () => {
  expect(hex(xxh3_128(new Uint8Array(0)))).toBe("99aa06d3014798d86001c324468d497f");
  expect(hex(xxh3_128(Buffer.from("a")))).toBe("a96faf705af16834e6c632b61e964e1f");
  expect(xxh3_64(Buffer.from("a")).toString(16)).toBe("e6c632b61e964e1f");
});

test("a running digest does not depend on the pieces, and starts anew after a reset", () => {
  const all = make(10_000);
  using wide = new Xxh3_128();
  using narrow = new Xxh3_64();
  for (let at = 0; at < all.length; at += 777) {
    wide.update(all.subarray(at, at + 777));
    narrow.update(all.subarray(at, at + 777));
  }
  expect(hex(wide.digest())).toBe(hex(xxh3_128(all)));
  expect(narrow.digest()).toBe(xxh3_64(all));
  expect(hex(wide.reset().update(Buffer.from("a")).digest())).toBe("a96faf705af16834e6c632b61e964e1f");
});

test("digests stay right over many calls", () => {
  const expected = hex(xxh3_128(make(100)));
  let wrong = 0;
  for (let i = 0; i < 20_000; i++) if (hex(xxh3_128(make(100).subarray(0))) !== expected) wrong += 1;
  expect(wrong).toBe(0);
});
