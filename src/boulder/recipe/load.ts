// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Finding and reading a recipe on disk. */
import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { errnoCode, Failure } from "#base/errors";
import { formatProblem, MAX_YAML_BYTES, type Problem } from "#formats/yaml";
import type { Recipe } from "./model";
import { type ParsedRecipe, parseRecipe } from "./parse";

const CONTROL = "control.kdl";
const NAMES = ["stone.yaml", "stone.yml"];

/** The recipe file that an argument means: a file, or a folder with a `stone.yaml` or `stone.yml` in it. */
export function findRecipe(argument = "."): string {
  const path = resolve(argument);
  const candidates = [path, ...NAMES.map((name) => join(path, name))];
  for (const candidate of candidates) {
    if (statSync(candidate, { throwIfNoEntry: false })?.isFile() === true) return candidate;
  }
  throw new Failure("io", `Cannot find the recipe "${argument}": no such file, expected a stone.yaml or its folder`);
}

/** The recipe file that an argument means, and its name in messages: what was written, to the file in it. */
export function findNamed(argument: string): { path: string; shown: string } {
  const path = findRecipe(argument);
  return { path, shown: resolve(argument) === path ? argument : join(argument, basename(path)) };
}

/** Reads and parses a recipe; `shown` is its name in messages. Throws only where the file cannot be read. */
export function readRecipe(path: string, shown = path): ParsedRecipe {
  let bytes: Uint8Array;
  try {
    const size = statSync(path).size;
    if (size > MAX_YAML_BYTES)
      throw new Failure("recipe.invalid", `Cannot read "${shown}": ${size} bytes, expected at most 8 MiB`);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("io", `Cannot read "${shown}": ${errnoCode(error) ?? "unreadable"}`, { cause: error });
  }
  const text = new TextDecoder().decode(bytes);
  if (isUtf8(bytes)) return withControl(path, parseRecipe(shown, text));
  // What cannot be read has become the replacement character.
  const line = text.slice(0, Math.max(0, text.indexOf("\ufffd"))).split("\n").length;
  throw new Failure("recipe.invalid", `Cannot read "${shown}": line ${line} is not UTF-8, expected UTF-8 text`, {
    hint: "Save the file as UTF-8 (iconv converts it).",
  });
}

/** Changes to a recipe in a file beside it are of another tool: they are not made, and that is said. */
function withControl(path: string, parsed: ParsedRecipe): ParsedRecipe {
  const file = join(dirname(path), CONTROL);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat?.isFile() !== true || stat.size > MAX_YAML_BYTES) return parsed;
  const problem: Problem = {
    severity: "warning",
    code: "recipe.invalid",
    message: `${CONTROL} beside the recipe is not read: its changes have no effect`,
    hint: "Write them into the recipe.",
    place: { file, line: 1, column: 1 },
    width: 1,
    source: readFileSync(file, "utf8").split("\n", 1)[0] ?? "",
  };
  return { ...parsed, problems: [...parsed.problems, problem] };
}

/** A recipe that can be built, with its warnings. Throws `recipe.invalid` with every error of the file. */
export function loadRecipe(argument?: string): { recipe: Recipe; path: string; warnings: readonly Problem[] } {
  const path = findRecipe(argument);
  const { recipe, problems } = readRecipe(path);
  if (recipe === undefined) throw recipeFailure(path, problems);
  return { recipe, path, warnings: problems };
}

/** One failure for all errors of a recipe. */
export function recipeFailure(path: string, problems: readonly Problem[]): Failure {
  const errors = problems.filter((problem) => problem.severity === "error");
  const list = errors.map((problem) => `\n${formatProblem(problem)}`).join("");
  const count = errors.length === 1 ? "1 error" : `${errors.length} errors`;
  return new Failure("recipe.invalid", `Cannot read the recipe "${path}": ${count}${list}`);
}
