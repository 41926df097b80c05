// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The packages of a recipe, merged from templates, root and subpackages: what each says of itself. */
import { getOrInsert } from "#base/order";
import { compileExpression, type Expression } from "#boulder/recipe/expression";
import type { Located, PackageDefinition, Recipe } from "#boulder/recipe/model";
import { type Capability, parseCapability } from "#model/dependency";

/** A package as it will be emitted, apart from its files. */
export interface MergedPackage {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly homepage: string;
  readonly licenses: readonly string[];
  readonly rundeps: readonly Capability[];
  readonly conflicts: readonly Capability[];
  readonly rundepsExclude: readonly Expression[];
  readonly providesExclude: readonly Expression[];
  /** True where it is emitted without files. */
  readonly empty: boolean;
}

/** The last definition that says something, so that a recipe's words replace a template's, and its silence does not. */
function lastOf<T>(definitions: readonly PackageDefinition[], field: (d: PackageDefinition) => T | undefined) {
  return definitions.map(field).findLast((value) => value !== undefined);
}

function capabilities(definitions: readonly PackageDefinition[], field: (d: PackageDefinition) => readonly Located[]) {
  return definitions.flatMap(field).map((item) => parseCapability(item.text));
}

function patterns(definitions: readonly PackageDefinition[], field: (d: PackageDefinition) => readonly Located[]) {
  return definitions.flatMap(field).map((item) => compileExpression(item.text));
}

/**
 * Merges definitions of one name, field by field: texts of the last that has them, else of the recipe's top level; lists are
 * joined. In the order of `definitions`; the result is keyed by name.
 */
export function mergePackages(
  recipe: Recipe,
  definitions: readonly PackageDefinition[],
): ReadonlyMap<string, MergedPackage> {
  const byName = new Map<string, PackageDefinition[]>();
  for (const definition of definitions) getOrInsert(byName, definition.name, () => []).push(definition);
  const merged = new Map<string, MergedPackage>();
  for (const [name, parts] of byName) {
    merged.set(name, {
      name,
      summary: lastOf(parts, (d) => d.summary) ?? recipe.root.summary ?? "",
      description: (lastOf(parts, (d) => d.description) ?? recipe.root.description ?? "").trim(),
      homepage: lastOf(parts, (d) => d.homepage) ?? recipe.homepage,
      licenses: (lastOf(parts, (d) => d.licenses) ?? recipe.licenses).toSorted(),
      rundeps: capabilities(parts, (d) => d.rundeps),
      conflicts: capabilities(parts, (d) => d.conflicts),
      rundepsExclude: patterns(parts, (d) => d.rundepsExclude),
      providesExclude: patterns(parts, (d) => d.providesExclude),
      empty: parts.some((d) => d.empty),
    });
  }
  return merged;
}
