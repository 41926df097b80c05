// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The collection rules of a recipe, as the verbs that only look at them need them. */
import { filesOf } from "#boulder/macros/load";
import { packageTemplates } from "#boulder/macros/templates";
import { definitionsOf } from "#boulder/package/collect";
import { architectureOf, chosenTargets, hostArchitecture, selectTargets } from "#boulder/plan/targets";
import { loadRecipe } from "#boulder/recipe/load";
import type { PackageDefinition, Recipe } from "#boulder/recipe/model";
import { macroLibrary } from "#cli/boulder/options";
import type { Options } from "#cli/spec";

export interface RecipeRules {
  readonly recipe: Recipe;
  readonly path: string;
  readonly architecture: string;
  readonly definitions: readonly PackageDefinition[];
}

/** Reads a recipe and the templates of its targets. Throws `recipe.invalid` or `macro.invalid`. */
export function recipeRules(argument: string, options: Options): RecipeRules {
  const { recipe, path } = loadRecipe(argument);
  const target = options.text("target");
  const architecture = target === undefined ? hostArchitecture() : architectureOf(target);
  const targets = target === undefined ? selectTargets(recipe, architecture) : chosenTargets(recipe, target);
  const library = macroLibrary(options);
  // Throws where there are no macros for a target.
  for (const item of targets) filesOf(library, item);
  const templates = packageTemplates(library, targets, recipe);
  return { recipe, path, architecture, definitions: definitionsOf(templates, recipe) };
}
