// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of the KDL reader. */
import { expect, test } from "bun:test";
import { assert, property, string } from "fast-check";
import { Failure } from "#base/errors";
import { kdlString, parseKdl } from "#formats/kdl";

test("nodes have arguments, properties and children", () => {
  const [node] = parseKdl(
    "x",
    `// a comment
first-node "text" 12 -3.5 #true false null key="value" "quoted key"=7 {
    child /* inside */ 1; other
    /- dropped 3 { x }
}
`,
  );
  expect(node).toMatchObject({ name: "first-node", args: ["text", 12, -3.5, true, false, null], line: 2 });
  expect([...(node?.props ?? [])]).toEqual([
    ["key", "value"],
    ["quoted key", 7],
  ]);
  expect(node?.children.map((child) => child.name)).toEqual(["child", "other"]);
});

test("a line can be continued, and names can be quoted", () => {
  expect(parseKdl("x", 'a \\\n  1\n"b c" 2').map((node) => [node.name, node.args])).toEqual([
    ["a", [1]],
    ["b c", [2]],
  ]);
});

test("what is no KDL is refused with its line", () => {
  for (const text of ["a {\n", "}", 'a "x\n"', "a \\x", "a #maybe", "a =1", 'a "\\q"', "/* a", "a 1x"]) {
    expect(() => parseKdl("file.kdl", text)).toThrow(Failure);
  }
  expect(() => parseKdl("file.kdl", "a\nb\n  c =")).toThrow('Cannot read "file.kdl": line 3');
});

test("any string survives being written and read", () => {
  assert(
    property(string({ unit: "binary" }), (text) => {
      expect(parseKdl("x", `a ${kdlString(text)}`)[0]?.args).toEqual([text]);
    }),
    { numRuns: 300 },
  );
});

test("any text is read or refused, never a crash", () => {
  assert(
    property(string({ unit: "binary" }), (text) => {
      try {
        parseKdl("x", text);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
    }),
    { numRuns: 500 },
  );
});
