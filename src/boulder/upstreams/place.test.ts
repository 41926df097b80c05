// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Folders below a build folder, where something else stands in the way. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { placeBelow } from "#boulder/upstreams/place";

let base = "";
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "place-"));
});
afterEach(() => rmSync(base, { recursive: true }));

test("missing folders are made, those that are there are kept", () => {
  const build = join(base, "build");
  mkdirSync(join(build, "a"), { recursive: true });
  writeFileSync(join(build, "a/file"), "x");
  expect(placeBelow(build, "/a/./b//c")).toBe(join(build, "a/b/c"));
  expect(existsSync(join(build, "a/b/c"))).toBe(true);
  expect(existsSync(join(build, "a/file"))).toBe(true);
  expect(placeBelow(build, ".")).toBe(build);
});

test("links and files on the way are refused, dangling ones too", () => {
  const build = join(base, "build");
  mkdirSync(join(base, "outside"));
  mkdirSync(build);
  symlinkSync(join(base, "outside"), join(build, "link"));
  symlinkSync(join(base, "nowhere"), join(build, "dangling"));
  writeFileSync(join(build, "file"), "x");
  expect(() => placeBelow(build, "link/a")).toThrow(/"link" is a link, expected a folder/);
  expect(() => placeBelow(build, "link")).toThrow(/"link" is a link/);
  expect(() => placeBelow(build, "dangling/a")).toThrow(/"dangling" is a link/);
  expect(() => placeBelow(build, "file/a")).toThrow(/"file" is no folder/);
  expect(() => placeBelow(build, "a/../../x")).toThrow(/not below/);
  expect(existsSync(join(base, "outside/a"))).toBe(false);
  expect(existsSync(join(base, "nowhere"))).toBe(false);
});
