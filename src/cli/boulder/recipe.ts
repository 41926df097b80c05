// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

import { describeError, EXIT, Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import { familyOf, macrosFor } from "#boulder/macros/load";
import { makePlan } from "#boulder/plan/plan";
import { hostArchitecture, selectTargets } from "#boulder/plan/targets";
import { findRecipe, readRecipe, recipeFailure } from "#boulder/recipe/load";
import type { BuildDefinition, PackageDefinition, Recipe } from "#boulder/recipe/model";
/** `boulder recipe check|show|macros`. */
import { type GlobalFlags, macroLibrary, print, printJson } from "#cli/boulder/options";
import { formatProblem, type Problem } from "#formats/yaml";

export interface CheckFlags extends GlobalFlags {
  readonly json?: boolean;
  readonly family?: string;
}

/** Checks recipes strictly: what other verbs warn of (unknown keys) is an error here. Sets the exit code. */
export function checkVerb(files: readonly string[], flags: CheckFlags): void {
  const library = macroLibrary(flags);
  const family = familyOf(library, flags.family ?? "serpent");
  const results = files.map((argument) => {
    const path = findRecipe(argument);
    const { recipe, problems } = readRecipe(path, argument === "." ? "stone.yaml" : argument);
    const found = problems.map(strict);
    let plan: string | undefined;
    if (recipe !== undefined) {
      try {
        const made = makePlan(recipe, { library, family, jobs: 1, sourceDateEpoch: 0 });
        found.push(...made.warnings);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        plan = describeError(error);
      }
    }
    return {
      file: argument,
      problems: found,
      plan,
      ok: plan === undefined && found.every((p) => p.severity !== "error"),
    };
  });
  if (flags.json === true) printJson(results);
  else {
    for (const { file, problems, plan, ok } of results) {
      for (const problem of problems) print(formatProblem(problem));
      if (plan !== undefined) print(plan);
      if (ok) print(`${file}: fine`);
    }
  }
  if (results.some((result) => !result.ok)) process.exitCode = EXIT.error;
}

function strict(problem: Problem): Problem {
  return problem.code === "recipe.unknown-key" ? { ...problem, severity: "error" } : problem;
}

/** Prints what was understood of recipes. */
export function showVerb(files: readonly string[], flags: CheckFlags): void {
  const recipes = files.map((argument) => {
    const path = findRecipe(argument);
    const { recipe, problems } = readRecipe(path, argument);
    for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
    if (recipe === undefined) throw recipeFailure(path, problems);
    return recipe;
  });
  if (flags.json === true) printJson(recipes.length === 1 ? recipes[0] : recipes);
  else print(recipes.map(describeRecipe).join("\n"));
}

function describeRecipe(recipe: Recipe): string {
  const rows = [
    `${recipe.name} ${recipe.version}-${recipe.release}`,
    `  summary      ${recipe.root.summary ?? ""}`,
    `  homepage     ${recipe.homepage}`,
    `  license      ${recipe.licenses.join(", ")}`,
    `  targets      ${selectTargets(recipe, hostArchitecture()).join(", ")}`,
    `  toolchain    ${recipe.options.toolchain}`,
    `  options      ${optionsOf(recipe)}`,
  ];
  for (const upstream of recipe.upstreams) {
    const proof = upstream.kind === "git" ? upstream.ref : upstream.hash;
    const place = upstream.kind === "archive" && !upstream.unpack ? "not unpacked" : `to ${upstream.directory}/`;
    rows.push(`  upstream     ${upstream.uri}`, `               ${upstream.kind} ${proof}, ${place}`);
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

export interface MacrosFlags extends GlobalFlags {
  readonly json?: boolean;
  readonly target?: string;
  readonly family?: string;
}

/** Lists actions, definitions and tuning groups, or shows one of them whole. */
export function macrosVerb(name: string | undefined, flags: MacrosFlags): void {
  const library = macroLibrary(flags);
  const macros = macrosFor(library, flags.target ?? hostArchitecture(), familyOf(library, flags.family ?? "serpent"));
  const actions = [...macros.actions.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const definitions = [...macros.definitions.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const groups = [...macros.tuning.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  if (name === undefined) {
    if (flags.json === true) {
      printJson({
        actions: actions.map(({ id, description, dependencies }) => ({ id, description, dependencies })),
        definitions: definitions.map(({ id, value }) => ({ id, value: value.text })),
        tuning: groups.map(({ id, options, fallback }) => ({ id, choices: [...options.keys()], fallback })),
      });
      return;
    }
    print("Actions");
    for (const action of actions) print(`  %${action.id}`.padEnd(34) + action.description);
    print("\nDefinitions");
    for (const { id, value } of definitions) print(`  %(${id})`.padEnd(34) + (value.text.trim().split("\n")[0] ?? ""));
    print("\nTuning groups");
    for (const { id, options, fallback } of groups) {
      const choices = [...options.keys()].map((choice) => (choice === fallback ? `${choice} (default)` : choice));
      print(`  ${id}${macros.defaultGroups.includes(id) ? " (on)" : ""}`.padEnd(34) + choices.join(", "));
    }
    return;
  }
  const word = name.replace(/^%\(?|\)$/g, "");
  const action = macros.actions.get(word);
  const definition = macros.definitions.get(word);
  if (action !== undefined) {
    print(`%${action.id}: ${action.description}`);
    if (action.example !== undefined) print(`Example: ${action.example}`);
    if (action.dependencies.length > 0) print(`Needs in the root: ${action.dependencies.join(", ")}`);
    print(`\n${action.command.text}`);
  } else if (definition !== undefined) {
    print(`%(${definition.id}) is\n${definition.value.text}`);
  } else {
    const near = nearest(word, [...macros.actions.keys(), ...macros.definitions.keys()]);
    throw new Failure("macro.invalid", `Cannot show the macro "${name}": unknown, expected an action or a definition`, {
      hint: near === undefined ? "boulder recipe macros lists them all." : `Did you mean "${near}"?`,
    });
  }
}
