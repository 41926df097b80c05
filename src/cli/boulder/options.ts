// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Options that several verbs of boulder share, and what they mean. */
import { availableParallelism, homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Failure } from "#base/errors";
import { dataFolders, loadMacros, type MacroLibrary } from "#boulder/macros/load";
import type { Profile } from "#boulder/profile/model";
import { configFolders, findProfile, loadProfiles } from "#boulder/profile/store";
import type { Recipe } from "#boulder/recipe/model";
import { formatProblem, type Problem } from "#formats/yaml";
import { run } from "#sys/process";

/** Options of the program, before or behind any verb. */
export interface GlobalFlags {
  readonly cacheDir?: string;
  readonly configDir?: string;
  readonly dataDir?: string;
  readonly mossRoot?: string;
  readonly verbose?: boolean;
  readonly yes?: boolean;
}

/** Options of the verbs that plan a build. */
export interface PlanFlags extends GlobalFlags {
  readonly profile?: string;
  readonly family?: string;
  readonly jobs?: string;
  readonly compilerCache?: boolean;
  /** Builds with another toolchain than the recipe's. */
  readonly toolchain?: string;
  /** Commander's name for `--no-check`. */
  readonly check?: boolean;
  readonly json?: boolean;
}

/** The cache of boulder: shared by root's builds, the user's own otherwise. */
export function cacheFolder(flags: GlobalFlags): string {
  if (flags.cacheDir !== undefined) return resolve(flags.cacheDir);
  if (process.getuid?.() === 0) return "/var/cache/boulder";
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "boulder");
}

export function macroLibrary(flags: GlobalFlags): MacroLibrary {
  return loadMacros(dataFolders(flags.dataDir === undefined ? undefined : resolve(flags.dataDir)), cacheFolder(flags));
}

export const DEFAULT_PROFILE = "local-x86_64";

export function profileOf(flags: PlanFlags): Profile {
  return findProfile(
    loadProfiles(configFolders(flags.configDir), cacheFolder(flags)),
    flags.profile ?? DEFAULT_PROFILE,
  );
}

/** A number of jobs from an option. Throws `usage`. */
export function jobsOf(flags: PlanFlags): number {
  if (flags.jobs === undefined) return availableParallelism();
  const jobs = /^\d{1,4}$/.test(flags.jobs) ? Number(flags.jobs) : 0;
  if (jobs >= 1) return jobs;
  throw new Failure("usage", `Cannot use "${flags.jobs}" jobs: expected a whole number of at least 1`);
}

/** The recipe with the toolchain that the user wants. Throws `usage`. */
export function withToolchain(recipe: Recipe, toolchain: string | undefined): Recipe {
  if (toolchain === undefined) return recipe;
  if (toolchain !== "gnu" && toolchain !== "llvm") {
    throw new Failure("usage", `Cannot use the toolchain "${toolchain}": unknown, expected gnu or llvm`);
  }
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

export function showProblems(problems: readonly Problem[]): void {
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
}

export function print(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
