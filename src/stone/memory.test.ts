// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What stones cost in memory, large ones and hostile ones, measured in processes of their own. The bench `stone` has 2 GiB. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { concat } from "#base/bytes";
import { PROFILES } from "#stone/compression";
import type { MemoryReport } from "#stone/memory.fixture";
import * as forge from "#tests/cases/stone-forge";

const folder = mkdtempSync(join(tmpdir(), "stone-memory-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MIB = 2 ** 20;

async function measure(...args: string[]): Promise<MemoryReport> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "memory.fixture.ts"), ...args], {
    stderr: "inherit",
  });
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return JSON.parse(text) as MemoryReport;
}

const above = ({ before, peak }: MemoryReport) => peak - before;

/** Numbers that compress to about a half, and never repeat within a window. */
function makeFile(path: string, megabytes: number): void {
  const piece = Buffer.alloc(MIB);
  const fd = openSync(path, "w");
  let state = 1;
  for (let i = 0; i < megabytes; i++) {
    for (let at = 0; at < MIB; at += 4) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      piece.writeUInt32LE(state >>> 16, at);
    }
    writeSync(fd, piece);
  }
  closeSync(fd);
}

describe("memory does not grow with the size of a package", () => {
  beforeAll(() => {
    makeFile(join(folder, "small"), 32);
    makeFile(join(folder, "large"), 128);
  });

  const peaks = new Map<string, number>();
  for (const size of ["small", "large"]) {
    test(`${size}: written, read and extracted within 64 MiB above the window`, async () => {
      const stone = join(folder, `${size}.stone`);
      const written = await measure("write", stone, join(folder, size), "fast", "2");
      const window = 2 ** PROFILES.fast.windowLog;
      for (const [verb, report] of [
        ["write", written],
        ["read", await measure("read", stone)],
        ["extract", await measure("extract", stone, join(folder, `${size}-out`))],
      ] as const) {
        expect(report.code).toBeUndefined();
        expect(above(report)).toBeLessThan(64 * MIB + window);
        peaks.set(`${verb} ${size}`, above(report));
      }
    }, 120_000);
  }

  test("four times the size takes no more", () => {
    for (const verb of ["write", "read", "extract"]) {
      expect(peaks.get(`${verb} large`)).toBeLessThan((peaks.get(`${verb} small`) ?? 0) + 16 * MIB);
    }
  });

  test("with the default profile too", async () => {
    const report = await measure("write", join(folder, "default.stone"), join(folder, "small"), "default", "2");
    expect(above(report)).toBeLessThan(64 * MIB + 2 ** PROFILES.default.windowLog);
  }, 120_000);
});

describe("a stone of less than a megabyte that asks for much is refused, or costs what is bounded", () => {
  const { index: slices, digests } = forge.bodies("first body\n");
  const [digest = new Uint8Array(16)] = digests;
  const [slice = { start: 0n, end: 0n, digest }] = slices;
  const zeros = (size: number, fill: (view: DataView) => void) => {
    const bytes = new Uint8Array(size);
    fill(new DataView(bytes.buffer));
    return bytes;
  };
  const MANY = 2 ** 19;
  const BOMBS: Readonly<Record<string, readonly [string | undefined, () => readonly forge.ForgedPayload[]]>> = {
    "a body of 256 MiB of nothing": [
      "stone.digest",
      () => [
        forge.layout([{ type: 1, target: "a", source: digest }]),
        forge.index([{ ...slice, end: 2n ** 28n }]),
        forge.content(new Uint8Array(2 ** 28)),
      ],
    ],
    "half a million entries": [
      undefined,
      () => {
        const records = Array.from({ length: MANY }, (_, i) => forge.layoutRecord({ type: 3, target: `d/${i}` }));
        return [{ kind: 3, plain: concat(records), records: MANY }];
      },
    ],
    "half a million bodies": [
      "stone.index",
      () => {
        const plain = zeros(MANY * 32, (view) => {
          for (let i = 0; i < MANY; i++) view.setUint32(i * 32 + 16, i);
        });
        return [{ kind: 4, plain, records: MANY }];
      },
    ],
    "half a million attributes of nothing": [
      undefined,
      () => [{ kind: 5, plain: new Uint8Array(MANY * 16), records: MANY }, forge.layout([])],
    ],
    "one attribute of 64 MiB": [
      undefined,
      () => {
        const plain = zeros(64 * MIB, (view) => view.setBigUint64(8, BigInt(64 * MIB - 16)));
        return [{ kind: 5, plain, records: 1 }, forge.layout([])];
      },
    ],
    "a payload of 256 MiB": ["stone.limit", () => [{ kind: 3, plain: new Uint8Array(256 * MIB), records: 1 }]],
    "folders within folders": [
      "stone.limit",
      () => [forge.layout(Array.from({ length: 300 }, (_, i) => ({ type: 3, target: `${i}/${"d/".repeat(2000)}x` })))],
    ],
    "64 thousand records of metadata": [
      undefined,
      () => [{ ...forge.meta([...forge.BASIC, new Uint8Array(8 * (2 ** 16 - 9))]), records: 2 ** 16 }],
    ],
  };

  for (const [what, [code, payloads]] of Object.entries(BOMBS)) {
    test(`${what}: ${code ?? "taken"}`, async () => {
      const list = payloads();
      const meta = list.some(({ kind }) => kind === 1) ? [] : [forge.meta()];
      const bytes = forge.forge({ payloads: [...meta, ...list] });
      expect(bytes.byteLength).toBeLessThan(MIB);
      const stone = join(folder, "bomb.stone");
      writeFileSync(stone, bytes);
      const reports = [await measure("read", stone), await measure("inspect", stone)];
      if (code !== undefined) {
        const out = join(folder, "bomb-out");
        const extracted = await measure("extract", stone, out);
        expect(extracted.code).toBe(code);
        expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
        reports.push(extracted);
      }
      for (const report of reports) expect(above(report)).toBeLessThan(512 * MIB);
    }, 120_000);
  }
});
