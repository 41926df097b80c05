// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What the units of a whole tree cost: no more than its entries, however deep it is. */
import { expect, test } from "bun:test";
import { blitUnits } from "#store/blit";
import { mergeAll } from "#tree/merge";

/** Units and their bytes for a tree with one file at the end of `depth` folders. */
function unitsOf(depth: number): { units: number; bytes: number } {
  const path = `${"d/".repeat(depth)}file`;
  const record = { kind: "file", path, mode: 0o644, uid: 0, gid: 0, sha256: "0".repeat(64), size: 0 } as const;
  const tree = mergeAll([{ name: "deep", records: [record] }]);
  const source = { node: (key: string) => tree.nodes.get(key), attributes: () => undefined };
  const total = { units: 0, bytes: 0 };
  blitUnits(source, tree, (unit) => {
    total.units += 1;
    total.bytes += unit.byteLength;
  });
  return total;
}

test("a tree deeper than a unit is long takes a few units, each of which leads to where the last one ended", () => {
  const [shallow, deep] = [unitsOf(150), unitsOf(1900)];
  expect(shallow.units).toBe(1);
  expect(deep.units).toBeLessThan(6);
  // Two steps that lead on for each that is needed, at most.
  expect(deep.bytes / 1900).toBeLessThan((3 * shallow.bytes) / 150);
});
