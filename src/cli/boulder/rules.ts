// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The collection rules of a recipe, as the verbs that only look at them need them. */
import { dataFolders, loadMacros } from "#boulder/macros/load";
import { packageTemplates } from "#boulder/macros/templates";
import { definitionsOf } from "#boulder/package/collect";
import { hostArchitecture, selectTargets } from "#boulder/plan/targets";
import { loadRecipe } from "#boulder/recipe/load";
import type { PackageDefinition, Recipe } from "#boulder/recipe/model";

export interface RecipeRules {
  readonly recipe: Recipe;
  readonly path: string;
  readonly architecture: string;
  readonly definitions: readonly PackageDefinition[];
}

/** Reads a recipe and the templates of its targets. Throws `recipe.invalid` or `macro.invalid`. */
export function recipeRules(argument: string, dataDir?: string): RecipeRules {
  const { recipe, path } = loadRecipe(argument);
  const architecture = hostArchitecture();
  const templates = packageTemplates(loadMacros(dataFolders(dataDir)), selectTargets(recipe, architecture), recipe);
  return { recipe, path, architecture, definitions: definitionsOf(templates, recipe) };
}
