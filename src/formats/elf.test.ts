// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The ELF reader, on files made here, on the programs of this machine beside readelf, and on damaged ones. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import * as fc from "fast-check";
import { Failure } from "#base/errors";
import { parseElf, readSection } from "#formats/elf";
import { type ElfSample, elfSample } from "#tests/support/elf-sample";

const parse = (bytes: Uint8Array) => parseElf((at, length) => bytes.subarray(at, at + length), bytes.byteLength);

const text = fc.stringMatching(/^[a-z0-9._+-]{1,20}$/);
const sample: fc.Arbitrary<ElfSample> = fc.record(
  {
    bits: fc.constantFrom(32 as const, 64 as const),
    endian: fc.constantFrom("little" as const, "big" as const),
    type: fc.constantFrom(2, 3),
    machine: fc.constantFrom(3, 62, 183),
    soname: text,
    needed: fc.array(text, { maxLength: 5, minLength: 1 }),
    runpath: text,
    rpath: text,
    interpreter: text.map((name) => `/lib/${name}`),
    buildId: fc.uint8Array({ minLength: 4, maxLength: 20 }),
    relr: fc.boolean(),
  },
  { requiredKeys: ["bits", "endian", "type", "machine", "needed"] },
);

test("what a made file says is read back, in both classes and byte orders", () => {
  fc.assert(
    fc.property(sample, (want) => {
      const elf = parse(elfSample(want));
      expect(elf?.bits).toBe(want.bits);
      expect(elf?.endian).toBe(want.endian);
      expect(elf?.type).toBe(want.type === 2 ? "executable" : "shared");
      expect(elf?.machine).toBe(want.machine === 3 ? "386" : want.machine === 62 ? "x86_64" : "aarch64");
      expect(elf?.dynamic?.soname).toBe(want.soname);
      expect(elf?.dynamic?.needed).toEqual([...(want.needed ?? [])]);
      expect(elf?.dynamic?.runpath).toEqual(want.runpath === undefined ? [] : [want.runpath]);
      expect(elf?.dynamic?.rpath).toEqual(want.rpath === undefined ? [] : [want.rpath]);
      expect(elf?.dynamic?.relr).toBe(want.relr === true);
      expect(elf?.interpreter).toBe(want.interpreter);
      expect(elf?.buildId).toBe(want.buildId && Buffer.from(want.buildId).toString("hex"));
    }),
  );
});

test("debug information, symbol table and a named section are found", () => {
  const bytes = elfSample({
    sections: { ".debug_info": new Uint8Array(9), ".symtab": new Uint8Array(24), ".x": Uint8Array.of(1, 2) },
  });
  const elf = parse(bytes);
  expect(elf?.debug).toBe(true);
  expect(elf?.stripped).toBe(false);
  expect(parse(elfSample())?.stripped).toBe(true);
  if (elf === undefined) throw new Error("not read");
  const read = (at: number, length: number) => bytes.subarray(at, at + length);
  expect(readSection(elf, read, bytes.byteLength, ".x", 16)).toEqual(Uint8Array.of(1, 2));
  expect(readSection(elf, read, bytes.byteLength, ".x", 1)).toBeUndefined();
  expect(readSection(elf, read, bytes.byteLength, ".none", 16)).toBeUndefined();
});

test("data behind the end of the program is told apart from the program", () => {
  const bytes = elfSample({ needed: ["libc.so.6"] });
  expect(parse(bytes)?.imageEnd).toBe(bytes.byteLength);
  const longer = new Uint8Array(bytes.byteLength + 100);
  longer.set(bytes);
  expect(parse(longer)?.imageEnd).toBe(bytes.byteLength);
});

test("a file that does not begin as an ELF file is none", () => {
  expect(parse(new Uint8Array(0))).toBeUndefined();
  expect(parse(new TextEncoder().encode("#!/bin/sh\necho hello world\n"))).toBeUndefined();
});

/** Damage is either refused with a Failure, or read as something; never another error, and never a long wait. */
function survives(bytes: Uint8Array): void {
  try {
    parse(bytes);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.code).toBe("format.invalid");
  }
}

