// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The cases of macros decided for one stage of a build: what comes out has none left. */
import type { MacroCase } from "../recipe/model";
import type { Action, Definition, MacroSet } from "./model";

/** Where a script will run: `when` of a case asks for these. */
export interface Situation {
  readonly target: string;
  readonly toolchain: string;
  readonly stage: string;
}

/** The macros as they are in a situation: of each macro's cases the first that holds, else its own text. */
export function chooseCases(macros: MacroSet, situation: Situation): MacroSet {
  const actions = [...macros.actions.values()].filter(({ cases }) => cases !== undefined);
  const definitions = [...macros.definitions.values()].filter(({ cases }) => cases !== undefined);
  if (actions.length === 0 && definitions.length === 0) return macros;
  return {
    ...macros,
    actions: new Map([...macros.actions, ...actions.map((one) => [one.id, chosenAction(one, situation)] as const)]),
    definitions: new Map([
      ...macros.definitions,
      ...definitions.map((one) => [one.id, chosenDefinition(one, situation)] as const),
    ]),
  };
}

function chosenAction({ cases = [], ...action }: Action, situation: Situation): Action {
  const found = cases.find((one) => holds(one, situation));
  if (found === undefined) return action;
  const more = found.dependencies.map(({ text }) => text);
  return { ...action, command: found.value, dependencies: [...action.dependencies, ...more] };
}

function chosenDefinition({ cases = [], ...definition }: Definition, situation: Situation): Definition {
  const found = cases.find((one) => holds(one, situation));
  return found === undefined ? definition : { ...definition, value: found.value };
}

function holds({ when }: MacroCase, { target, toolchain, stage }: Situation): boolean {
  return (
    (when.target?.some((pattern) => matches(pattern, target)) ?? true) &&
    (when.toolchain?.includes(toolchain) ?? true) &&
    (when.stage?.includes(stage) ?? true)
  );
}

/** A target, or the beginning of some with a star: `emul32/*`. */
function matches(pattern: string, target: string): boolean {
  return pattern.endsWith("*") ? target.startsWith(pattern.slice(0, -1)) : pattern === target;
}
