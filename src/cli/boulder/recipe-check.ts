// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder recipe check`: every mistake of recipes; what other verbs warn of (unknown keys) is an error here. */
import { describeError, EXIT, Failure } from "#base/errors";
import { familyOf } from "#boulder/macros/load";
import { makePlan, PlanFailure } from "#boulder/plan/plan";
import { hostArchitecture, lookedAt } from "#boulder/plan/targets";
import { findNamed, readRecipe } from "#boulder/recipe/load";
import { macroLibrary } from "#cli/boulder/options";
import type { Invocation } from "#cli/spec";
import { printable } from "#cli/style";
import { formatProblem, type Problem } from "#formats/yaml";

export function run({ operands, options, ui }: Invocation): number {
  const library = macroLibrary(options);
  const family = familyOf(library, options.text("family") ?? "serpent");
  const results = operands.map((argument) => {
    const { path, shown } = findNamed(argument);
    const { recipe, problems } = readRecipe(path, shown);
    const found = problems.map(strict);
    let plan: string | undefined;
    if (recipe !== undefined) {
      try {
        const made = makePlan(recipe, {
          library,
          family,
          host: lookedAt(recipe, hostArchitecture()),
          jobs: 1,
          sourceDateEpoch: 0,
        });
        found.push(...made.warnings);
      } catch (error) {
        if (error instanceof PlanFailure) found.push(...error.problems);
        else if (error instanceof Failure) plan = describeError(error);
        else throw error;
      }
    }
    const ok = plan === undefined && found.every(({ severity }) => severity !== "error");
    return { file: shown, problems: found, plan, ok };
  });
  if (ui.json) ui.value(results);
  for (const { file, problems, plan, ok } of results) {
    for (const problem of problems) ui.say(printable(formatProblem(problem)));
    if (plan !== undefined) ui.say(printable(plan));
    if (ok) ui.say(`${file}: fine`);
  }
  return results.every(({ ok }) => ok) ? EXIT.ok : EXIT.error;
}

function strict(problem: Problem): Problem {
  return problem.code === "recipe.unknown-key" ? { ...problem, severity: "error" } : problem;
}
