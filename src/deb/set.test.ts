// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of what relations mean. */
import { expect, test } from "bun:test";
import { RelatedSet, takenOver } from "#deb/set";

test("only what is replaced and refused as a whole is taken over", () => {
  const item = {
    name: "new",
    version: "2",
    essential: false,
    relations: {
      replaces: "renamed, files-only, old-version (<< 2), broken",
      conflicts: "renamed, other",
      breaks: "old-version (<< 2), broken",
    },
  };
  const set = new RelatedSet([item]);
  expect(takenOver(set.relations(item))).toEqual(["broken", "renamed"]);
});

test("what a package has against those of another architecture is nothing against those of its own", () => {
  const relations = { conflicts: "virtual:i386, other:amd64, third:any", replaces: "virtual:i386" };
  const item = { name: "libc6-x32", version: "2", essential: false, architecture: "amd64", relations };
  const set = new RelatedSet([item]);
  expect(set.relations(item).conflicts.map((relation) => relation.name)).toEqual(["other", "third"]);
  expect(takenOver(set.relations(item))).toEqual([]);
});
