// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Hash-based Python bytecode, beside what Python itself writes. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromHex, hex, utf8 } from "#base/bytes";
import { hashBased, sourceOf } from "#boulder/package/bytecode";

const SOURCE = utf8("def f():\n    return 42\n");

/** Bytecode of a source as Python writes it with a time stamp: header and no code. */
function stamped(magic: number, modified: number, size: number): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, magic, true);
  view.setUint16(2, 0x0a0d, true);
  view.setUint32(8, modified, true);
  view.setUint32(12, size, true);
  return bytes;
}

test("the hash in the header is the one that each release of Python computes", () => {
  // Magic numbers of Python 3.7 to 3.13 and the header that its py_compile wrote for SOURCE.
  const headers: [number, string][] = [
    [3394, "420d0d0a010000006ad3b48236631f1d"],
    [3413, "550d0d0a0100000027537b7fa85cb8bb"],
    [3425, "610d0d0a0100000091bfa0ffcceeffab"],
    [3439, "6f0d0d0a0100000079cf0bff19676abd"],
    [3495, "a70d0d0a01000000628079f0289cc846"],
    [3531, "cb0d0d0a01000000d495120b92a09a29"],
    [3571, "f30d0d0a0100000032dbf4ed3c809859"],
  ];
  for (const [magic, header] of headers) {
    const result = hashBased(stamped(magic, 1000, SOURCE.byteLength), SOURCE, 1000);
    expect(result.kind === "rewritten" && hex(result.bytes.subarray(0, 16))).toBe(header);
  }
});

test("bytecode of another source is stale; hash-based, old and foreign files are left alone", () => {
  expect(hashBased(stamped(3495, 1000, 7), SOURCE, 1000).kind).toBe("stale");
  expect(hashBased(stamped(3495, 1001, SOURCE.byteLength), SOURCE, 1000).kind).toBe("stale");
  expect(hashBased(stamped(3379, 1000, 7), SOURCE, 1000).kind).toBe("kept");
  expect(hashBased(fromHex("f30d0d0a0100000032dbf4ed3c80985900"), SOURCE, 1000).kind).toBe("kept");
  expect(hashBased(utf8("short"), SOURCE, 1000).kind).toBe("kept");
});

test("a bytecode file knows its source", () => {
  expect(sourceOf("/usr/lib/python3/a/__pycache__/b.c.cpython-311.pyc")).toBe("/usr/lib/python3/a/b.c.py");
  expect(sourceOf("/usr/lib/python3/a/__pycache__/b.cpython-311.opt-1.pyc")).toBe("/usr/lib/python3/a/b.py");
  expect(sourceOf("/usr/lib/python3/a/b.pyc")).toBeUndefined();
});

const python = ["/usr/bin/python3"].find((path) => existsSync(path));

test.skipIf(python === undefined)("the Python of this machine runs it and writes the same bytes itself", () => {
  const folder = mkdtempSync(join(tmpdir(), "bytecode-"));
  try {
    const source = utf8(`print(${"1 + ".repeat(999)}1)\n# padding to an odd length\n`);
    writeFileSync(join(folder, "m.py"), source);
    const compile = (mode: string, out: string) =>
      `py_compile.compile("m.py", cfile="${out}", invalidation_mode=py_compile.PycInvalidationMode.${mode})`;
    const script = `import py_compile\n${compile("TIMESTAMP", "t.pyc")}\n${compile("UNCHECKED_HASH", "h.pyc")}\n`;
    expect(spawnSync(python ?? "", ["-c", script], { cwd: folder }).status).toBe(0);
    const modified = Math.floor(statSync(join(folder, "m.py")).mtimeMs / 1000);
    const result = hashBased(readFileSync(join(folder, "t.pyc")), source, modified);
    if (result.kind !== "rewritten") throw new Error(result.kind);
    expect(result.bytes).toEqual(new Uint8Array(readFileSync(join(folder, "h.pyc"))));
    writeFileSync(join(folder, "t.pyc"), result.bytes);
    expect(spawnSync(python ?? "", ["t.pyc"], { cwd: folder, encoding: "utf8" }).stdout).toBe("1000\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
