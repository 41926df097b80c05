// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Path rules of a recipe whose stars go through folders, as seen in the manifests beside it. At the first syntax level
 * `/usr/lib/lib*.so` also takes `/usr/lib/libfoo/plugin.so`: seldom what is meant, and nobody notices.
 */
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { getOrInsert } from "#base/order";
import { Collector, definitionsOf, type Rule } from "#boulder/package/collect";
import type { PackageDefinition, Recipe } from "#boulder/recipe/model";
import type { Problem } from "#formats/problem";
import { readReport } from "#stone/manifest-report";

/** A rule, and paths that it would leave to other packages if its stars stopped at slashes. */
interface Crossing {
  readonly rule: Rule;
  readonly paths: readonly string[];
}

/** Files of the packages that were recorded for a recipe, of all architectures. Manifests that cannot be read have none. */
export function recordedPaths(recipePath: string): string[] {
  const folder = dirname(recipePath);
  const paths = readdirSync(folder)
    .filter((name) => /^manifest\..+\.jsonc$/.test(name))
    .flatMap((name) => {
      try {
        return readReport(join(folder, name)).packages.flatMap(({ files }) => files);
      } catch {
        // Whoever verifies against it is told; here it only says less.
        return [];
      }
    });
  return [...new Set(paths)];
}

/** A warning for each such rule of the recipe, in its order. `templates` are those of the macros, expanded for it. */
export function crossings(
  recipe: Recipe,
  templates: readonly PackageDefinition[],
  paths: readonly string[],
): Problem[] {
  if (recipe.syntax !== 1) return [];
  return crossingRules(recipe, templates, paths).map(({ rule, paths: [first = "", ...others] }) => ({
    severity: "warning",
    code: "recipe.invalid",
    message: `The path "${rule.pattern}" takes "${first}"${others.length === 0 ? "" : ` and ${others.length} more`} through folders`,
    hint: "If only the folder itself is meant, write `syntax: 2` in the recipe: stars stop at slashes then, and ** goes on.",
    place: rule.place,
    width: rule.pattern.length,
    // The line as people write it: an item of a list.
    source: `${"- ".padStart(rule.place.column - 1)}${rule.pattern}`,
  }));
}

function crossingRules(recipe: Recipe, templates: readonly PackageDefinition[], paths: readonly string[]): Crossing[] {
  const strict = (definition: PackageDefinition): PackageDefinition => ({
    ...definition,
    paths: definition.paths.map((rule) => ({ ...rule, level: 2 })),
  });
  const now = new Collector(definitionsOf(templates, recipe));
  const then = new Collector([...templates, ...[recipe.root, ...recipe.packages].map(strict)]);
  const found = new Map<Rule, string[]>();
  for (const path of paths) {
    const rule = now.find(path);
    // Rules of the macros keep their level, whatever the recipe says.
    if (rule === undefined || rule.place.file !== recipe.file) continue;
    if (then.find(path)?.package === rule.package) continue;
    getOrInsert(found, rule, () => []).push(path);
  }
  return [...found]
    .map(([rule, taken]) => ({ rule, paths: taken }))
    .sort((a, b) => a.rule.place.line - b.rule.place.line);
}
