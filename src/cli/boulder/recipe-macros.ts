// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder recipe macros`: actions, definitions and tuning groups, or one of them whole. */
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import { familyOf, macrosFor } from "#boulder/macros/load";
import type { FlagTexts } from "#boulder/macros/model";
import { hostArchitecture } from "#boulder/plan/targets";
import type { MacroArgument, MacroCase } from "#boulder/recipe/model";
import { macroLibrary } from "#cli/boulder/options";
import type { Invocation } from "#cli/spec";
import type { Ui } from "#cli/ui";

type Macros = ReturnType<typeof macrosFor>;

export function run({ operands: [name], options, ui }: Invocation): void {
  const library = macroLibrary(options);
  const family = familyOf(library, options.text("family") ?? "serpent");
  const macros = macrosFor(library, options.text("target") ?? hostArchitecture(), family);
  if (name === undefined) list(macros, ui);
  else show(macros, name, ui);
}

function byId<T extends { readonly id: string }>(items: Iterable<T>): T[] {
  return [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function list(macros: Macros, ui: Ui): void {
  const actions = byId(macros.actions.values());
  const definitions = byId(macros.definitions.values());
  const groups = byId(macros.tuning.values());
  if (ui.json) {
    ui.value({
      actions: actions.map(({ id, description, dependencies }) => ({ id, description, dependencies })),
      definitions: definitions.map(({ id, value }) => ({ id, value: value.text })),
      tuning: groups.map(({ id, options, fallback }) => ({ id, choices: [...options.keys()], fallback })),
    });
    return;
  }
  ui.print("Actions");
  for (const { id, description } of actions) ui.print(`  %${id}`.padEnd(34) + description);
  ui.print("\nDefinitions");
  for (const { id, value } of definitions) ui.print(`  %(${id})`.padEnd(34) + (value.text.trim().split("\n")[0] ?? ""));
  ui.print("\nTuning groups");
  for (const { id, options, fallback } of groups) {
    const choices = [...options.keys()].map((choice) => (choice === fallback ? `${choice} (default)` : choice));
    ui.print(`  ${id}${macros.defaultGroups.includes(id) ? " (on)" : ""}`.padEnd(34) + choices.join(", "));
  }
}

function show(macros: Macros, name: string, ui: Ui): void {
  const word = name.replace(/^%\(?|\)$/g, "");
  const action = macros.actions.get(word);
  const definition = macros.definitions.get(word);
  if (action !== undefined) {
    const { id, description, example, dependencies, command, arguments: taken = [], cases = [] } = action;
    if (ui.json) {
      const text = command.text;
      ui.value({ id, description, example, dependencies, command: text, arguments: taken, cases: cases.map(caseView) });
    }
    ui.say(`%${id}: ${description}`);
    if (example !== undefined) ui.say(`Example: ${example}`);
    if (dependencies.length > 0) ui.say(`Needs in the root: ${dependencies.join(", ")}`);
    sayArguments(taken, ui);
    ui.say(`\n${command.text.trimEnd()}`);
    sayCases(cases, ui);
  } else if (definition !== undefined) {
    const { id, value, arguments: taken = [], cases = [] } = definition;
    if (ui.json) ui.value({ id, value: value.text, arguments: taken, cases: cases.map(caseView) });
    sayArguments(taken, ui);
    ui.say(`%(${id}) is\n${value.text.trimEnd()}`);
    sayCases(cases, ui);
  } else if (macros.tuning.has(word)) {
    showTuning(macros, word, ui);
  } else {
    const near = nearest(word, [...macros.actions.keys(), ...macros.definitions.keys(), ...macros.tuning.keys()]);
    const expected = "an action, a definition or a tuning group";
    throw new Failure("macro.invalid", `Cannot show the macro "${name}": unknown, expected ${expected}`, {
      hint: near === undefined ? "boulder recipe macros lists them all." : `Did you mean "${near}"?`,
    });
  }
}

function caseView({ when, value, dependencies }: MacroCase): Readonly<Record<string, unknown>> {
  return { when, text: value.text, dependencies: dependencies.map(({ text }) => text) };
}

function sayArguments(taken: readonly MacroArgument[], ui: Ui): void {
  for (const { id, fallback } of taken) {
    ui.say(`Argument ${id}: ${fallback === undefined ? "must be given" : `"${fallback}" where left out`}`);
  }
}

function sayCases(cases: readonly MacroCase[], ui: Ui): void {
  for (const { when, value, dependencies } of cases) {
    const asked = Object.entries(when).map(([key, words]) => `${key} is ${[words].flat().join(" or ")}`);
    const needs = dependencies.length === 0 ? "" : `, with ${dependencies.map(({ text }) => text).join(", ")}`;
    ui.say(`\nWhere ${asked.join(" and ")}${needs}:\n${value.text.trimEnd()}`);
  }
}

/** A tuning group: what each way to write it in a recipe switches on, with the flags of both toolchains. */
function showTuning(macros: Macros, word: string, ui: Ui): void {
  const group = macros.tuning.get(word);
  if (group === undefined) return;
  const { fallback, options } = group;
  const ways = [
    ...(options.size === 0 ? [{ way: word, flags: group.enabled }] : []),
    ...[...options].map(([choice, option]) => ({ way: `${word}: ${choice}`, flags: option.enabled })),
    { way: `${word}: false`, flags: group.disabled },
  ];
  const on = macros.defaultGroups.includes(word);
  if (ui.json) {
    ui.value({ id: word, on, fallback, ways: ways.map(({ way, flags }) => ({ way, flags: texts(macros, flags) })) });
    return;
  }
  const standing = fallback === undefined ? "" : `, as ${fallback} where nothing is said`;
  ui.say(`${word}: tuning group, ${on ? "on" : "off"}${standing}`);
  for (const { way, flags } of ways) {
    ui.say(`\n- ${way}`);
    const rows = texts(macros, flags);
    if (rows.length === 0) ui.say("    nothing");
    for (const { toolchain, language, text } of rows) ui.say(`    ${`${toolchain} ${language}`.padEnd(12)}${text}`);
  }
}

/** What flags are in each language; `both` where the toolchains agree. */
function texts(macros: Macros, ids: readonly string[]): { toolchain: string; language: string; text: string }[] {
  return ids.flatMap((id) => {
    const flag = macros.flags.get(id);
    if (flag === undefined) return [];
    const row = (toolchain: string, found: FlagTexts) =>
      Object.entries(found).flatMap(([language, text]) => (text === "" ? [] : [{ toolchain, language, text }]));
    return [...row("both", flag.common), ...row("gnu", flag.gnu), ...row("llvm", flag.llvm)];
  });
}
