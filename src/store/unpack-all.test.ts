// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Stones into the store, on one thread and on several: the same outcome, and no stone that is not what it should be. */
import { afterAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Arrival } from "#store/arrival";
import { assetName, assetPath } from "#store/names";
import { SyncBeside } from "#store/sync-beside";
import { unpackAll } from "#store/unpack-all";
import { refusal, TestRoots } from "#tests/crash/roots";
import type { MadeStone } from "#tests/crash/stones";

const base = new TestRoots("unpack-all");
afterAll(() => base.remove());

/** Stones that are worth threads, or not, and an arrival folder. */
function make(bytes: number): { stones: MadeStone[]; bodies: Map<string, Buffer>; arrival: Arrival } {
  const bodies = new Map(["a", "b", "c", "d"].map((name) => [name, randomBytes(bytes)]));
  const stones = [...bodies].map(([name, body]) =>
    base.stone(name, {
      [`share/${name}`]: body,
      [`bin/${name}`]: { body: `run ${name}`, mode: 0o755 },
      "share/empty": "",
    }),
  );
  const store = join(base.directory(), "assets");
  mkdirSync(store);
  const arrival = new Arrival(store, "test-1");
  arrival.open();
  return { stones, bodies, arrival };
}

for (const [how, bytes] of [
  ["on this thread", 1000],
  ["on several", 2_500_000],
] as const) {
  test(`every body arrives whole and under its name, ${how}`, async () => {
    const { stones, bodies, arrival } = make(bytes);
    const told: number[] = [];
    using disk = new SyncBeside();
    const arrived = await unpackAll(stones, arrival, disk, (_, done) => told.push(done));
    expect(told).toEqual([1, 2, 3, 4]);
    arrival.admit();
    for (const { id, name } of stones) {
      const records = arrived.get(id)?.records ?? [];
      expect(records.map(({ path }) => path)).toContain(`bin/${name}`);
      for (const record of records) {
        if (record.kind !== "file") continue;
        const found = readFileSync(join(arrival.store, assetPath(assetName(record))));
        expect(found.byteLength).toBe(record.size);
        if (record.path === `share/${name}`) expect(found.equals(bodies.get(name) ?? Buffer.of())).toBe(true);
      }
    }
    expect(readdirSync(arrival.store).filter((name) => !/^[0-9a-f]{2}$/.test(name))).toEqual([]);
  });

  test(`a stone that is another than it should be is refused, ${how}`, async () => {
    const { stones, arrival } = make(bytes);
    const [one, two] = stones;
    if (one === undefined || two === undefined) throw new Error("no stones");
    copyFileSync(two.path, one.path);
    using disk = new SyncBeside();
    const failure = await refusal(unpackAll(stones, arrival, disk, () => {}));
    expect(failure.code).toBe("fetch.digest");
    expect(failure.message).toContain(`expected ${one.id}`);
    expect(failure.hint).toContain("refresh");
  });
}
