// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of the macro language: directives, nesting, provenance, mistakes. */
import { expect, test } from "bun:test";
import { array, assert, constantFrom, property, string } from "fast-check";
import type { Failure } from "#base/errors";
import { expandScript, type Scope, scriptText } from "./expand";
import { parseMacroFile } from "./file";
import type { MacroSet } from "./model";

function macros(text: string): MacroSet {
  const file = parseMacroFile("test.yaml", text);
  return {
    actions: new Map(file.actions.map((item) => [item.id, item])),
    definitions: new Map(file.definitions.map((item) => [item.id, item])),
    flags: new Map(),
    tuning: new Map(),
    defaultGroups: [],
    always: [],
  };
}

const SCOPE: Scope = {
  macros: macros(`
actions:
  - configure: {description: x, command: "test -x y\\n./configure %(options)", dependencies: [binary(sh)]}
  - install: {description: x, command: "%make install", dependencies: [binary(install)]}
  - make: {description: x, command: make -j%(jobs), dependencies: [binary(make)]}
  - loop: {description: x, command: "%loop2"}
  - loop2: {description: x, command: "echo %loop"}
definitions:
  - prefix: /usr
  - options: |
      --prefix=%(prefix) \\
      --libdir=%(prefix)/lib
  - hidden: "%(_jobs)"
`),
  builtins: new Map([["jobs", "4"]]),
};

function block(text: string, first = 10, indent = 4) {
  return { text, lines: text.split("\n").map((_, i) => first + i), indent };
}

function expand(text: string): string {
  const { lines, problems } = expandScript(block(text), SCOPE, "stone.yaml");
  expect(problems).toEqual([]);
  return scriptText(lines);
}

test("actions and definitions are expanded in place, what follows stays behind the last line", () => {
  expect(expand("%configure --flag \\\n   more\n")).toBe(
    "test -x y\n./configure --prefix=/usr \\\n--libdir=/usr/lib --flag \\\n   more\n",
  );
  expect(expand("%install -C doc")).toBe("make -j4 install -C doc\n");
});

test("percent signs that are no directives stand for themselves", () => {
  expect(expand("50% off %-5s %(not an id) $x%.pc 100%%%% %%make %%(prefix)")).toBe(
    "50% off %-5s %(not an id) $x%.pc 100%% %make %(prefix)\n",
  );
});

test("blanks at the end of lines and empty lines are kept", () => {
  expect(expand("a  \n\n b\t\n")).toBe("a  \n\n b\t\n");
});

test("each line knows its recipe line and the macros it came through", () => {
  const { lines } = expandScript(block("# first\n%configure --x\n"), SCOPE, "stone.yaml");
  expect(lines.map((line) => [line.line, line.via])).toEqual([
    [10, []],
    [11, ["%configure"]],
    [11, ["%configure"]],
    [11, ["%configure", "%(options)"]],
  ]);
});

test("the dependencies of all actions on the way are collected, once each", () => {
  const { dependencies } = expandScript(block("%install\n%make\n"), SCOPE, "stone.yaml");
  expect(dependencies).toEqual([
    { dependency: "binary(install)", action: "%install", line: 10 },
    { dependency: "binary(make)", action: "%make", line: 10 },
  ]);
});

test("a mistyped macro is reported at its place with the word that was meant", () => {
  const { problems } = expandScript(block("ok\n  x %confgure\n%(prefx) %(zzzzzzz)\n"), SCOPE, "stone.yaml");
  expect(problems.map((p) => [p.message, p.place.line, p.place.column, p.width, p.source])).toEqual([
    ["Unknown action %confgure", 11, 9, 9, "      x %confgure"],
    ["Unknown definition %(prefx)", 12, 5, 8, "    %(prefx) %(zzzzzzz)"],
    ["Unknown definition %(zzzzzzz)", 12, 14, 10, "    %(prefx) %(zzzzzzz)"],
  ]);
  expect(problems.map((p) => p.hint)).toEqual([
    "Did you mean %configure? For a percent sign of the shell write %%confgure.",
    "Did you mean %(prefix)?",
    "boulder recipe macros lists them all.",
  ]);
});

test("builtin names have a value only inside of macros", () => {
  expect(expand("%(hidden)")).toBe("4\n");
  const { problems } = expandScript(block("%(_jobs)"), SCOPE, "stone.yaml");
  expect(problems.map((p) => p.message)).toEqual(["Unknown definition %(_jobs)"]);
});

test("a macro that needs itself is reported with the circle", () => {
  const { problems } = expandScript(block("%loop"), SCOPE, "stone.yaml");
  expect(problems.map((p) => p.message)).toEqual([
    "The macro %loop needs itself: %loop -> %loop2 -> %loop (from %loop -> %loop2)",
  ]);
});

test("macros that grow without bound are refused, not expanded", () => {
  const rows = Array.from({ length: 30 }, (_, i) => `  - d${i}: "${`%(d${i + 1})`.repeat(8)}"`);
  const scope = { macros: macros(`definitions:\n${rows.join("\n")}\n  - d30: xxxxxxxx\n`), builtins: new Map() };
  expect(() => expandScript(block("%(d0)"), scope, "stone.yaml")).toThrow(
    expect.objectContaining({ code: "macro.invalid" } satisfies Partial<Failure>),
  );
});

test("macros that multiply at each level and give nothing end too, with the recipe's line", () => {
  const rows = Array.from({ length: 30 }, (_, i) => `  - e${i}: "${`%(e${i + 1})`.repeat(8)}"`);
  const scope = { macros: macros(`definitions:\n${rows.join("\n")}\n  - e30: ""\n`), builtins: new Map() };
  expect(() => expandScript(block("%(e0)"), scope, "stone.yaml")).toThrow(
    /^Cannot expand "%\(e0\)" at stone\.yaml:\d+: more than a million macros in each other/,
  );
}, 60_000);

test("a breakpoint becomes a call that names its recipe line", () => {
  expect(expand("a\n%break_continue\n%break_exit\n")).toBe(
    "a\nboulder_breakpoint 11 continue\nboulder_breakpoint 12 exit\n",
  );
});

test("a text without percent signs is never changed, whatever it is", () => {
  assert(
    property(string({ unit: "binary" }), (text) => {
      const plain = text.replaceAll("%", "");
      expect(scriptText(expandScript(block(plain), SCOPE, "x").lines)).toBe(
        plain.endsWith("\n") ? plain : `${plain}\n`,
      );
    }),
    { numRuns: 200 },
  );
});

test("as many lines come out as went in, plus those of the macros, and each has a line", () => {
  const piece = constantFrom("%make", "%(prefix)", "%%", "x", "\n", "%(options)", " ");
  assert(
    property(array(piece), (pieces) => {
      const text = pieces.join("");
      const { lines } = expandScript(block(text), SCOPE, "x");
      const grown = pieces.filter((p) => p === "%(options)").length;
      const rows = (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n").length;
      // %makex is another word; such texts only have problems.
      expect(lines.length).toBe(rows + grown);
      expect(lines.every((line) => line.line !== undefined)).toBe(true);
    }),
    { numRuns: 200 },
  );
});
