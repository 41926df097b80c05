// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A whole build: plan, root, sources, phases in the root, packaging. Silent; it tells what it does by events. */
import { accessSync, constants, existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoCode, Failure } from "#base/errors";
import { familyOf } from "../macros/load";
import { packageTemplates } from "../macros/templates";
import { verifyManifest, writeBuildManifests } from "../package/manifest";
import { type PackagingResult, packageInstall } from "../package/package";
import { breakpointsOf } from "../phases/breakpoint";
import { findMissing, missingText } from "../phases/missing";
import { type PhaseContext, PhaseFailure, phaseName, runPhase } from "../phases/phase";
import { openShell } from "../phases/shell";
import { unpackInside } from "../phases/unpack-inside";
import { bindsOf, Workspace } from "../phases/workspace";
import { makePlan, type Plan, type PlannedStage } from "../plan/plan";
import { openCollections } from "../root/collections";
import type { BuildRoot } from "../root/kept";
import { makeRoot } from "../root/make";
import { type Offers, type ResolvedPackage, resolveRoot, rootFacts } from "../root/resolve";
import { fetchSources, type Source, shareSources, unpackSources } from "../upstreams/prepare";
import type { StepTime } from "./events";
import { refuseForeign, refuseForeignMachine } from "./foreign";
import { writeBuildInfo } from "./info";
import type { BuildOptions, Ground } from "./options";
import { ownersInside } from "./owners";
import { rootTools } from "./root-tools";

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

/** Builds a recipe. Throws coded failures of every step; then the build's folders stay, for a look or for `--from`. */
export async function build(options: BuildOptions): Promise<BuildResult> {
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
  if (options.from !== undefined && !workspace.begun) workspace.readRecord(recipe);
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
  if (options.from === undefined) workspace.reset();
  else workspace.prepare();
  workspace.writeRecord({ root: root.folder, recipe: options.recipePath });
  shareSources(sources, workspace.sources);
  if (recipe.options.networking) onEvent({ kind: "network" });
  try {
    await runStages(ground, root, workspace, sources, options, watch);
  } catch (error) {
    throw explained(error, offers);
  }
  const packaged = await packageAll(ground, root, workspace, options);
  watch.lap("package");
  reportUnresolved(packaged, onEvent);
  finish(packaged, root.tree, ground, options);
  if (!options.keep) workspace.clean();
  return {
    packages: packaged.packages,
    unresolved: packaged.unresolved,
    times: watch.times,
    root: packages,
    plan,
    logs: workspace.logs,
  };
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

/** What all phases of a build share. */
export function contextOf(plan: Plan, root: BuildRoot, workspace: Workspace, options: BuildOptions): PhaseContext {
  const caches = options.compilerCache ? join(options.cache, "compilers") : undefined;
  return {
    recipe: options.recipe,
    workspace,
    root: root.folder,
    binds: bindsOf(workspace, plan, dirname(options.recipePath), caches),
    terminal: options.terminal,
    onOutput: (chunk) => options.onEvent({ kind: "output", chunk }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    ...(options.memory === undefined ? {} : { memory: options.memory }),
    ...(options.processes === undefined ? {} : { processes: options.processes }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}

async function runStages(
  ground: Ground,
  root: BuildRoot,
  workspace: Workspace,
  sources: readonly Source[],
  options: BuildOptions,
  watch: StepWatch,
): Promise<void> {
  const { plan } = ground;
  const { onEvent, from } = options;
  const context = contextOf(plan, root, workspace, options);
  // Only the last stage can be gone on with: those before it have done their work.
  const stages = from === undefined ? plan.stages : plan.stages.slice(-1);
  for (const stage of stages) {
    if (from === undefined) {
      onEvent({ kind: "prepare", target: stage.target, stage: stage.stage });
      await prepareStage(stage, context, sources, options.sources.offline);
      watch.lap(phaseName(stage, "prepare"));
    }
    const begin = from === undefined ? 0 : stage.phases.findIndex((planned) => planned.phase === from);
    if (begin < 0) {
      throw new Failure("usage", `Cannot go on from "${from}": the recipe has no such phase for ${stage.target}`);
    }
    // What an earlier attempt installed must not be mistaken for this one's.
    if (from !== undefined && from !== "check") {
      rmSync(workspace.install, { recursive: true, force: true });
      mkdirSync(workspace.install, { mode: 0o755 });
    }
    for (const planned of stage.phases.slice(begin)) {
      const name = phaseName(stage, planned.phase);
      const log = join(workspace.logs, `${name}.log`);
      onEvent({ kind: "phase", target: stage.target, stage: stage.stage, phase: planned.phase, log });
      const lines = breakpointsOf(planned.lines);
      if (lines.length > 0) onEvent({ kind: "breakpoints", lines, opens: options.terminal });
      const { wallMs, cpuMs } = await runPhase(stage, planned, context).catch(async (error: unknown) => {
        if (options.shell && error instanceof PhaseFailure) {
          onEvent({ kind: "shell", phase: planned.phase, message: error.message });
          await openShell(stage, context);
        }
        throw error;
      });
      onEvent({ kind: "done", phase: planned.phase, wallMs, cpuMs });
      watch.lap(name);
    }
  }
}

/** Fresh sources for a stage; what profiles recorded in the stage before stays. */
async function prepareStage(
  stage: PlannedStage,
  context: PhaseContext,
  sources: readonly Source[],
  offline: boolean,
): Promise<void> {
  const { workspace } = context;
  const folder = workspace.place(stage.buildFolder);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o755 });
  workspace.place(stage.pgoFolder);
  await unpackSources(sources, folder, offline, (upstream) => unpackInside(stage, upstream, context));
}

/** A failed phase with what it was missing, where its last lines say so. */
function explained(error: unknown, offers: Offers): unknown {
  if (!(error instanceof PhaseFailure)) return error;
  const missing = missingText(findMissing(error.lastLines, offers, error.heard));
  if (missing === "") return error;
  return new Failure(error.code, error.message, { hint: `${missing}\n${error.hint ?? ""}`.trimEnd() });
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
  writeBuildManifests(output, recipe, packaged.packages);
  options.onEvent({ kind: "manifest", text: `written to ${output}` });
}

class StepWatch {
  readonly times: StepTime[] = [];
  #last = performance.now();

  lap(name: string): void {
    const now = performance.now();
    this.times.push({ name, ms: now - this.#last });
    this.#last = now;
  }
}
