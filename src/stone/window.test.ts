// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What memory a stone may ask of its reader. */
import { expect, test } from "bun:test";
import { constants, zstdCompressSync } from "node:zlib";
import { concat } from "#base/bytes";
import { StoneReader } from "#stone/reader";
import * as forge from "#tests/cases/stone-forge";

const stone = (...payloads: forge.ForgedPayload[]) => forge.forge({ payloads });

test("a second frame whose header lies across two pieces of the file is held to the window limit too", () => {
  const small = 2 ** 20;
  const zeros = new Uint8Array(small - 3 * 8 - 9 - 3);
  const tail = new Uint8Array(2 * small);
  const first = forge.rawFrame(zeros);
  // The file is read in pieces of 1 MiB: three bytes of the second header are in the first piece.
  expect(first.byteLength).toBe(small - 3);
  const stored = concat([first, forge.rawFrame(tail, 21)]);
  const plain = concat([zeros, tail]);
  const bytes = stone(forge.meta(), forge.content(plain, { stored }));
  const read = (window: number) => () => {
    using reader = StoneReader.fromBytes(bytes, "frames", { limits: { window } });
    reader.content({ begin() {}, data() {}, end() {} });
  };
  expect(read(small)).toThrow(/a zstd window of 2097152 bytes, expected at most 1048576/);
  expect(read(2 * small)).not.toThrow();
});

test("a window that no memory is left for is refused before anything is taken; where there is memory it is read", () => {
  const plain = new Uint8Array(129 * 2 ** 20);
  const params = { [constants.ZSTD_c_windowLog]: 28 };
  const bytes = stone(forge.meta(), forge.content(plain, { stored: zstdCompressSync(plain, { params }) }));
  const read = (free: number) => () => {
    using reader = StoneReader.fromBytes(bytes, "wide", { limits: { free: () => free } });
    reader.content({ begin() {}, data() {}, end() {} });
  };
  expect(read(100 * 2 ** 20)).toThrow(/it takes 135266304 bytes of memory to unpack, and only 104857600 are free/);
  expect(read(200 * 2 ** 20)).not.toThrow();
});
