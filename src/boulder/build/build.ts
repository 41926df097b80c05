// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A whole build: plan, root, sources, phases in the root, packaging. Silent; it tells what it does by events. */
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { errnoCode, Failure } from "#base/errors";
import { familyOf } from "../macros/load";
import { packageTemplates } from "../macros/templates";
import { verifyManifest, writeBuildManifests } from "../package/manifest";
import { type PackagingResult, packageInstall } from "../package/package";
import { Workspace } from "../phases/workspace";
import { makePlan, type Plan } from "../plan/plan";
import { openCollections } from "../root/collections";
import type { BuildRoot } from "../root/kept";
import { makeRoot } from "../root/make";
import { type ResolvedPackage, resolveRoot, rootFacts } from "../root/resolve";
import { fetchSources, shareSources } from "../upstreams/prepare";
import { EVENTS, EventLog } from "./event-log";
import type { StepTime } from "./events";
import { refuseForeign, refuseForeignMachine } from "./foreign";
import { writeBuildInfo } from "./info";
import type { BuildOptions, Ground } from "./options";
import { ownersInside } from "./owners";
import { rootTools } from "./root-tools";
import { beginsAnew, explained, runStages } from "./stages";
import { StepWatch } from "./step-watch";

export interface BuildResult {
  readonly packages: PackagingResult["packages"];
  readonly unresolved: PackagingResult["unresolved"];
  readonly times: readonly StepTime[];
  readonly root: readonly ResolvedPackage[];
  readonly plan: Plan;
  readonly logs: string;
}

/** What a plan over real packages is made of. */
export type GroundOptions = Pick<
  BuildOptions,
  "recipe" | "profile" | "library" | "jobs" | "sourceDateEpoch" | "noCheck" | "target" | "compilerCache" | "collections"
>;

/** Plans a build over the packages that its root will really have, so that flags fit their versions. */
export async function groundOf(options: GroundOptions): Promise<Ground> {
  const { recipe, profile, library, jobs, sourceDateEpoch, noCheck } = options;
  const family = familyOf(library, profile.family);
  const target = options.target === undefined ? {} : { target: options.target };
  const planOptions = { library, family, jobs, sourceDateEpoch, noCheck, cache: options.compilerCache, ...target };
  const { root: wanted, architecture } = makePlan(recipe, planOptions);
  const offers = await openCollections(profile.collections, options.collections);
  const packages = resolveRoot(wanted, offers);
  refuseForeign(architecture, profile, packages);
  const plan = makePlan(recipe, { ...planOptions, facts: rootFacts(packages, family) });
  return { plan, family, offers, packages };
}

/**
 * Builds a recipe, or runs one phase of it. Throws coded failures of every step; then the build's folders stay, for a look or
 * for `--from`. Where one phase was asked for they stay too, and nothing is packaged.
 */
export async function build(asked: BuildOptions): Promise<BuildResult> {
  using log = new EventLog(asked.onEvent);
  try {
    return await buildLogged({ ...asked, onEvent: log.tell }, log);
  } catch (error) {
    log.failed(error);
    throw error;
  }
}

