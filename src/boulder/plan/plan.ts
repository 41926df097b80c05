// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The plan of a build, made before anything is fetched or run: targets, stages, phases with their scripts, flags, and
 * the root with its reasons. It has no effects; what a build runs is exactly this value.
 */
import { Failure } from "#base/errors";
import type { Block } from "#formats/yaml";
import { formatProblem, type Problem } from "#formats/yaml";
import { chooseCases } from "../macros/choose";
import { expandScript, expandValue, type ImpliedDependency, type Scope, type ScriptLine } from "../macros/expand";
import { type MacroLibrary, macrosFor } from "../macros/load";
import type { Action, Definition, Family, Language, MacroSet } from "../macros/model";
import { type RootFacts, resolveTuning, type Stage, type TuningResult } from "../macros/tuning";
import type { Recipe, ScriptPhase } from "../recipe/model";
import { buildFolder, compilerNames, GUEST, pgoFolder, workFolder } from "./guest";
import { type RootDependency, rootDependencies } from "./root";
import {
  architectureOf,
  chosenTargets,
  environmentOf,
  hasWorkload,
  hostArchitecture,
  isEmulated,
  scriptOf,
  selectTargets,
} from "./targets";

export interface PlanOptions {
  readonly family: Family;
  readonly library: MacroLibrary;
  /** The architecture that all targets are for; the host's where left out. */
  readonly host?: string;
  /** Builds this target alone, such as `aarch64` or `emul32/x86_64`. */
  readonly target?: string;
  readonly jobs: number;
  /** Seconds since 1970 that outputs shall carry. */
  readonly sourceDateEpoch: number;
  readonly cache?: boolean;
  readonly noCheck?: boolean;
  /** Versions in the root, where it is resolved: flags that it is too old for are left out with a warning. */
  readonly facts?: RootFacts;
}

export interface PlannedPhase {
  readonly phase: ScriptPhase;
  readonly lines: readonly ScriptLine[];
}

export interface PlannedStage {
  readonly target: string;
  readonly stage: Stage;
  readonly buildFolder: string;
  readonly workFolder: string;
  readonly pgoFolder: string;
  readonly flags: Readonly<Record<Language, string>>;
  readonly tuning: TuningResult["groups"];
  readonly phases: readonly PlannedPhase[];
  /** What stands before the script of each phase: the environment of boulder and of the recipe. */
  readonly prelude: readonly ScriptLine[];
  /** PATH of its scripts, and the toolchain's program that splits and strips what they make. */
  readonly path: string;
  readonly objcopy: string;
}

export interface Plan {
  readonly recipe: Recipe;
  readonly family: string;
  readonly architecture: string;
  readonly targets: readonly string[];
  /** In the order in which they run. */
  readonly stages: readonly PlannedStage[];
  readonly root: readonly RootDependency[];
  readonly warnings: readonly Problem[];
}

/** All mistakes in scripts and tuning of a recipe. */
export class PlanFailure extends Failure {
  readonly problems: readonly Problem[];

  constructor(name: string, problems: readonly Problem[]) {
    const list = problems.map((problem) => `\n${formatProblem(problem)}`).join("");
    super("macro.invalid", `Cannot plan the build of "${name}":${list}`);
    this.problems = problems;
  }
}

/** Makes the plan of a recipe. Throws `macro.invalid` with every error of its scripts and tuning. */
export function makePlan(recipe: Recipe, options: PlanOptions): Plan {
  const { target } = options;
  const architecture = target === undefined ? (options.host ?? hostArchitecture()) : architectureOf(target);
  const targets = target === undefined ? selectTargets(recipe, architecture) : chosenTargets(recipe, target);
  const problems: Problem[] = [];
  const implied: ImpliedDependency[] = [];
  const stages = targets.flatMap((target) => {
    const macros = withOwn(macrosFor(options.library, target, options.family), recipe);
    return stagesOf(recipe, target).map((stage) =>
      planStage(recipe, target, stage, macros, options, problems, implied),
    );
  });
  const errors = distinct(problems.filter((problem) => problem.severity === "error"));
  if (errors.length > 0) {
    throw new PlanFailure(recipe.name, errors);
  }
  const root = rootDependencies({
    recipe,
    // Where one target was chosen, the root has the 32-bit side only for that.
    emul32: recipe.options.emul32 && (target === undefined || isEmulated(target)),
    family: options.family,
    implied,
    workload: targets.some((target) => hasWorkload(recipe, target)),
    cache: options.cache ?? false,
    noCheck: options.noCheck ?? false,
  });
  return {
    recipe,
    family: options.family.id,
    architecture,
    targets,
    stages,
    root,
    warnings: distinct(problems),
  };
}

/** The stages of a target: one, or those of profile-guided optimisation where there is a workload. */
function stagesOf(recipe: Recipe, target: string): Stage[] {
  if (!hasWorkload(recipe, target)) return ["none"];
  const second = recipe.options.cspgo && recipe.options.toolchain === "llvm";
  return second ? ["one", "two", "use"] : ["one", "use"];
}

const PHASES_OF: Readonly<Record<Stage, readonly ScriptPhase[]>> = {
  none: ["setup", "build", "install", "check"],
  one: ["setup", "build", "workload"],
  two: ["setup", "build", "workload"],
  use: ["setup", "build", "install", "check"],
};

