// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Control data. */
import { expect, test } from "bun:test";
import { parseParagraph, parseParagraphs, splitDescription } from "#formats/control";

test("fields are found by lower-case name, continuation lines joined", () => {
  const fields = parseParagraph("Package: nano\nDescription: small editor\n Long text.\n .\n More.\n", "control");
  expect(fields.get("package")).toBe("nano");
  expect(fields.get("description")).toBe("small editor\n Long text.\n .\n More.");
});

test("a damaged paragraph is refused with its line", () => {
  expect(() => parseParagraph(" first", "control")).toThrow('Cannot read "control", line 1: a continuation line');
  expect(() => parseParagraph("A: 1\nnonsense", "control")).toThrow("line 2");
  expect(() => parseParagraph("A: 1\na: 2", "control")).toThrow('the field "a" again');
});

test("blank lines part paragraphs, comments belong to none", () => {
  const all = [...parseParagraphs("A: 1\n\n\n# note\nB: 2\r\n\r\nC: 3\n", "lists")];
  expect(all.map((fields) => [...fields.keys()].join())).toEqual(["a", "b", "c"]);
});

test("a description is a summary and a text with its empty lines back", () => {
  expect(splitDescription("small editor\n Long text.\n .\n   verbatim")).toEqual({
    summary: "small editor",
    description: "Long text.\n\n  verbatim",
  });
});
