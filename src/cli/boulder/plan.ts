// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

import type { ScriptLine } from "#boulder/macros/expand";
import type { Plan, PlannedStage } from "#boulder/plan/plan";
import type { RootReason } from "#boulder/plan/root";
/** `boulder plan`: what a build would do, without doing it. */
import { type PlanFlags, planOf, print, printJson } from "#cli/boulder/options";

export interface PlanVerbFlags extends PlanFlags {
  /** Only scripts of this phase, whole. */
  readonly phase?: string;
}

export async function planVerb(argument: string | undefined, flags: PlanVerbFlags): Promise<void> {
  const { plan } = await planOf(argument, flags);
  if (flags.json === true) printJson(planJson(plan));
  else if (flags.phase !== undefined) print(phaseText(plan, flags.phase));
  else print(planText(plan));
}

/** The plan as data; scripts as lines with their origin. */
export function planJson(plan: Plan): unknown {
  const { recipe, stages, root, targets, architecture, family } = plan;
  return {
    name: recipe.name,
    version: recipe.version,
    release: recipe.release,
    architecture,
    family,
    toolchain: recipe.options.toolchain,
    networking: recipe.options.networking,
    targets,
    root,
    upstreams: recipe.upstreams.map(({ place, ...upstream }) => ({ ...upstream, line: place.line })),
    stages,
  };
}

function reasonText(reason: RootReason): string {
  return reason.line === undefined ? reason.text : `${reason.text} (line ${reason.line})`;
}

function planText(plan: Plan): string {
  const { recipe } = plan;
  const rows = [
    `${recipe.name} ${recipe.version}-${recipe.release}, toolchain ${recipe.options.toolchain}, family ${plan.family}`,
  ];
  if (recipe.options.networking) rows.push("The recipe asks for the network in all phases.");
  rows.push("", `Root: ${plan.root.length} dependencies`);
  for (const { dependency, reasons } of plan.root) {
    rows.push(`  ${dependency.padEnd(30)} ${reasons.map(reasonText).join(", ")}`);
  }
  if (recipe.upstreams.length > 0) rows.push("", "Upstreams");
  for (const upstream of recipe.upstreams) {
    const what = upstream.kind === "git" ? `commit ${upstream.ref}` : `sha256 ${upstream.hash}`;
    rows.push(`  ${upstream.uri}`, `    ${what}`);
  }
  for (const stage of plan.stages) rows.push("", ...stageText(stage));
  return rows.join("\n");
}

function stageText(stage: PlannedStage): string[] {
  const rows = [`Target ${stage.target}${stage.stage === "none" ? "" : `, profile stage ${stage.stage}`}`];
  for (const [language, text] of Object.entries(stage.flags))
    if (text !== "") rows.push(`  ${language.padEnd(5)} ${text}`);
  for (const { phase, lines } of stage.phases) {
    rows.push("", `  ${phase}`);
    // The preamble is the same for all; --phase shows it.
    rows.push(...lines.filter((line) => line.line !== undefined).map((line) => `  ${lineText(line)}`));
  }
  return rows;
}

/** A script line behind the recipe line that it is from, and the macro that it came through. */
function lineText(line: ScriptLine): string {
  const number = line.line === undefined ? "" : String(line.line);
  const via = line.via[0] === undefined ? "" : `${line.via[0]} `;
  return `${number.padStart(5)} ${via.padEnd(18)}| ${line.text}`;
}

function phaseText(plan: Plan, phase: string): string {
  const rows: string[] = [];
  for (const stage of plan.stages) {
    for (const planned of stage.phases.filter((item) => item.phase === phase)) {
      rows.push(`# ${stage.target} ${stage.stage} ${phase}`, ...planned.lines.map((line) => line.text));
    }
  }
  return rows.join("\n");
}
