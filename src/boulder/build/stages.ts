// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Runs the stages of a plan in a root: sources, then phase after phase, with what a failure was missing. */
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "#base/errors";
import { breakpointsOf } from "../phases/breakpoint";
import { findMissing, missingText } from "../phases/missing";
import { type PhaseContext, PhaseFailure, phaseName, runPhase } from "../phases/phase";
import { openShell } from "../phases/shell";
import { unpackInside } from "../phases/unpack-inside";
import { bindsOf, type Workspace } from "../phases/workspace";
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

/** Runs the phases that were asked for, in fresh folders of each stage, or in those that the last stage left. */
export async function runStages(
  plan: Plan,
  root: BuildRoot,
  workspace: Workspace,
  sources: readonly Source[],
  options: BuildOptions,
  watch: StepWatch,
  fresh: boolean,
): Promise<void> {
  const { onEvent } = options;
  const context = contextOf(plan, root, workspace, options);
  // Only the last stage can be gone on with: those before it have done their work.
  const stages = fresh ? plan.stages : plan.stages.slice(-1);
  for (const stage of stages) {
    if (fresh) {
      onEvent({ kind: "prepare", target: stage.target, stage: stage.stage });
      await prepareStage(stage, context, sources);
      watch.lap(phaseName(stage, "prepare"));
    }
    const phases = phasesOf(stage, options);
    // What an earlier attempt installed must not be mistaken for this one's.
    if (!fresh && phases.some(({ phase }) => phase === "install")) {
      rmSync(workspace.install, { recursive: true, force: true });
      mkdirSync(workspace.install, { mode: 0o755 });
    }
    for (const planned of phases) {
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

/** The phases of a stage that are to run. Throws `usage` where it has not the one that was named. */
function phasesOf(stage: PlannedStage, { from, only }: BuildOptions): readonly PlannedPhase[] {
  const named = from ?? only;
  if (named === undefined) return stage.phases;
  const begin = stage.phases.findIndex(({ phase }) => phase === named);
  if (begin < 0) {
    throw new Failure("usage", `Cannot run the phase "${named}": the recipe has no such phase for ${stage.target}`);
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
