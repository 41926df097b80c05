// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder plan`: what a build would do, without doing it. */
import { describeError, errnoCode, Failure } from "#base/errors";
import { groundOf } from "#boulder/build/build";
import type { ScriptLine } from "#boulder/macros/expand";
import { familyOf } from "#boulder/macros/load";
import { makePlan, type Plan, type PlannedStage } from "#boulder/plan/plan";
import type { RootReason } from "#boulder/plan/root";
import { loadRecipe } from "#boulder/recipe/load";
import type { ResolvedPackage } from "#boulder/root/resolve";
import { collectionOptions } from "#cli/boulder/known";
import { jobsOf, macroLibrary, profileOf, showProblems, sourceDateOf, withToolchain } from "#cli/boulder/options";
import type { Invocation } from "#cli/spec";
import { sha256Hex } from "#sys/sha256";

export async function run(invocation: Invocation): Promise<void> {
  const { options, ui } = invocation;
  const planned = await planOf(invocation);
  const { plan } = planned;
  showProblems(ui, plan.warnings);
  const phase = options.text("phase");
  if (ui.json) ui.value({ hash: hashOf(planned), ...planJson(plan), ...packagesJson(planned) });
  else ui.print(phase === undefined ? `${planText(plan)}\n${packagesText(planned)}` : phaseText(plan, phase));
}

interface Planned {
  readonly plan: Plan;
  /** The packages of the root, or why they cannot be told. */
  readonly packages: readonly ResolvedPackage[] | Failure;
}

/** Loads a recipe and plans its build: over the packages of the profile's collections where these can be had. */
async function planOf({ operands, options, ui }: Invocation): Promise<Planned> {
  const { recipe: written, path, warnings } = loadRecipe(operands[0]);
  showProblems(ui, warnings);
  const recipe = withToolchain(written, options);
  const library = macroLibrary(options);
  const jobs = jobsOf(options);
  const sourceDateEpoch = await sourceDateOf(path);
  const noCheck = options.flag("no-check");
  const compilerCache = options.flag("compiler-cache");
  const target = options.text("target");
  const asked = { library, jobs, sourceDateEpoch, noCheck, ...(target === undefined ? {} : { target }) };
  const alone = (id: string): Plan =>
    makePlan(recipe, { ...asked, family: familyOf(library, id), cache: compilerCache });
  const given = options.text("family");
  if (given !== undefined) {
    const reason = "Cannot tell the packages: --family names no collections, expected a profile";
    return { plan: alone(given), packages: new Failure("usage", reason) };
  }
  const profile = profileOf(options);
  const plan = alone(profile.family);
  try {
    const collections = await collectionOptions(options, false);
    return await groundOf({ ...asked, recipe, profile, compilerCache, collections });
  } catch (error) {
    if (error instanceof Failure) return { plan, packages: error };
    // Such as a cache that cannot be written to; a plan needs none.
    if (errnoCode(error) === undefined) throw error;
    return { plan, packages: new Failure("io", describeError(error)) };
  }
}

/** One hash for all that a build is made of: equal plans over equal packages give equal builds. */
function hashOf({ plan, packages }: Planned): string | null {
  if (packages instanceof Failure) return null;
  const { warnings: _, ...made } = plan;
  return sha256Hex(JSON.stringify([made, packages.map(({ offer }) => offer.id)]));
}

function packagesJson({ packages }: Planned): object {
  if (packages instanceof Failure) return { packages: null, unresolved: packages.message };
  return {
    packages: packages.map(({ offer, collection, asked, reason }) => {
      const { name, version, release } = offer.meta;
      return { name, version, release, collection, asked, reason };
    }),
  };
}

function packagesText({ packages }: Planned): string {
  if (packages instanceof Failure) return `\nPackages of the root are not known: ${packages.message}`;
  const rows = packages.map(({ offer, collection, reason }) => {
    const { name, version, release } = offer.meta;
    return `  ${`${name} ${version}-${release}`.padEnd(44)} ${collection.padEnd(14)} ${reason}`;
  });
  return ["", `Packages of the root: ${packages.length}`, ...rows].join("\n");
}

/** The plan as data; scripts as lines with their origin. */
function planJson(plan: Plan): object {
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
