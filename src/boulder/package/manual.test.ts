// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Manual pages of every section are found, compressed alike, and links follow. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compressManuals, isManualPage } from "#boulder/package/manual";
import type { CollectedFile } from "#boulder/package/model";
import { Scratch } from "#boulder/package/scratch";
import { walkInstall } from "#boulder/package/walk";
import { ZstdDecoder } from "#sys/zstd";
import { put } from "#tests/support/sample-build";

test("pages of all sections and languages are manual pages; compressed ones and other files are not", () => {
  const yes = ["man1/ls.1", "man9/x.9", "man3/A::B.3pm", "mann/tcl.n", "de/man8/x.8", "man3x/c.3x", "man1/git-a.b.1"];
  for (const path of yes) expect([path, isManualPage(`/usr/share/man/${path}`)]).toEqual([path, true]);
  expect(isManualPage("/usr/share/info/bash.info-2")).toBe(true);
  const no = ["man/man1/ls.1.gz", "man/man1/ls.1.zst", "man/whatis", "doc/man1/x.txt", "info/dir"];
  for (const path of no) expect([path, isManualPage(`/usr/share/${path}`)]).toEqual([path, false]);
});

test("links to pages are renamed with them, links elsewhere are not", () => {
  const folder = mkdtempSync(join(tmpdir(), "manual-"));
  try {
    const man = "usr/share/man/man1";
    put(folder, `${man}/a.1`, "page ".repeat(100));
    put(folder, `${man}/empty.1`, "");
    symlinkSync("a.1", join(folder, man, "b.1"));
    symlinkSync("../man1/b.1", join(folder, man, "c.1"));
    symlinkSync("missing.1", join(folder, man, "d.1"));
    symlinkSync("loop.1", join(folder, man, "loop.1"));
    const rule = { package: "x", pattern: "*", type: "any", place: { file: "", line: 1, column: 1 } } as const;
    const files = walkInstall(folder).map((file): CollectedFile => ({ ...file, rule }));
    const out = compressManuals(files, new Scratch(join(folder, "scratch")));
    expect(out.map((file) => [file.path.slice(man.length + 2), file.target])).toEqual([
      ["a.1.zst", ""],
      ["b.1.zst", "a.1.zst"],
      ["c.1.zst", "../man1/b.1.zst"],
      ["d.1", "missing.1"],
      ["empty.1", ""],
      ["loop.1", "loop.1"],
    ]);
    const packed = readFileSync(out[0]?.source ?? "");
    expect(out[0]?.size).toBe(packed.byteLength);
    using decoder = new ZstdDecoder();
    const plain = new Uint8Array(1000);
    const step = decoder.step(packed, plain);
    expect(new TextDecoder().decode(plain.subarray(0, step.written))).toBe("page ".repeat(100));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
