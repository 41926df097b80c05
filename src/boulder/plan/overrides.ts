// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Macros of a recipe that replace shipped ones. That is allowed, and often meant; by accident it changes every shipped
 * action that uses the word, so `boulder recipe check` tells it.
 */
import type { Problem } from "#formats/yaml";
import { type MacroLibrary, macrosFor } from "../macros/load";
import type { Family } from "../macros/model";
import type { Recipe } from "../recipe/model";
import { selectTargets } from "./targets";

/** A warning for each, in the order of the recipe. `architecture` is the one that is built for. */
export function overrides(recipe: Recipe, library: MacroLibrary, family: Family, architecture: string): Problem[] {
  if (recipe.actions.length === 0 && recipe.definitions.length === 0) return [];
  const sets = selectTargets(recipe, architecture).map((target) => macrosFor(library, target, family));
  const told = (kind: "action" | "definition", items: Recipe["definitions"] | Recipe["actions"]): Problem[] =>
    items.flatMap(({ id, place }): Problem[] => {
      const shipped = sets
        .map((set) => (kind === "action" ? set.actions.get(id) : set.definitions.get(id)))
        .find((item) => item !== undefined);
      if (shipped === undefined) return [];
      const at = `${shipped.place.file}:${shipped.place.line}`;
      return [
        {
          severity: "warning",
          code: "macro.invalid",
          message: `The ${kind} "${id}" replaces the one of ${at}`,
          hint: "Choose another name if that is not meant: shipped actions use it too.",
          place,
          width: id.length,
          // The line as people write it: an item of a list.
          source: `${"- ".padStart(place.column - 1)}${id}:`,
        },
      ];
    });
  return [...told("action", recipe.actions), ...told("definition", recipe.definitions)].toSorted(
    (a, b) => a.place.line - b.place.line,
  );
}
