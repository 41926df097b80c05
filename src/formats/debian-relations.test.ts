// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Relation fields. */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { Failure } from "#base/errors";
import { formatRelation, parseRelation, parseRelations } from "#formats/debian-relations";

test("a field is groups of alternatives", () => {
  expect(parseRelations("libc6 (>= 2.34), default-mta | mail-transport-agent,\n python3:any")).toEqual([
    [{ name: "libc6", operator: ">=", version: "2.34" }],
    [{ name: "default-mta" }, { name: "mail-transport-agent" }],
    [{ name: "python3" }],
  ]);
});

test("an absent or empty field is no relations", () => {
  expect(parseRelations(undefined)).toEqual([]);
  expect(parseRelations(" , ")).toEqual([]);
});

test("restrictions of architecture and build profile are passed over", () => {
  expect(parseRelation("gcc-multilib (>= 4) [amd64 i386] <!nocheck>")).toEqual({
    name: "gcc-multilib",
    operator: ">=",
    version: "4",
  });
});

test("the old single angles mean or equal", () => {
  expect(parseRelation("a (< 1)")).toEqual({ name: "a", operator: "<=", version: "1" });
  expect(parseRelation("a (> 1)")).toEqual({ name: "a", operator: ">=", version: "1" });
});

test("what is no relation is refused by its text", () => {
  for (const bad of ["", "(>= 1)", "a (>= )", "a (~ 1)", "a b", "../x"]) {
    expect(() => parseRelation(bad)).toThrow(Failure);
  }
});

test("a relation survives being written and read", () => {
  const relation = fc.record({
    name: fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,20}$/),
    operator: fc.constantFrom("<<" as const, "<=" as const, "=" as const, ">=" as const, ">>" as const),
    version: fc.stringMatching(/^[0-9][A-Za-z0-9.+~-]{0,10}$/),
  });
  fc.assert(fc.property(relation, (item) => expect(parseRelation(formatRelation(item))).toEqual(item)));
});
