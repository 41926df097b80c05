// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Runs the stages of a plan in a root: sources, then phase after phase, with what a failure was missing. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "#base/errors";
import { breakpointsOf } from "../phases/breakpoint";
import { findMissing, missingText } from "../phases/missing";
import { type PhaseContext, PhaseFailure, phaseName, runPhase } from "../phases/phase";
import { openShell } from "../phases/shell";
import { unpackInside } from "../phases/unpack-inside";
import { bindsOf, type Workspace, type WorkspaceRecord } from "../phases/workspace";
import type { Plan, PlannedPhase, PlannedStage } from "../plan/plan";
import { phaseMemory } from "../profile/memory";
import type { BuildRoot } from "../root/kept";
import type { Offers } from "../root/resolve";
import { type Source, unpackSources } from "../upstreams/prepare";
import type { BuildOptions } from "./options";
import type { StepWatch } from "./step-watch";

/** What all phases of a build share. */
export function contextOf(plan: Plan, root: BuildRoot, workspace: Workspace, options: BuildOptions): PhaseContext {
  const memory = options.memory ?? phaseMemory(options.profile.memory);
  const caches = options.compilerCache ? join(options.cache, "compilers") : undefined;
  return {
    recipe: options.recipe,
    workspace,
    root: root.folder,
    binds: bindsOf(workspace, plan, dirname(options.recipePath), caches),
    terminal: options.terminal,
    onOutput: (chunk) => options.onEvent({ kind: "output", chunk }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    ...(memory === undefined ? {} : { memory }),
    ...(options.processes === undefined ? {} : { processes: options.processes }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}

/**
 * Does a build unpack its sources, or go on in the folders of an earlier one? One phase alone can be the beginning, where
 * nothing comes before it. Throws `build.failed` where an earlier build is needed and was not begun.
 */
export function beginsAnew(plan: Plan, workspace: Workspace, { recipe, from, only }: BuildOptions): boolean {
  if (from === undefined && only === undefined) return true;
  if (workspace.begun) return false;
  if (from === undefined && plan.stages.length === 1 && plan.stages[0]?.phases[0]?.phase === only) return true;
  workspace.readRecord(recipe);
  return false;
}

/** Where a build begins: anew, or where the record says that an earlier one has come to. */
interface Start {
  readonly fresh: boolean;
  readonly record: WorkspaceRecord;
}

/**
 * Runs the phases that were asked for. A build that goes on does so in the stage that the earlier one had come to, in its folders;
 * stages before it have done their work, and those behind it run whole.
 */
export async function runStages(
  plan: Plan,
  root: BuildRoot,
  workspace: Workspace,
  sources: readonly Source[],
  options: BuildOptions,
  watch: StepWatch,
  { fresh, record }: Start,
): Promise<void> {
  const { onEvent, from, only } = options;
  const context = contextOf(plan, root, workspace, options);
  const first = fresh ? 0 : reachedStage(plan, record);
  const alone = from === undefined && only !== undefined;
  for (const [i, stage] of plan.stages.entries()) {
    if (i < first || (alone && i > first)) continue;
    const goesOn = !fresh && i === first;
    const phases = i === first ? phasesOf(stage, options) : stage.phases;
    const { target } = stage;
    workspace.writeRecord({ ...record, reached: { target, stage: stage.stage } });
    if (!goesOn) {
      onEvent({ kind: "prepare", target, stage: stage.stage });
      await prepareStage(stage, context, sources);
      watch.lap(phaseName(stage, "prepare"));
    }
    if (goesOn && phases.some(({ phase }) => phase === "install")) {
      await installAgain(plan.stages.slice(0, first), context, options, watch);
    }
    for (const planned of phases) await runOne(stage, planned, context, options, watch);
  }
}

/** The place in the plan of the stage that an earlier build had come to; the last one where the plan has it no more. */
function reachedStage(plan: Plan, { reached }: WorkspaceRecord): number {
  const at = plan.stages.findIndex(({ target, stage }) => target === reached?.target && stage === reached.stage);
  return at < 0 ? plan.stages.length - 1 : at;
}

/**
 * Empties the install folder, as what an earlier attempt installed must not be mistaken for this one's, and has the targets
 * before this one install theirs again: all share the folder.
 */
async function installAgain(
  earlier: readonly PlannedStage[],
  context: PhaseContext,
  options: BuildOptions,
  watch: StepWatch,
): Promise<void> {
  const { workspace, recipe } = context;
  rmSync(workspace.install, { recursive: true, force: true });
  mkdirSync(workspace.install, { mode: 0o755 });
  for (const stage of earlier) {
    const install = stage.phases.find(({ phase }) => phase === "install");
    if (install === undefined) continue;
    if (!existsSync(join(workspace.build, stage.target))) {
      throw new Failure("build.failed", `Cannot go on with "${recipe.name}": it was not built for ${stage.target}`, {
        hint: "Build it once without --target, or go on with the --target that was built.",
      });
    }
    await runOne(stage, install, context, options, watch);
  }
}

async function runOne(
  stage: PlannedStage,
  planned: PlannedPhase,
  context: PhaseContext,
  { onEvent, terminal, shell }: BuildOptions,
  watch: StepWatch,
): Promise<void> {
  const name = phaseName(stage, planned.phase);
  const log = join(context.workspace.logs, `${name}.log`);
  onEvent({ kind: "phase", target: stage.target, stage: stage.stage, phase: planned.phase, log });
  const lines = breakpointsOf(planned.lines);
  if (lines.length > 0) onEvent({ kind: "breakpoints", lines, opens: terminal });
  const { wallMs, cpuMs } = await runPhase(stage, planned, context).catch(async (error: unknown) => {
    if (shell && error instanceof PhaseFailure) {
      onEvent({ kind: "shell", phase: planned.phase, message: error.message });
      await openShell(stage, context);
    }
    throw error;
  });
  onEvent({ kind: "done", phase: planned.phase, wallMs, cpuMs });
  watch.lap(name);
}

/** The phases of a stage that are to run. Throws `usage` where it has not the one that was named. */
function phasesOf(stage: PlannedStage, { from, only }: BuildOptions): readonly PlannedPhase[] {
  const named = from ?? only;
  if (named === undefined) return stage.phases;
  const begin = stage.phases.findIndex(({ phase }) => phase === named);
  if (begin < 0) {
    const which = stage.stage === "none" ? "" : ` in the stage "${stage.stage}", which the last build had come to`;
    const message = `Cannot run the phase "${named}": the recipe has no such phase for ${stage.target}${which}`;
    throw new Failure("usage", message, { hint: `It has ${stage.phases.map(({ phase }) => phase).join(", ")}.` });
  }
  return stage.phases.slice(begin, from === undefined ? begin + 1 : undefined);
}

/** Fresh sources for a stage; what profiles recorded in the stage before stays. */
async function prepareStage(stage: PlannedStage, context: PhaseContext, sources: readonly Source[]): Promise<void> {
  const { workspace } = context;
  const folder = workspace.place(stage.buildFolder);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o755 });
  workspace.place(stage.pgoFolder);
  await unpackSources(sources, folder, (upstream) => unpackInside(stage, upstream, context), context.signal);
}

/** A failed phase with what it was missing, where its last lines say so. */
export function explained(error: unknown, offers: Offers): unknown {
  if (!(error instanceof PhaseFailure)) return error;
  const missing = missingText(findMissing(error.lastLines, offers, error.heard, error.narrow));
  if (missing === "") return error;
  return new Failure(error.code, error.message, { hint: `${missing}\n${error.hint ?? ""}`.trimEnd() });
}
