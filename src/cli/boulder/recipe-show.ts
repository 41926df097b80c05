// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder recipe show`: what is understood of recipes. */
import { hostArchitecture, lookedAt, selectTargets } from "#boulder/plan/targets";
import { findNamed, readRecipe, recipeFailure } from "#boulder/recipe/load";
import type { BuildDefinition, PackageDefinition, Recipe } from "#boulder/recipe/model";
import { showProblems } from "#cli/boulder/options";
import type { Invocation } from "#cli/spec";
import { printable } from "#cli/style";

export function run({ operands, ui }: Invocation): void {
  const recipes = operands.map((argument) => {
    const { path, shown } = findNamed(argument);
    const { recipe, problems } = readRecipe(path, shown);
    showProblems(
      ui,
      problems.filter(({ severity }) => severity === "warning"),
    );
    if (recipe === undefined) throw recipeFailure(shown, problems);
    return recipe;
  });
  if (ui.json) ui.value(recipes.length === 1 ? recipes[0] : recipes);
  else ui.print(printable(recipes.map(describeRecipe).join("\n").trimEnd()));
}

function describeRecipe(recipe: Recipe): string {
  const rows = [
    `${recipe.name} ${recipe.version}-${recipe.release}`,
    `  summary      ${recipe.root.summary ?? ""}`,
    `  homepage     ${recipe.homepage}`,
    `  license      ${recipe.licenses.join(", ")}`,
    `  targets      ${selectTargets(recipe, lookedAt(recipe, hostArchitecture())).join(", ")}`,
    `  toolchain    ${recipe.options.toolchain}`,
    `  options      ${optionsOf(recipe)}`,
  ];
  if (recipe.syntax !== 1) rows.push(`  syntax       ${recipe.syntax}`);
  for (const upstream of recipe.upstreams) {
    const proof = upstream.kind === "git" ? upstream.ref : upstream.hash;
    const place = upstream.kind === "archive" && !upstream.unpack ? "not unpacked" : `to ${upstream.directory}/`;
    rows.push(`  upstream     ${upstream.uri}`, `               ${upstream.kind} ${proof}, ${place}`);
    const signed = upstream.kind === "git" ? upstream.tag?.name : upstream.signature?.uri;
    if (signed !== undefined) rows.push(`               signed: ${signed}`);
  }
  for (const entry of recipe.tuning) {
    const value = typeof entry.value === "boolean" ? (entry.value ? "on" : "off") : entry.value.choice;
    rows.push(`  tuning       ${entry.group}: ${value}`);
  }
  rows.push(...describeBuild("", recipe.build));
  for (const profile of recipe.profiles) rows.push(...describeBuild(`${profile.target} `, profile.build));
  for (const definition of [recipe.root, ...recipe.packages]) rows.push(...describePackage(definition));
  return `${rows.join("\n")}\n`;
}

function optionsOf(recipe: Recipe): string {
  const { toolchain: _, ...flags } = recipe.options;
  const words = Object.entries(flags).flatMap(([key, on]) => (on ? [key] : []));
  return words.length === 0 ? "none" : words.join(", ");
}

function describeBuild(prefix: string, build: BuildDefinition): string[] {
  const rows = Object.entries(build.scripts).map(
    ([phase, script]) =>
      `  ${prefix}${phase}`.padEnd(15) +
      `${script.text.split("\n").filter((l) => l !== "").length} lines, from line ${script.lines[0]}`,
  );
  if (build.environment !== undefined) rows.push(`  ${prefix}environment  from line ${build.environment.lines[0]}`);
  for (const [key, list] of [
    ["builddeps", build.builddeps],
    ["checkdeps", build.checkdeps],
  ] as const) {
    if (list.length > 0) rows.push(`  ${prefix}${key}`.padEnd(15) + list.map((item) => item.text).join(", "));
  }
  return rows;
}

function describePackage(definition: PackageDefinition): string[] {
  const rows = [`  package      ${definition.name}${definition.empty ? " (empty on purpose)" : ""}`];
  const list = (key: string, texts: readonly string[]) => {
    if (texts.length > 0) rows.push(`    ${key}`.padEnd(15) + texts.join(", "));
  };
  list(
    "rundeps",
    definition.rundeps.map((item) => item.text),
  );
  list(
    "conflicts",
    definition.conflicts.map((item) => item.text),
  );
  list(
    "paths",
    definition.paths.map((rule) => (rule.type === "any" ? rule.pattern : `${rule.pattern} (${rule.type})`)),
  );
  return rows;
}