test("a file cut short at any byte is refused or read, never a crash", () => {
  const whole = elfSample({
    soname: "libx.so.1",
    needed: ["libc.so.6"],
    interpreter: "/lib/ld.so",
    buildId: new Uint8Array(20),
  });
  for (let length = 0; length < whole.byteLength; length++) {
    const cut = whole.subarray(0, length);
    survives(cut);
    if (length >= 16) expect(() => parse(cut)).toThrow(Failure);
  }
});

test("random damage to headers and tables is refused or read, never a crash", () => {
  fc.assert(
    fc.property(
      sample,
      fc.array(fc.tuple(fc.nat(1500), fc.nat(255)), { minLength: 1, maxLength: 12 }),
      (want, damage) => {
        const bytes = elfSample(want);
        for (const [at, value] of damage) if (at >= 4 && at < bytes.byteLength) bytes[at] = value;
        survives(bytes);
      },
    ),
    { numRuns: 2000 },
  );
});

test("counts and sizes far beyond the file are refused before memory is reserved", () => {
  const bytes = elfSample({ needed: ["libc.so.6"] });
  const view = new DataView(bytes.buffer);
  view.setUint16(60, 0, true); // e_shnum 0: the count stands in the first section header's size
  const table = Number(view.getBigUint64(40, true));
  view.setBigUint64(table + 32, 0xffffffffffffn, true);
  expect(() => parse(bytes)).toThrow(/sections/);
});

/** A file of `count` sections of one type over the same bytes, which are also the texts of all their names. */
function overlapping(count: number, type: number, body: Uint8Array): Uint8Array {
  const table = 64 + body.byteLength;
  const bytes = new Uint8Array(table + count * 64);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.set(body, 64);
  view.setUint16(16, 3, true);
  view.setUint16(18, 62, true);
  view.setBigUint64(40, BigInt(table), true);
  view.setUint16(58, 64, true);
  view.setUint16(62, 1, true); // names stand in the second section
  for (let i = 0; i < count; i++) {
    view.setUint32(table + i * 64 + 4, type, true);
    view.setBigUint64(table + i * 64 + 24, 64n, true);
    // The first header holds the count, as it has more than 16 bits.
    view.setBigUint64(table + i * 64 + 32, BigInt(i === 0 ? count : body.byteLength), true);
  }
  return bytes;
}

// Read one by one, the notes of this file would take a quarter of an hour.
test("many sections over the same notes or names cost no more than a few", () => {
  const notes = new Uint8Array(65_532);
  for (let at = 8; at < notes.byteLength; at += 12) notes[at] = 1;
  expect(parse(overlapping(1 << 18, 7, notes))?.buildId).toBeUndefined();
  const name = new Uint8Array(4000).fill(0x61, 0, 3999);
  expect(() => parse(overlapping(1 << 18, 1, name))).toThrow(/names together/);
}, 60_000);

const readelf = spawnSync("readelf", ["--version"]).status === 0;
const programs = [
  "/bin/sh",
  "/usr/bin/env",
  "/lib64/ld-linux-x86-64.so.2",
  "/usr/lib/x86_64-linux-gnu/libc.so.6",
  "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
].filter((path) => existsSync(path));

test.skipIf(!readelf || programs.length === 0)("programs of this machine read as readelf reads them", () => {
  for (const path of programs) {
    const bytes = readFileSync(realpathSync(path));
    const elf = parse(bytes);
    const out = spawnSync("readelf", ["-dWnlV", path], { encoding: "utf8" }).stdout;
    const list = (tag: string) => [...out.matchAll(new RegExp(`\\(${tag}\\).*\\[(.*)\\]`, "g"))].map((m) => m[1] ?? "");
    expect(elf?.dynamic?.needed ?? []).toEqual(list("NEEDED"));
    expect(elf?.dynamic?.soname).toBe(list("SONAME")[0]);
    expect(elf?.buildId).toBe(/Build ID: ([0-9a-f]+)/.exec(out)?.[1]);
    expect(elf?.interpreter).toBe(/program interpreter: (.*)\]/.exec(out)?.[1]);
    const versions = [...out.matchAll(/Name: (\S+)\s+Flags: \S+\s+Version: \d+/g)].map((m) => m[1] ?? "");
    expect(elf?.dynamic?.versionsNeeded.flatMap((need) => need.versions)).toEqual(versions);
  }
});
