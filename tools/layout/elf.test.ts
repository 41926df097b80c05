// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** ELF files laid out anew, which must still be what they were. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "#sys/process";
import { isConstant, layOut, PAGE, type Segment, segmentsOf } from "./elf.ts";
import { parseHotPages, runsOf, withHotPagesFirst } from "./hot-pages.ts";

const folder = mkdtempSync(join(tmpdir(), "layout-"));
afterAll(() => rmSync(folder, { recursive: true }));

const runtime = readFileSync(process.execPath);
const LOAD = 1;
const loadsOf = (file: Buffer): Segment[] => segmentsOf(file).filter(({ type }) => type === LOAD);

/** Whether all that `before` loads lies at the same addresses, with the same rights, in what `after` loads. */
function loadsTheSame(before: Buffer, after: Buffer): boolean {
  const pieces = loadsOf(after);
  return loadsOf(before).every((load) => {
    const inside = pieces.filter(
      ({ address }) => address >= load.address && address < load.address + Math.max(load.memorySize, 1),
    );
    let at = 0;
    for (const piece of inside) {
      const from = load.offset + at;
      const same =
        piece.address === load.address + at &&
        piece.flags === load.flags &&
        (piece.offset - piece.address) % PAGE === 0 &&
        before.compare(after, piece.offset, piece.offset + piece.fileSize, from, from + piece.fileSize) === 0;
      if (!same) return false;
      at += piece.memorySize;
    }
    return at === load.memorySize;
  });
}

test("every byte keeps its address, and what is hot stands together, in order", () => {
  const [first, second] = loadsOf(runtime).filter(isConstant);
  if (first === undefined || second === undefined) throw new Error("the runtime has fewer segments than it should");
  const text = Math.floor(second.offset / PAGE);
  const hot = [
    { first: text + 7, count: 3 },
    { first: 0, count: 1 },
    { first: text - 1, count: 4 },
  ];
  const after = layOut(runtime, hot);
  expect(loadsTheSame(runtime, after)).toBe(true);
  const place = (page: number) => {
    const address =
      page < text ? first.address + page * PAGE : second.address - (second.address % PAGE) + (page - text) * PAGE;
    return loadsOf(after).find((load) => load.address - (load.address % PAGE) === address)?.offset ?? Number.NaN;
  };
  expect(place(0)).toBeGreaterThan(place(text + 7));
  expect(place(text)).toBeGreaterThan(place(0));
  const start = place(text + 7);
  expect(place(text) - start).toBeLessThan(10 * PAGE);
  expect(place(text + 3) - start).toBeGreaterThan(1000 * PAGE);
}, 30_000);

test("neighbours make one run, which comes as early as its first page; segments are not mixed", () => {
  const border = Math.floor((loadsOf(runtime).filter(isConstant)[1]?.offset ?? 0) / PAGE);
  expect(runsOf(runtime, [500, border, 100, border - 1, 101, 105, 100])).toEqual([
    { first: 500, count: 1 },
    { first: border, count: 1 },
    { first: 100, count: 6 },
    { first: border - 1, count: 1 },
  ]);
});

test("too many runs, and what is no ELF file, are refused", () => {
  const many = Array.from({ length: 700 }, (_, i) => ({ first: i * 2 + 1, count: 1 }));
  expect(() => layOut(runtime, many)).toThrow("program headers, at most 1170");
  expect(() => layOut(Buffer.alloc(4096), [])).toThrow("no 64-bit");
});

test.skipIf(process.arch !== "x64")(
  "the list is for the runtime that we pin, and the runtime works with its hot pages first",
  async () => {
    const ordered = withHotPagesFirst(runtime);
    // After a change of the runtime's version: bun tools/layout/record.ts.
    if (ordered === undefined) throw new Error("hot-pages.txt is for another runtime");
    expect(loadsTheSame(runtime, ordered)).toBe(true);
    const path = join(folder, "runtime");
    writeFileSync(path, ordered, { mode: 0o755 });
    const program = `console.log(new Intl.NumberFormat("de").format(1234.5), Bun.hash.xxHash32("a"), await new Response("x").text());
      try { null.x } catch (error) { console.log(error instanceof TypeError) }
      const worker = new Worker("data:text/javascript,postMessage(6 * 7)");
      worker.onmessage = ({ data }) => { console.log(data); worker.terminate(); };`;
    const [ours, theirs] = await Promise.all([path, process.execPath].map((bun) => run([bun, "-e", program])));
    expect(ours).toEqual({ ...theirs, code: 0, stderr: "" } as typeof ours);
    expect(ours?.stdout).toContain("42");
  },
  60_000,
);

test("the list has no page twice", () => {
  const { runs } = parseHotPages(readFileSync(join(import.meta.dir, "hot-pages.txt"), "utf8"));
  const sorted = runs.toSorted((a, b) => a.first - b.first);
  expect(sorted.length).toBeGreaterThan(10);
  for (const [i, { first }] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before !== undefined) expect(first).toBeGreaterThanOrEqual(before.first + before.count);
  }
});
