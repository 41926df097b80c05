// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What YAML files are refused for, and how it is shown. */
import { expect, test } from "bun:test";
import { Document } from "yaml";
import { formatProblem, YamlReader } from "#formats/yaml";

function messages(text: string): string[] {
  const reader = new YamlReader("f", text, "recipe.invalid");
  return reader.problems.map(({ place, message }) => `${place.line}:${place.column} ${message}`);
}

test("an alias stands for the last anchor of its name before it, or is a problem", () => {
  const reader = new YamlReader("f", "a: &x one\nb: *x\nc: &x [two]\nd: *x\n", "recipe.invalid");
  const values = (reader.entries(reader.root, "f") ?? []).map(({ value }): unknown => value?.toJS(new Document()));
  expect([values, reader.problems]).toEqual([["one", "one", ["two"], ["two"]], []]);
  expect(messages("b: [*later]\na: &later x\n")).toEqual([
    '1:5 The alias "*later" stands for nothing: no "&later" comes before it',
  ]);
});

test("many aliases are resolved in one pass", () => {
  const count = 20_000;
  const text = `a: &x one\nb: [${Array.from({ length: count }, () => "*x").join(", ")}]\n`;
  const reader = new YamlReader("f", text, "recipe.invalid");
  const [, list] = reader.entries(reader.root, "f") ?? [];
  expect(reader.locatedList(list?.value, "b")).toHaveLength(count);
});

test("a second document is a problem, marks around the one are not", () => {
  expect(messages("%YAML 1.2\n---\na: b\n...\n")).toEqual([]);
  expect(messages("a: b\n---\nc: d\n")).toEqual(["2:1 A second document begins, expected one"]);
});

test("of a long line the part around the problem is shown", () => {
  const reader = new YamlReader("f", `a: [${"x, ".repeat(2000)}*none${", y".repeat(2000)}]\n`, "recipe.invalid");
  const [problem] = reader.problems;
  if (problem === undefined) throw new Error("there is no problem");
  const [, source = "", mark = ""] = formatProblem(problem).split("\n");
  expect(source.length).toBeLessThan(180);
  expect(source.slice(mark.indexOf("^"), mark.lastIndexOf("^") + 1)).toBe("*none");
});
