// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The order of Debian versions, by the cases of Policy and beside dpkg itself. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { compareDebianVersions, isDebianVersion, versionMatches } from "#formats/debian-version";

/** Oldest first. */
const LADDER = [
  "0~~",
  "0~",
  "0",
  "0.9~rc1-1",
  "0.9-1",
  "0.9-1+b1",
  "0.9-1+deb12u1",
  "0.10-1",
  "1.0~beta1",
  "1.0",
  "1.0-0ubuntu1",
  "1.0-1",
  "1.0a",
  "1.0+dfsg",
  "1.0.1",
  "20200120",
  "1:0.1",
  "1:1.2-3-4",
  "2:0",
];

test("versions are ordered as Policy orders them", () => {
  for (const [i, a] of LADDER.entries()) {
    for (const [j, b] of LADDER.entries()) expect(Math.sign(compareDebianVersions(a, b))).toBe(Math.sign(i - j));
  }
});

test("numbers longer than a double holds are compared by their digits", () => {
  expect(compareDebianVersions("1.00000000000000000000000002", "1.1")).toBeGreaterThan(0);
  expect(compareDebianVersions("90071992547409930", "90071992547409931")).toBeLessThan(0);
  expect(compareDebianVersions("1.01", "1.1")).toBe(0);
});

const piece = fc.constantFrom("0", "1", "9", "10", "01", "a", "b", "Z", "~", "+", ".", "rc", "deb12u1");
const version = fc
  .tuple(
    fc.constantFrom("", "1:"),
    fc.array(piece, { minLength: 1, maxLength: 5 }),
    fc.constantFrom("", "-1", "-1~", "-1+b1"),
  )
  .map(([epoch, parts, revision]) => `${epoch}0${parts.join("")}${revision}`);

test("the order is total", () => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      expect(Math.sign(compareDebianVersions(a, b))).toBe(-Math.sign(compareDebianVersions(b, a)) + 0);
      if (compareDebianVersions(a, b) <= 0 && compareDebianVersions(b, c) <= 0) {
        expect(compareDebianVersions(a, c)).toBeLessThanOrEqual(0);
      }
    }),
  );
});

test.skipIf(spawnSync("dpkg", ["--version"]).status !== 0)("dpkg agrees on random versions", () => {
  const pairs = fc.sample(fc.tuple(version, version), { numRuns: 60, seed: 7 });
  for (const [a, b] of pairs) {
    const holds = spawnSync("dpkg", ["--compare-versions", a, "lt", b]).status === 0;
    expect([a, b, compareDebianVersions(a, b) < 0]).toEqual([a, b, holds]);
  }
});

test("an operator holds where its bound says so", () => {
  expect(versionMatches("1.0-1", ">=", "1.0")).toBe(true);
  expect(versionMatches("1.0~rc1", ">=", "1.0")).toBe(false);
  expect(versionMatches("1.0", "<<", "1.0")).toBe(false);
  expect(versionMatches("1.0", "<=", "1.0")).toBe(true);
  expect(versionMatches("1.0", "=", "1.00")).toBe(true);
  expect(versionMatches("1.1", ">>", "1.0")).toBe(true);
});

test("what cannot be a version is told apart", () => {
  for (const good of LADDER) expect(isDebianVersion(good)).toBe(true);
  for (const bad of ["", "1/2", "1 2", "a:1", "1\n", "..", "1.0_2"]) {
    expect([bad, isDebianVersion(bad)]).toEqual([bad, false]);
  }
});
