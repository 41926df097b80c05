// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What tests of the recipe parser share: a head with all mandatory keys, and what parsing gives behind it. */
import { expect } from "bun:test";
import type { Recipe } from "#boulder/recipe/model";
import { type ParsedRecipe, parseRecipe } from "#boulder/recipe/parse";
import { formatProblem } from "#formats/yaml";

export const HASH = "0123456789abcdef".repeat(4);
export const COMMIT = "0123456789".repeat(4);
/** Five lines: the keys of a test begin at the sixth. */
export const HEAD = `name        : sample
version     : "1.10"
release     : 3
homepage    : https://example.org/sample
license     : MIT
`;

export function parse(rest: string): ParsedRecipe {
  return parseRecipe("stone.yaml", HEAD + rest);
}

/** The recipe of keys that nothing is wrong with. */
export function good(rest: string): Recipe {
  const { recipe, problems } = parse(rest);
  expect(problems.map(formatProblem)).toEqual([]);
  if (recipe === undefined) throw new Error("no recipe");
  return recipe;
}

/** The first problem of keys. */
export function problem(rest: string): { message: string; hint: string | undefined; line: number; severity: string } {
  const { problems } = parse(rest);
  const [first] = problems;
  if (first === undefined) throw new Error("no problem was found");
  return { message: first.message, hint: first.hint, line: first.place.line, severity: first.severity };
}
