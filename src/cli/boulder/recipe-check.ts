// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder recipe check`: every mistake of recipes; what other verbs warn of (unknown keys) is an error here. */
import { describeError, EXIT, Failure } from "#base/errors";
import { familyOf, type MacroLibrary } from "#boulder/macros/load";
import type { Family } from "#boulder/macros/model";
import { packageTemplates } from "#boulder/macros/templates";
import { crossings, recordedPaths } from "#boulder/package/crossing";
import { overrides } from "#boulder/plan/overrides";
import { makePlan, PlanFailure } from "#boulder/plan/plan";
import { hostArchitecture, lookedAt, selectTargets } from "#boulder/plan/targets";
import { findNamed, readRecipe } from "#boulder/recipe/load";
import type { ParsedRecipe } from "#boulder/recipe/parse";
import { macroLibrary } from "#cli/boulder/options";
import type { Invocation } from "#cli/spec";
import { printable } from "#cli/style";
import { formatProblem, type Problem } from "#formats/yaml";

export function run({ operands, options, ui }: Invocation): number {
  const library = macroLibrary(options);
  const family = familyOf(library, options.text("family") ?? "serpent");
  const results = operands.map((argument): Checked => {
    try {
      const { path, shown } = findNamed(argument);
      return check(readRecipe(path, shown), path, shown, library, family);
    } catch (error) {
      // A file that cannot be read: the others are checked all the same.
      if (!(error instanceof Failure)) throw error;
      return { file: argument, problems: [], plan: inFull(error), ok: false };
    }
  });
  if (ui.json) ui.value(results);
  for (const { file, problems, plan, ok } of results) {
    for (const problem of problems) ui.say(printable(formatProblem(problem)));
    if (plan !== undefined) ui.say(printable(plan.includes(file) ? plan : `${file}: ${plan}`));
    if (ok) ui.say(`${file}: fine`);
  }
  return results.every(({ ok }) => ok) ? EXIT.ok : EXIT.error;
}

interface Checked {
  readonly file: string;
  readonly problems: readonly Problem[];
  /** Why it could not be read or planned, where no place in it can be named. */
  readonly plan: string | undefined;
  readonly ok: boolean;
}

/** All problems of a recipe that could be read; `file` is how its path is shown. */
function check(
  { recipe, problems }: ParsedRecipe,
  path: string,
  file: string,
  library: MacroLibrary,
  family: Family,
): Checked {
  const found = problems.map(strict);
  let plan: string | undefined;
  if (recipe !== undefined) {
    const host = lookedAt(recipe, hostArchitecture());
    try {
      found.push(...overrides(recipe, library, family, host));
      found.push(
        ...crossings(recipe, packageTemplates(library, selectTargets(recipe, host), recipe), recordedPaths(path)),
      );
      found.push(...makePlan(recipe, { library, family, host, jobs: 1, sourceDateEpoch: 0 }).warnings);
    } catch (error) {
      if (error instanceof PlanFailure) found.push(...error.problems);
      else if (error instanceof Failure) plan = inFull(error);
      else throw error;
    }
  }
  const ok = plan === undefined && found.every(({ severity }) => severity !== "error");
  return { file, problems: found, plan, ok };
}

function inFull(error: Failure): string {
  return error.hint === undefined ? describeError(error) : `${describeError(error)}\n  fix: ${error.hint}`;
}

function strict(problem: Problem): Problem {
  return problem.code === "recipe.unknown-key" ? { ...problem, severity: "error" } : problem;
}