function planStage(
  recipe: Recipe,
  target: string,
  stage: Stage,
  macros: MacroSet,
  options: PlanOptions,
  problems: Problem[],
  implied: ImpliedDependency[],
): PlannedStage {
  const tuning = resolveTuning({
    macros,
    toolchain: recipe.options.toolchain,
    entries: recipe.tuning,
    stage,
    samplePgo: recipe.options.samplepgo,
    mold: recipe.options.mold,
    facts: options.facts ?? new Map(),
  });
  problems.push(...tuning.problems);
  const chosen = chooseCases(macros, { target, toolchain: recipe.options.toolchain, stage });
  const scope: Scope = { macros: chosen, builtins: builtinsOf(recipe, target, stage, tuning, options) };
  const take = (block: Block, file: string | undefined): readonly ScriptLine[] => {
    const expanded = expandScript(block, scope, file);
    problems.push(...expanded.problems);
    implied.push(...expanded.dependencies);
    return expanded.lines;
  };
  const environment = environmentOf(recipe, target);
  const prelude = [...take(PREAMBLE, undefined), ...(environment === undefined ? [] : take(environment, recipe.file))];
  const phases = PHASES_OF[stage].flatMap((phase): PlannedPhase[] => {
    const body = scriptOf(recipe, target, phase);
    if (body === undefined || (phase === "check" && options.noCheck === true)) return [];
    const lines = [
      ...prelude,
      ...take(body, recipe.file),
      ...(phase === "workload" ? take(mergeOf(recipe, stage), undefined) : []),
    ];
    return [{ phase, lines }];
  });
  const expandedFlags = Object.entries(tuning.flags).map(([language, text]) => [
    language,
    expandValue(text, scope).text,
  ]);
  return {
    target,
    stage,
    buildFolder: buildFolder(target),
    workFolder: workFolder(recipe, target),
    pgoFolder: pgoFolder(target),
    flags: Object.fromEntries(expandedFlags) as Record<Language, string>,
    tuning: tuning.groups,
    phases,
    prelude,
    path: expandValue("%(path)", scope).text,
    objcopy: expandValue("%(objcopy)", scope).text,
  };
}

const PREAMBLE: Block = { text: "%scriptBase", lines: [], indent: 0 };

/** What turns recorded profiles into one that the next stage uses; gcc reads them as they are. */
function mergeOf(recipe: Recipe, stage: Stage): Block {
  const merge = recipe.options.toolchain === "llvm" ? (stage === "two" ? "%llvm_merge_s2" : "%llvm_merge_s1") : ":";
  return { text: merge, lines: [], indent: 0 };
}

const STAGE_NAMES: Readonly<Record<Stage, string>> = { none: "NONE", one: "ONE", two: "TWO", use: "USE" };

function builtinsOf(
  recipe: Recipe,
  target: string,
  stage: Stage,
  tuning: TuningResult,
  options: PlanOptions,
): Map<string, string> {
  const cached = (path: string) => (options.cache === true ? path : "");
  // The server of sccache listens on the loopback of the network that it has: with the machine's, any build and any user
  // would be served by it, or serve it.
  const served = (text: string) => (recipe.options.networking ? "" : cached(text));
  return new Map([
    ["name", recipe.name],
    ["version", recipe.version],
    ["release", String(recipe.release)],
    ["jobs", String(options.jobs)],
    ["pkgdir", GUEST.package],
    ["sourcedir", GUEST.sources],
    ["installroot", GUEST.install],
    ["buildroot", buildFolder(target)],
    ["workdir", workFolder(recipe, target)],
    ["sourcedateepoch", String(options.sourceDateEpoch)],
    ["pgo_stage", STAGE_NAMES[stage]],
    ["pgo_dir", pgoFolder(target)],
    ...compilerNames(recipe.options.toolchain, recipe.options.mold),
    ["compiler_path", options.cache === true ? `${GUEST.compilers}:/usr/bin:/usr/sbin` : "/usr/bin:/usr/sbin"],
    ["compiler_cache", cached(GUEST.ccache)],
    ["scompiler_cache", served(GUEST.sccache)],
    ["compiler_go_cache", cached(GUEST.gocache)],
    ["compiler_go_mod_cache", cached(GUEST.gomodcache)],
    ["compiler_cargo_cache", cached(GUEST.cargocache)],
    ["compiler_zig_cache", cached(GUEST.zigcache)],
    ["rustc_wrapper", served("sccache")],
    ["cflags", tuning.flags.c],
    ["cxxflags", tuning.flags.cxx],
    ["fflags", tuning.flags.f],
    ["ldflags", tuning.flags.ld],
    ["dflags", tuning.flags.d],
    ["rustflags", tuning.flags.rust],
    ["valaflags", tuning.flags.vala],
    ["goflags", tuning.flags.go],
  ]);
}

/** The macros with the recipe's own over them. */
function withOwn(macros: MacroSet, recipe: Recipe): MacroSet {
  if (recipe.actions.length === 0 && recipe.definitions.length === 0) return macros;
  const own: Action[] = recipe.actions.map((action) => ({
    ...action,
    dependencies: action.dependencies.map((item) => item.text),
  }));
  const values: readonly Definition[] = recipe.definitions;
  return {
    ...macros,
    actions: new Map([...macros.actions, ...own.map((item) => [item.id, item] as const)]),
    definitions: new Map([...macros.definitions, ...values.map((item) => [item.id, item] as const)]),
  };
}

/** Each problem once: stages and targets repeat them. */
function distinct(problems: readonly Problem[]): Problem[] {
  const seen = new Map(
    problems.map((problem) => [`${problem.place.line}:${problem.place.column}:${problem.message}`, problem]),
  );
  return [...seen.values()];
}
