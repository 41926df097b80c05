// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Options that several verbs of boulder share, and what they mean. */
import { availableParallelism, homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { dataFolders, loadMacros, type MacroLibrary } from "#boulder/macros/load";
import type { Profile } from "#boulder/profile/model";
import { configFolders, findProfile, loadProfiles } from "#boulder/profile/store";
import type { Recipe } from "#boulder/recipe/model";
import type { Options } from "#cli/spec";
import { printable } from "#cli/style";
import type { Ui } from "#cli/ui";
import { formatProblem, type Problem } from "#formats/yaml";
import { run } from "#sys/process";

/** The cache of boulder: shared by root's builds, the user's own otherwise. */
export function cacheFolder(options: Options): string {
  const given = options.text("cache-dir");
  if (given !== undefined) return resolve(given);
  if (process.getuid?.() === 0) return "/var/cache/boulder";
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "boulder");
}

/** Macros of the machine, or of `--data-dir`. */
export function macroLibrary(options: Options): MacroLibrary {
  const given = options.text("data-dir");
  return loadMacros(dataFolders(given === undefined ? undefined : resolve(given)), cacheFolder(options));
}

export const DEFAULT_PROFILE = "local-x86_64";

/** Every profile, by its id. */
export function profilesOf(options: Options): Map<string, Profile> {
  return loadProfiles(configFolders(options.text("config-dir")), cacheFolder(options));
}

/** The profile of `--profile`. Throws `profile.*`. */
export function profileOf(options: Options): Profile {
  return findProfile(profilesOf(options), options.text("profile") ?? DEFAULT_PROFILE);
}

/** Jobs of one build; one a processor where none are asked for. Throws `usage`. */
export function jobsOf(options: Options): number {
  return options.number("jobs", 1, 9999) ?? availableParallelism();
}

/** The recipe with the toolchain that the user wants. */
export function withToolchain(recipe: Recipe, options: Options): Recipe {
  const toolchain = options.text("toolchain");
  if (toolchain !== "gnu" && toolchain !== "llvm") return recipe;
  return { ...recipe, options: { ...recipe.options, toolchain } };
}

/**
 * The time that outputs carry: SOURCE_DATE_EPOCH where it is set, else the last commit that touched the recipe's folder,
 * else a constant, so that two builds of the same recipe never differ by it. Seconds since 1970.
 */
export async function sourceDateOf(recipePath: string): Promise<number> {
  const given = process.env["SOURCE_DATE_EPOCH"];
  if (given !== undefined && /^\d{1,12}$/.test(given)) return Number(given);
  const folder = dirname(recipePath);
  try {
    const { code, stdout } = await run(["git", "log", "-1", "--format=%at", "--", "."], { cwd: folder });
    if (code === 0 && /^\d{1,12}\s*$/.test(stdout)) return Number(stdout.trim());
  } catch {
    // Without git there is no history to ask.
  }
  return FALLBACK_DATE;
}

/** 2020-01-01; after the times that zip and other old formats can hold begin. */
const FALLBACK_DATE = 1_577_836_800;

/** Shows what is questionable in a recipe, on stderr. */
export function showProblems(ui: Ui, problems: readonly Problem[]): void {
  for (const problem of problems) ui.problem(printable(formatProblem(problem)));
}
