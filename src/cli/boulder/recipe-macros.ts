// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder recipe macros`: actions, definitions and tuning groups, or one of them whole. */
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import { familyOf, macrosFor } from "#boulder/macros/load";
import { hostArchitecture } from "#boulder/plan/targets";
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
    const { id, description, example, dependencies, command } = action;
    if (ui.json) ui.value({ id, description, example, dependencies, command: command.text });
    ui.say(`%${id}: ${description}`);
    if (example !== undefined) ui.say(`Example: ${example}`);
    if (dependencies.length > 0) ui.say(`Needs in the root: ${dependencies.join(", ")}`);
    ui.say(`\n${command.text.trimEnd()}`);
  } else if (definition !== undefined) {
    const { id, value } = definition;
    if (ui.json) ui.value({ id, value: value.text });
    ui.say(`%(${id}) is\n${value.text.trimEnd()}`);
  } else {
    const near = nearest(word, [...macros.actions.keys(), ...macros.definitions.keys()]);
    throw new Failure("macro.invalid", `Cannot show the macro "${name}": unknown, expected an action or a definition`, {
      hint: near === undefined ? "boulder recipe macros lists them all." : `Did you mean "${near}"?`,
    });
  }
}
