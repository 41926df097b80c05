// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Which lines of a failed phase are shown. */
import { expect, test } from "bun:test";
import { excerptOf } from "#boulder/phases/excerpt";

const warnings = Array.from({ length: 40 }, (_, i) => `x.cpp:${i}: warning: it is deprecated`);

test("an error that other jobs talked over is shown before the last lines", () => {
  const error = "a.cpp:145:18: error: field 'path' has incomplete type";
  const { earlier, last } = excerptOf(["FAILED: a.o", error, ...warnings, "ninja: build stopped: subcommand failed."]);
  expect(earlier).toEqual(["FAILED: a.o", error]);
  expect(last).toHaveLength(25);
  expect(last.at(-1)).toBe("ninja: build stopped: subcommand failed.");
});

test("where the last lines tell it, or nothing does, there are only those", () => {
  const late = excerptOf(["old.c:1: error: x", ...warnings, "b.c:2:1: fatal error: z.h: No such file or directory"]);
  expect(late.earlier).toEqual([]);
  expect(excerptOf([...warnings, "make: *** [Makefile:2: all] Error 1"]).earlier).toEqual([]);
  expect(excerptOf(["one"])).toEqual({ earlier: [], last: ["one"] });
});

test("of many errors the first five are shown", () => {
  const errors = Array.from({ length: 30 }, (_, i) => `a.c:${i}: error: again`);
  expect(excerptOf([...errors, ...warnings]).earlier).toEqual(errors.slice(0, 5));
});
