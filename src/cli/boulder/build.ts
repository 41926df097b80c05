// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder build` (`bi`): from a recipe to stones. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { Failure } from "#base/errors";
import { build } from "#boulder/build/build";
import type { BuildOptions } from "#boulder/build/options";
import { localCollection } from "#boulder/profile/store";
import { loadRecipe } from "#boulder/recipe/load";
import { PHASES } from "#boulder/recipe/model";
import { collectionOptions } from "#cli/boulder/known";
import {
  cacheFolder,
  jobsOf,
  macroLibrary,
  profileOf,
  showProblems,
  sourceDateOf,
  withToolchain,
} from "#cli/boulder/options";
import { sourceOptions } from "#cli/boulder/sources";
import { type BuildWatcher, timesTable, watchBuild } from "#cli/boulder/watch";
import type { Invocation } from "#cli/spec";
import { indexFolder } from "#stone/repository";

/** What a timer can wait for. */
const LONGEST_SECONDS = 2_000_000;
const MEBIBYTE = 1024 * 1024;

/** Everything a build needs, out of the command line. Throws `usage`, `recipe.invalid` and `profile.*`. */
export async function buildOptions(
  { operands, options, ui, command }: Invocation,
  watcher: BuildWatcher,
  signal?: AbortSignal,
): Promise<BuildOptions> {
  const { recipe: written, path, warnings } = loadRecipe(operands[0]);
  const recipe = withToolchain(written, options);
  showProblems(ui, warnings);
  const profile = profileOf(options);
  const cache = cacheFolder(options);
  mkdirSync(cache, { recursive: true });
  const from = PHASES.find((phase) => phase === options.text("from"));
  const only = PHASES.find((phase) => phase === options.text("only"));
  if (from !== undefined && only !== undefined) {
    throw new Failure("usage", "Cannot build with both --from and --only: expected one of them");
  }
  const timeout = options.number("timeout", 1, LONGEST_SECONDS);
  const memory = options.number("memory", 1, 2 ** 32);
  const processes = options.number("processes", 1, 2 ** 22);
  const verify = options.text("verify");
  const target = options.text("target");
  const local = options.flag("local") ? localCollection(cache, profile.id) : undefined;
  return {
    recipe,
    recipePath: path,
    profile,
    library: macroLibrary(options),
    cache,
    jobs: jobsOf(options),
    sourceDateEpoch: await sourceDateOf(path),
    compilerCache: options.flag("compiler-cache"),
    noCheck: options.flag("no-check"),
    sources: { ...sourceOptions(options, watcher.downloads), ...(signal === undefined ? {} : { signal }) },
    collections: await collectionOptions(options, options.flag("update")),
    output: local ?? resolve(options.text("output") ?? "."),
    ...(local === undefined ? {} : { manifests: join(local, "manifests", recipe.name) }),
    buildRelease: options.number("build-release", 1) ?? 1,
    keep: options.flag("keep"),
    shell: options.flag("shell"),
    terminal: process.stdin.isTTY && !ui.json,
    command,
    onEvent: watcher.on,
    ...(from === undefined ? {} : { from }),
    ...(only === undefined ? {} : { only }),
    ...(target === undefined ? {} : { target }),
    ...(verify === undefined ? {} : { verify: resolve(verify) }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(memory === undefined ? {} : { memory: memory * MEBIBYTE }),
    ...(processes === undefined ? {} : { processes }),
    ...(signal === undefined ? {} : { signal }),
  };
}

export async function run(invocation: Invocation): Promise<void> {
  const { options, ui } = invocation;
  const controller = new AbortController();
  const stop = () => controller.abort(new Failure("interrupted", "Cannot finish the build: it was interrupted"));
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  using watcher = watchBuild(ui, !options.flag("quiet"));
  try {
    const asked = await buildOptions(invocation, watcher, controller.signal);
    const { packages, times, logs } = await build(asked);
    watcher.end();
    if (options.flag("local") && asked.only === undefined) await indexFolder(asked.output);
    const stones = packages.map(({ name, file, size, sha256 }) => ({ name, file, size, sha256 }));
    ui.event({ type: "result", stones, times, logs });
    ui.note(`${timesTable(times)}\nLogs are in ${logs}`);
    for (const { file } of packages) ui.say(file);
    if (asked.only !== undefined)
      ui.note(`Only ${asked.only} was run, and nothing packaged; --from goes on with a phase`);
  } finally {
    process.removeListener("SIGINT", stop);
    process.removeListener("SIGTERM", stop);
  }
}
