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
