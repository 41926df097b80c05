// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Failures in words. */
import { expect, test } from "bun:test";
import { openSync } from "node:fs";
import { describeError, Failure } from "#base/errors";

function systemError(): unknown {
  try {
    return openSync("/there/is/no/such/file", "r");
  } catch (error) {
    return error;
  }
}

test("causes follow, and what was said already is not said again", () => {
  const cause = systemError();
  const plain = new Failure("io", 'Cannot read "x"', { cause });
  expect(describeError(plain)).toMatch(/^Cannot read "x": ENOENT: no such file or directory, open '.*'$/);
  const coded = new Failure("io", 'Cannot read "x": ENOENT, expected a file', { cause });
  expect(describeError(coded)).toBe('Cannot read "x": ENOENT, expected a file');
  expect(describeError(new Failure("io", "outer", { cause: coded }))).toBe(`outer: ${coded.message}`);
  expect(describeError(new Failure("io", "an action", { cause: new Failure("io", "inner") }))).toBe("an action: inner");
  expect(describeError(new Error("a", { cause: new Error("a") }))).toBe("a");
  expect(describeError("text")).toBe("text");
});
