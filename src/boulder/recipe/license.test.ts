// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Licence expressions. */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { licenseMistake } from "./license";

test("expressions of SPDX are taken", () => {
  for (const text of [
    "MIT",
    "GPL-3.0",
    "GPL-2.0+",
    "Apache-2.0+",
    "MIT OR Apache-2.0",
    "(MIT OR Apache-2.0) AND (BSD-3-Clause)",
    "LGPL-2.1-or-later WITH GCC-exception-2.0",
    "GPL-2.0-only WITH Classpath-exception-2.0 OR MIT",
    "LicenseRef-Callaway-BSD",
    "DocumentRef-x:LicenseRef-y AND Zlib",
    "MIT WITH AdditionRef-mine",
  ])
    expect([text, licenseMistake(text)]).toEqual([text, undefined]);
});

test("each mistake is told, with what to write", () => {
  const rows: [text: string, message: string, hint: string][] = [
    ["Apache-2", 'SPDX knows no licence "Apache-2"', 'Did you mean "Apache-2.0"?'],
    ["GPLv2+", 'SPDX knows no licence "GPLv2+"', 'Did you mean "GPL-2.0-or-later"?'],
    ["Public Domain", 'SPDX knows no licence "Public Domain"', "LicenseRef-Public-Domain"],
    ["mit", 'The licence "mit" is written "MIT"', "Write MIT."],
    ["MIT or Zlib", 'joins with "or"', "Write OR in capitals."],
    ["MIT AND", "ends too early", "MIT OR"],
    ["MIT WITH", "ends too early", "MIT OR"],
    ["", "ends too early", "MIT OR"],
    ["AND MIT", 'has "AND" where a licence must stand', "MIT OR"],
    ["(MIT AND Zlib", "a bracket that is not closed", "MIT OR"],
    ["MIT) AND Zlib", 'has ")" where AND', "MIT OR"],
    ["(MIT) WITH LLVM-exception", 'has "WITH" where AND', "MIT OR"],
    ["MIT WITH LLVM-exceptio", 'SPDX knows no exception "LLVM-exceptio"', 'Did you mean "LLVM-exception"?'],
    ["M".repeat(2000), "is too long", "SPDX name"],
  ];
  for (const [text, message, hint] of rows) {
    const mistake = licenseMistake(text);
    expect(mistake?.message).toContain(message);
    expect(mistake?.hint).toContain(hint);
  }
});

test("any nesting of right expressions is right, and loses that with one bracket more", () => {
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom("MIT", "Zlib", "GPL-2.0-only WITH Classpath-exception-2.0", "LicenseRef-a"),
      fc
        .tuple(tie("expression"), fc.constantFrom("AND", "OR"), tie("expression"))
        .map(([a, op, b]) => `${a} ${op} (${b})`),
    ),
  }));
  fc.assert(
    fc.property(expression, (text) => {
      expect(licenseMistake(text)).toBeUndefined();
      expect(licenseMistake(`(${text}`)).toBeDefined();
      expect(licenseMistake(`${text})`)).toBeDefined();
    }),
  );
});
