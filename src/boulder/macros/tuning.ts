// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * From the tuning list of a recipe to the flags of each language: groups are switched, each gives flags, each flag gives
 * texts by language and toolchain. The texts of a language are made unique and sorted, so that the order in which a
 * recipe names groups never changes a build.
 */
import { nearest } from "#base/nearest";
import { uniqueSorted } from "#base/order";
import type { Problem } from "#formats/yaml";
import type { Toolchain, TuningEntry } from "../recipe/model";
import { type Flag, LANGUAGES, type Language, type MacroSet, type Need } from "./model";

export type Stage = "none" | "one" | "two" | "use";

/** Versions of the things that flags may need, as far as the root is known; an absent thing counts as new enough. */
export type RootFacts = ReadonlyMap<string, string>;

export interface TuningInput {
  readonly macros: MacroSet;
  readonly toolchain: Toolchain;
  readonly entries: readonly TuningEntry[];
  readonly stage: Stage;
  readonly samplePgo: boolean;
  readonly mold: boolean;
  readonly facts: RootFacts;
}

export interface TuningResult {
  /** Flags by language, with definitions not yet expanded. */
  readonly flags: Readonly<Record<Language, string>>;
  /** Groups that are on, with their choice, in the order of their names. */
  readonly groups: readonly { readonly group: string; readonly choice?: string }[];
  readonly problems: readonly Problem[];
}

type Switch = { readonly on: false } | { readonly on: true; readonly choice: string | undefined };

/** Resolves the tuning of one stage. Unknown groups and choices, and flags the root is too old for, become problems. */
export function resolveTuning(input: TuningInput): TuningResult {
  const problems: Problem[] = [];
  const switches = switchGroups(input, problems);
  const flags = new Map<string, Flag>();
  const groups: { group: string; choice?: string }[] = [];
  for (const id of input.macros.always) {
    const flag = usable(input, id, problems);
    if (flag !== undefined) flags.set(flag.id, flag);
  }
  for (const [id, state] of [...switches].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const group = input.macros.tuning.get(id);
    if (group === undefined) continue;
    const choice = state.on ? (state.choice ?? group.fallback) : undefined;
    const option = choice === undefined ? undefined : group.options.get(choice);
    for (const flagId of state.on ? (option ?? group).enabled : group.disabled) {
      const flag = usable(input, flagId, problems);
      if (flag !== undefined) flags.set(flag.id, flag);
    }
    if (state.on) groups.push({ group: id, ...(choice === undefined ? {} : { choice }) });
  }
  const texts = (language: Language) => {
    const found = [...flags.values()].flatMap((flag) => {
      const text = flag[input.toolchain][language] ?? flag.common[language] ?? "";
      return text.length > 1 ? [text] : [];
    });
    const mold = input.mold ? MOLD[language] : undefined;
    return [...uniqueSorted(found), ...(mold === undefined ? [] : [mold])].join(" ");
  };
  const all = Object.fromEntries(LANGUAGES.map((language) => [language, texts(language)])) as Record<Language, string>;
  return { flags: all, groups, problems };
}

const MOLD: Readonly<Partial<Record<Language, string>>> = {
  c: "-fuse-ld=mold",
  cxx: "-fuse-ld=mold",
  rust: "-C link-arg=-fuse-ld=mold",
};

const STAGE_GROUPS: Readonly<Record<Stage, string | undefined>> = {
  none: undefined,
  one: "pgostage1",
  two: "pgostage2",
  use: "pgouse",
};

function switchGroups(input: TuningInput, problems: Problem[]): Map<string, Switch> {
  const { macros, entries, stage, samplePgo } = input;
  const switches = new Map<string, Switch>([["architecture", { on: true, choice: undefined }]]);
  for (const entry of entries) {
    const group = macros.tuning.get(entry.group);
    if (group === undefined) {
      const near = nearest(entry.group, macros.tuning.keys());
      const known = `Groups: ${[...macros.tuning.keys()].join(", ")}.`;
      problems.push(problem(entry, `Unknown tuning group "${entry.group}"`, near ? `Did you mean "${near}"?` : known));
      continue;
    }
    if (typeof entry.value === "boolean") {
      switches.set(entry.group, entry.value ? { on: true, choice: undefined } : { on: false });
      continue;
    }
    const { choice } = entry.value;
    if (!group.options.has(choice)) {
      const known = [...group.options.keys()];
      const hint = known.length === 0 ? "It has no choices; write true or false." : `Choices: ${known.join(", ")}.`;
      problems.push(problem(entry, `The tuning group "${entry.group}" has no choice "${choice}"`, hint));
      continue;
    }
    switches.set(entry.group, { on: true, choice });
  }
  for (const id of macros.defaultGroups) {
    if (!switches.has(id)) switches.set(id, { on: true, choice: undefined });
  }
  const stageGroup = STAGE_GROUPS[stage];
  if (stageGroup !== undefined) switches.set(stageGroup, { on: true, choice: undefined });
  if (stage === "use" && samplePgo) switches.set("pgosample", { on: true, choice: undefined });
  return switches;
}

/** The flag of that name, or what takes its place where the root is too old for it; a warning says so. */
function usable(input: TuningInput, id: string, problems: Problem[]): Flag | undefined {
  const seen = new Set<string>();
  let current: string | undefined = id;
  while (current !== undefined && !seen.has(current)) {
    seen.add(current);
    const flag: Flag | undefined = input.macros.flags.get(current);
    if (flag === undefined) {
      problems.push(
        general("error", `Unknown flag "${current}" in the tuning of the macros`, "Define it under flags."),
      );
      return undefined;
    }
    const unmet = flag.needs.find((need) => !met(need, input));
    if (unmet === undefined) return flag;
    const found = input.facts.get(unmet.thing) ?? "";
    const instead = flag.otherwise === undefined ? "it is left out" : `"${flag.otherwise}" is used`;
    const message = `The root is too old for the flag "${current}": ${unmet.thing} is ${found}, expected ${unmet.least} or newer; ${instead}`;
    problems.push(general("warning", message, `Switch its tuning group off to say so yourself.`));
    current = flag.otherwise;
  }
  return undefined;
}

function met(need: Need, input: TuningInput): boolean {
  if (need.toolchain !== "all" && need.toolchain !== input.toolchain) return true;
  const found = input.facts.get(need.thing);
  return found === undefined || compareNumbers(found, need.least) >= 0;
}

/** Compares the leading numbers of two versions, after an epoch (`1:`): "1:14.0-55" is 14.0. */
export function compareNumbers(a: string, b: string): number {
  const numbers = (version: string) => (/^(?:\d+:)?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? "0").split(".").map(Number);
  const left = numbers(a);
  const right = numbers(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function problem(entry: TuningEntry, message: string, hint: string): Problem {
  const { group, value, place } = entry;
  // The line as people write it: an item of a list.
  const text = typeof value === "boolean" ? group : `${group}: ${value.choice}`;
  const source = `${"- ".padStart(place.column - 1)}${text}`;
  return { severity: "error", code: "macro.invalid", message, hint, place, width: text.length, source };
}

function general(severity: Problem["severity"], message: string, hint: string): Problem {
  const place = { file: "macros", line: 0, column: 0 };
  return { severity, code: "macro.invalid", message, hint, place, width: 1, source: "" };
}