async function buildLogged(options: BuildOptions, log: EventLog): Promise<BuildResult> {
  const { recipe, onEvent } = options;
  const watch = new StepWatch();
  readyOutput(options);
  refuseForeignMachine(options.recipe, options.target);
  const ground = await groundOf(options);
  const { plan, packages, offers } = ground;
  for (const problem of plan.warnings) onEvent({ kind: "problem", problem });
  onEvent({ kind: "resolved", packages: packages.length, bytes: packages.reduce((sum, p) => sum + p.offer.size, 0) });
  watch.lap("plan and resolve");
  using workspace = Workspace.open(options.cache, recipe);
  const fresh = beginsAnew(plan, workspace, options);
  const before = fresh ? {} : workspace.readRecord(recipe);
  const sources = await fetchSources(recipe, {
    ...options.sources,
    onEvent: (event) => onEvent({ kind: "source", event }),
  });
  watch.lap("fetch");
  using root = await makeRoot(packages, {
    cache: options.cache,
    download: options.sources.download,
    command: options.command,
    onEvent: (event) => onEvent({ kind: "root", event }),
  });
  watch.lap("root");
  if (fresh) workspace.reset();
  else workspace.prepare();
  log.open(join(workspace.logs, EVENTS));
  const record = { ...before, root: root.folder, recipe: options.recipePath };
  workspace.writeRecord(record);
  shareSources(sources, workspace.sources);
  if (recipe.options.networking) onEvent({ kind: "network" });
  try {
    await runStages(plan, root, workspace, sources, options, watch, { fresh, record });
  } catch (error) {
    throw explained(error, offers);
  }
  const result = { times: watch.times, root: packages, plan, logs: workspace.logs };
  if (options.from === undefined && options.only !== undefined) return { ...result, packages: [], unresolved: [] };
  const packaged = await packageAll(ground, root, workspace, options);
  watch.lap("package");
  reportUnresolved(packaged, onEvent);
  finish(packaged, root.tree, ground, options);
  if (!options.keep) workspace.clean();
  return { ...result, packages: packaged.packages, unresolved: packaged.unresolved };
}

/** What would be found only after the phases: a place for the result that cannot be one, a manifest that is not there. */
function readyOutput({ output, verify }: BuildOptions): void {
  try {
    mkdirSync(output, { recursive: true });
    accessSync(output, constants.W_OK);
  } catch (cause) {
    const found = errnoCode(cause) ?? "unusable";
    throw new Failure(
      "io",
      `Cannot write the packages to "${output}": ${found}, expected a folder that can be written`,
      {
        cause,
      },
    );
  }
  if (verify !== undefined && !existsSync(verify)) {
    throw new Failure("io", `Cannot verify against "${verify}": no such file, expected a manifest`);
  }
}

async function packageAll(
  ground: Ground,
  root: BuildRoot,
  workspace: Workspace,
  options: BuildOptions,
): Promise<PackagingResult> {
  const { recipe, library, onEvent } = options;
  const { plan, family, offers } = ground;
  return packageInstall({
    recipe,
    templates: packageTemplates(library, plan.targets, recipe),
    installFolder: workspace.install,
    outFolder: options.output,
    scratchFolder: workspace.scratch,
    architecture: plan.architecture,
    buildRelease: options.buildRelease,
    root: root.folder,
    libraryFolders: family.libraries,
    known: (text) => offers.gives(text),
    tools: rootTools({
      root: root.folder,
      folder: workspace.folder,
      objcopy: plan.stages.at(-1)?.objcopy ?? "objcopy",
      path: plan.stages.at(-1)?.path ?? "/usr/bin",
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }),
    jobs: options.jobs,
    owner: ownersInside(),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onEvent: (event) => onEvent({ kind: "packaging", event }),
  });
}

function reportUnresolved(packaged: PackagingResult, onEvent: BuildOptions["onEvent"]): void {
  for (const { package: name, dependency, sources } of packaged.unresolved) {
    onEvent({ kind: "unresolved", package: name, dependency, files: sources.map((source) => source.path) });
  }
}

/** Manifests and the record of what the build was made with, or the comparison that was asked for. */
function finish(packaged: PackagingResult, tree: string, ground: Ground, options: BuildOptions): void {
  const { recipe, output } = options;
  writeBuildInfo(output, options, ground, tree);
  if (options.verify !== undefined) {
    verifyManifest(options.verify, recipe, packaged.packages);
    options.onEvent({ kind: "manifest", text: `agrees with ${options.verify}` });
    return;
  }
  const folder = options.manifests ?? output;
  mkdirSync(folder, { recursive: true });
  writeBuildManifests(folder, recipe, packaged.packages);
  options.onEvent({ kind: "manifest", text: `written to ${folder}` });
}
