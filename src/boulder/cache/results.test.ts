// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Results of a build that are kept by the hash of what they were made from. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keptFor } from "./results";

const base = mkdtempSync(join(tmpdir(), "results-"));
afterAll(() => rmSync(base, { recursive: true }));

const program = join(base, "program");
writeFileSync(program, "a program");
const file = join(base, "kept/result");

let made = 0;
const make = () => ({ number: ++made, list: new Map([["key", [1n, "two"]]]) });
const ask = (...texts: string[]) => keptFor(file, texts, make, program).number;

test("a result is made once for the same texts, and comes back as it was", () => {
  const first = keptFor(file, ["a", "b"], make, program);
  expect(keptFor(file, ["a", "b"], make, program)).toEqual(first);
  expect(made).toBe(1);
});

test("other texts, another executable and a damaged file make it again", () => {
  const known = ask("a", "b");
  expect(ask("a", "b")).toBe(known);
  expect(ask("ab")).toBe(known + 1);
  expect(ask("a", "b")).toBe(known + 2);
  utimesSync(program, 1000, 1000);
  expect(ask("a", "b")).toBe(known + 3);
  writeFileSync(file, readFileSync(file).subarray(0, 70));
  expect(ask("a", "b")).toBe(known + 4);
  expect(ask("a", "b")).toBe(known + 4);
});

test("a place that cannot be written keeps nothing, and nothing is kept without an executable", () => {
  const before = made;
  expect(keptFor("/proc/none/result", ["a"], make, program).number).toBe(before + 1);
  expect(keptFor(join(base, "other"), ["a"], make).number).toBe(before + 2);
  expect(existsSync(join(base, "other"))).toBe(false);
});
