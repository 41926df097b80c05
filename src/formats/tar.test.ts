// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The tar reader, on archives that GNU tar made and on damaged ones. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { Failure } from "#base/errors";
import { type TarEntry, type TarLimits, TarReader } from "#formats/tar";

interface Found {
  entry: TarEntry;
  body: Buffer;
}

/** Reads an archive given in pieces of some size. */
function readAll(archive: Uint8Array, piece = 10_000, limits: TarLimits = {}): Found[] {
  const found: Found[] = [];
  let parts: Uint8Array[] = [];
  const reader = new TarReader(
    {
      entry: (entry) => {
        found.push({ entry, body: Buffer.alloc(0) });
        parts = [];
      },
      data: (chunk) => parts.push(chunk.slice()),
      done: () => {
        const last = found.at(-1);
        if (last !== undefined) last.body = Buffer.concat(parts);
      },
    },
    "x.tar",
    limits,
  );
  for (let at = 0; at < archive.byteLength; at += piece) reader.write(archive.subarray(at, at + piece));
  reader.end();
  return found;
}

const LONG = `${"d".repeat(120)}/${"f".repeat(200)}`;

function makeArchive(format: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "tar-test-"));
  try {
    mkdirSync(join(folder, "t", format === "ustar" ? "d" : "d".repeat(120)), { recursive: true });
    writeFileSync(join(folder, "t/empty"), "");
    writeFileSync(join(folder, "t/block"), Buffer.alloc(512, 1));
    writeFileSync(join(folder, "t/odd"), Buffer.alloc(777, 2));
    chmodSync(join(folder, "t/odd"), 0o4755);
    linkSync(join(folder, "t/odd"), join(folder, "t/zhard"));
    symlinkSync("x".repeat(150), join(folder, "t/link"));
    if (format !== "ustar") writeFileSync(join(folder, "t", LONG), "long");
    writeFileSync(join(folder, "t/naïve ☃"), "utf8");
    const args = [
      "--sort=name",
      `--format=${format}`,
      "--mtime=@1000",
      "-C",
      folder,
      "-cf",
      join(folder, "out.tar"),
      "t",
    ];
    const made = spawnSync("tar", format === "ustar" ? ["--exclude=t/link", ...args] : args);
    expect(made.stderr.toString()).toBe("");
    return readFileSync(join(folder, "out.tar"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const format of ["gnu", "pax", "ustar"]) {
  test(`reads what GNU tar writes in the ${format} format, whatever the pieces`, () => {
    const archive = makeArchive(format);
    for (const piece of [1, 511, 513, 100_000]) {
      const found = readAll(archive, piece);
      const get = (path: string) => found.find((item) => item.entry.path === path);
      expect(get("t/")?.entry.kind).toBe("directory");
      expect(get("t/odd")?.entry).toMatchObject({ mode: 0o4755, size: 777, mtime: 1000, uid: process.getuid?.() ?? 0 });
      expect(get("t/odd")?.body.equals(Buffer.alloc(777, 2))).toBe(true);
      expect(get("t/block")?.body.byteLength).toBe(512);
      expect(get("t/empty")?.body.byteLength).toBe(0);
      expect(get("t/zhard")?.entry).toMatchObject({ kind: "hardlink", target: "t/odd", size: 0 });
      expect(get("t/naïve ☃")?.body.toString()).toBe("utf8");
      if (format === "ustar") continue;
      expect(get("t/link")?.entry).toMatchObject({ kind: "symlink", target: "x".repeat(150) });
      expect(get(`t/${LONG}`)?.body.toString()).toBe("long");
    }
  });
}

test("an archive that is cut off within an entry is refused", () => {
  const archive = makeArchive("gnu");
  const end = archive.lastIndexOf(Buffer.from("utf8"));
  for (let length = 1; length <= end; length += 97) {
    expect(() => readAll(archive.subarray(0, length))).toThrow(Failure);
  }
});

test("a wrong checksum is refused", () => {
  const archive = makeArchive("gnu");
  archive[0] = 0x75;
  expect(() => readAll(archive)).toThrow("a header with a wrong checksum");
});

test("a body or an extension header above the limit is refused before it is read", () => {
  const archive = makeArchive("gnu");
  expect(() => readAll(archive, 10_000, { maxEntry: 776 })).toThrow("777 bytes");
  expect(() => readAll(archive, 10_000, { maxHeader: 100 })).toThrow("an extension header");
  expect(() => readAll(archive, 10_000, { maxEntries: 3 })).toThrow("too many entries");
});

test("damaged archives end in a coded failure or in entries, never in a crash", () => {
  const archive = makeArchive("pax");
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(archive.byteLength - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      (damage) => {
        const bad = Buffer.from(archive);
        for (const [at, value] of damage) {
          bad[at] = value;
          // A right checksum lets the damage through to the fields behind it.
          const block = bad.subarray(at - (at % 512), at - (at % 512) + 512);
          block.fill(0x20, 148, 156);
          const sum = block.reduce((total, byte) => total + byte, 0);
          block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
        }
        try {
          for (const { entry, body } of readAll(bad)) expect(body.byteLength).toBe(entry.size);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      },
    ),
    { numRuns: 300 },
  );
});
