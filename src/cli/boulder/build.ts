// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder build` (`bi`): from a recipe to stones. */
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { Failure } from "#base/errors";
import { build } from "#boulder/build/build";
import type { BuildOptions } from "#boulder/build/options";
import { localCollection } from "#boulder/profile/store";
import { loadRecipe } from "#boulder/recipe/load";
import { PHASES, type ScriptPhase } from "#boulder/recipe/model";
import { type FetchFlags, sourceOptions } from "#cli/boulder/fetch";
import { collectionOptions } from "#cli/boulder/known";
import {
  cacheFolder,
  jobsOf,
  macroLibrary,
  type PlanFlags,
  printJson,
  profileOf,
  showProblems,
  sourceDateOf,
  withToolchain,
} from "#cli/boulder/options";
import { timesTable, watchBuild } from "#cli/boulder/watch";
import { indexFolder } from "#stone/repository";

export interface BuildFlags extends PlanFlags, FetchFlags {
  readonly output?: string;
  readonly local?: boolean;
  readonly update?: boolean;
  readonly buildRelease?: string;
  readonly from?: string;
  readonly keep?: boolean;
  readonly shell?: boolean;
  readonly quiet?: boolean;
  readonly verify?: string;
  readonly timeout?: string;
  readonly memory?: string;
  readonly processes?: string;
}

/** Everything a build needs, out of the flags. */
export async function buildOptions(
  argument: string | undefined,
  flags: BuildFlags,
  signal?: AbortSignal,
): Promise<BuildOptions> {
  const { recipe: written, path, warnings } = loadRecipe(argument);
  const recipe = withToolchain(written, flags.toolchain);
  showProblems(warnings);
  const profile = profileOf(flags);
  const cache = cacheFolder(flags);
  mkdirSync(cache, { recursive: true });
  const from = fromPhase(flags.from);
  const timeout = wholeNumber("timeout", flags.timeout);
  const memory = wholeNumber("memory", flags.memory);
  const processes = wholeNumber("number of processes", flags.processes);
  return {
    recipe,
    recipePath: path,
    profile,
    library: macroLibrary(flags),
    cache,
    jobs: jobsOf(flags),
    sourceDateEpoch: await sourceDateOf(path),
    compilerCache: flags.compilerCache ?? false,
    noCheck: flags.check === false,
    sources: { ...sourceOptions(flags, () => undefined), ...(signal === undefined ? {} : { signal }) },
    collections: await collectionOptions(flags, flags.update ?? false),
    output: flags.local === true ? localCollection(cache, profile.id) : resolve(flags.output ?? "."),
    buildRelease: wholeNumber("build release", flags.buildRelease) ?? 1,
    keep: flags.keep ?? false,
    shell: flags.shell ?? false,
    command: `boulder build ${argument ?? "."}`,
    onEvent: watchBuild({ json: flags.json ?? false, output: flags.quiet !== true }),
    ...(from === undefined ? {} : { from }),
    ...(flags.verify === undefined ? {} : { verify: resolve(flags.verify) }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(memory === undefined ? {} : { memory: memory * 1024 * 1024 }),
    ...(processes === undefined ? {} : { processes }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function fromPhase(word: string | undefined): ScriptPhase | undefined {
  if (word === undefined) return undefined;
  const phase = PHASES.find((item) => item === word);
  if (phase !== undefined) return phase;
  throw new Failure("usage", `Cannot begin at "${word}": no such phase, expected one of ${PHASES.join(", ")}`);
}

function wholeNumber(what: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new Failure("usage", `Cannot use the ${what} "${text}": expected a whole number of at least 1`);
}

export async function buildVerb(argument: string | undefined, flags: BuildFlags): Promise<void> {
  const controller = new AbortController();
  const stop = () => controller.abort(new Failure("interrupted", "Cannot finish the build: it was interrupted"));
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    const options = await buildOptions(argument, flags, controller.signal);
    const result = await build(options);
    if (flags.local === true) await indexFolder(options.output);
    if (flags.json === true) {
      printJson({
        kind: "result",
        stones: result.packages.map(({ name, file, size, sha256 }) => ({ name, file, size, sha256 })),
        times: result.times,
        logs: result.logs,
      });
      return;
    }
    process.stderr.write(`${timesTable(result.times)}\nLogs are in ${result.logs}\n`);
    for (const { file } of result.packages) process.stdout.write(`${file}\n`);
  } finally {
    process.removeListener("SIGINT", stop);
    process.removeListener("SIGTERM", stop);
  }
}
