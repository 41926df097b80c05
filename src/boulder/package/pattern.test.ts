// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Patterns of collection rules. */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { compilePattern } from "#boulder/package/pattern";

const matches = (pattern: string, path: string) => compilePattern(pattern)?.(path);

test("each form of a pattern matches what real recipes rely on", () => {
  const rows: [pattern: string, path: string, matches: boolean][] = [
    ["*", "/usr/share/x", true],
    ["/usr/bin/foo", "/usr/bin/foo", true],
    ["/usr/bin/foo", "/usr/bin/foobar", false],
    ["/usr/include", "/usr/include/a/b.h", true],
    ["/usr/include/", "/usr/include/a.h", true],
    ["/usr/include/", "/usr/include", false],
    ["/usr/include", "/usr/includes/a.h", false],
    ["/usr/lib/lib*.so", "/usr/lib/liba.so", true],
    ["/usr/lib/lib*.so", "/usr/lib/liba.so.1", false],
    // A star crosses slashes.
    ["/usr/lib/lib*.so", "/usr/lib/libfoo/plugins/x.so", true],
    ["/usr/lib/qt*/mkspecs", "/usr/lib/qt6/mkspecs/features/a.prf", true],
    ["/usr/share/*", "/usr/share/.hidden", true],
    ["/usr/lib/?ib.so", "/usr/lib/lib.so", true],
    ["/usr/a?b", "/usr/a/b", true],
    ["/usr/man/man[2-3]", "/usr/man/man3/x.3", true],
    ["/usr/man/man[!2-3]", "/usr/man/man3/x.3", false],
    ["/usr/x[]]y", "/usr/x]y", true],
    ["/usr/x[^]y", "/usr/x^y", true],
    ["/usr/**/test", "/usr/test", true],
    ["/usr/**/test", "/usr/a/b/test/c", true],
    ["/usr/**/test", "/usr/atest", false],
    ["/usr/lib/**", "/usr/lib/a/b", true],
    ["/usr/lib/c++.(x)|$", "/usr/lib/c++.(x)|$", true],
    ["/USR/bin", "/usr/bin/x", false],
  ];
  for (const [pattern, path, want] of rows)
    expect([pattern, path, matches(pattern, path)]).toEqual([pattern, path, want]);
});

test("at the second level only two stars cross a slash", () => {
  const rows: [pattern: string, path: string, first: boolean, second: boolean][] = [
    ["*", "/usr/share/x", true, true],
    ["/usr/lib/lib*.so", "/usr/lib/liba.so", true, true],
    ["/usr/lib/lib*.so", "/usr/lib/libfoo/plugins/x.so", true, false],
    ["/usr/lib/**/lib*.so", "/usr/lib/liba.so", true, true],
    ["/usr/lib/**/lib*.so", "/usr/lib/a/b/liba.so", true, true],
    ["/usr/share/**", "/usr/share/a/b", true, true],
    // What lies below the thing named goes with it at any level.
    ["/usr/share/*", "/usr/share/a/b", true, true],
    ["/usr/lib/qt*/mkspecs", "/usr/lib/qt6/mkspecs/features/a.prf", true, true],
    ["/usr/lib/qt*/mkspecs", "/usr/lib/qt6/x/mkspecs/a.prf", true, false],
    ["/usr/share/*.a", "/usr/share/.a", true, true],
    ["/usr/a?b", "/usr/a/b", true, false],
    ["/usr/a?b", "/usr/axb", true, true],
    ["/usr/a[!x]b", "/usr/a/b", true, false],
    ["/usr/a[!x]b", "/usr/ayb", true, true],
    ["/usr/a[.-0]b", "/usr/a/b", true, false],
    ["/usr/include", "/usr/include/a/b.h", true, true],
  ];
  for (const [pattern, path, first, second] of rows) {
    const found = ([1, 2] as const).map((level) => compilePattern(pattern, level)?.(path));
    expect([pattern, path, ...found]).toEqual([pattern, path, first, second]);
  }
});

test("a pattern that means nothing is told", () => {
  for (const pattern of ["/usr/a**", "/usr/***", "/usr/**b", "/usr/[abc", "/usr/[]", "/usr/[z-a]"]) {
    expect([pattern, compilePattern(pattern)]).toEqual([pattern, undefined]);
  }
});

const name = fc.stringMatching(/^[a-z.+(){}|^$\\ -]{1,8}$/);

test("a path without wildcards matches itself and what lies below it; a star in place of any part matches", () => {
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), fc.nat(4), name, (parts, at, below) => {
      const path = `/${parts.join("/")}`;
      expect(matches(path, path)).toBe(true);
      expect(matches(path, `${path}/${below}`)).toBe(true);
      const starred = `/${parts.with(at % parts.length, "*").join("/")}`;
      expect(matches(starred, path)).toBe(true);
      expect(matches(starred, `${path}/${below}`)).toBe(true);
    }),
  );
});

test("a pattern of many stars is answered, however near a path comes to it", () => {
  const near = `/usr/${"a".repeat(3000)}`;
  for (const level of [1, 2] as const) {
    expect(compilePattern(`/usr/${"*a".repeat(30)}b`, level)?.(near)).toBe(false);
    expect(compilePattern(`/usr/${"**/".repeat(30)}b`, level)?.(`/usr/${"x/".repeat(1000)}a`)).toBe(false);
  }
  // Longer than any path.
  expect(compilePattern(`/usr/*${"a".repeat(10_000)}`)).toBeUndefined();
});

test("patterns match as their translation to a regular expression does", () => {
  const piece = fc.constantFrom("a", "b", ".", "/", "*", "?", "[ab]", "[!a]", "[.-0]");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), fc.stringMatching(/^[ab./]{0,8}$/), (pieces, rest) => {
      const pattern = `/${pieces.join("")}`;
      fc.pre(!pattern.includes("**") && !pattern.endsWith("/"));
      const translated = pattern
        .replaceAll(".", "\\.")
        .replaceAll("[\\.-0]", "[.-0]")
        .replaceAll("[!", "[^")
        .replaceAll(/[*?]/g, (char) => (char === "*" ? ".*" : "."));
      const path = `/${rest}`;
      const want = new RegExp(`^(?:${translated}|${translated}/.*)$`, "s").test(path);
      expect([pattern, path, matches(pattern, path)]).toEqual([pattern, path, want]);
    }),
    { numRuns: 2000 },
  );
});
