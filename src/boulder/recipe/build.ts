// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Scripts and build dependencies, the macros of a recipe, and its tuning list. */
import type { Node } from "yaml";
import type { Entry, YamlReader } from "#formats/yaml";
import { readArguments, readCases } from "./cases";
import { BUILD_KEYS, unknownKey } from "./keys";
import {
  type BuildDefinition,
  type Identity,
  PHASES,
  type RecipeAction,
  type RecipeDefinition,
  type Script,
  type ScriptPhase,
  type TuningEntry,
} from "./model";
import { readDependencies } from "./package";
import { onlyEntry } from "./upstream";

/** Reads the build keys among the fields given; other keys are left alone. */
export function readBuild(reader: YamlReader, fields: readonly Entry[], identity: Identity): BuildDefinition {
  const value = (key: string) => fields.find((field) => field.key === key)?.value;
  const scripts: Partial<Record<ScriptPhase, Script>> = {};
  for (const phase of PHASES) {
    const script = readScript(reader, value(phase), `"${phase}"`);
    if (script !== undefined) scripts[phase] = script;
  }
  const environment = readScript(reader, value("environment"), '"environment"');
  return {
    scripts,
    // An older generation of tools wrote this word for "nothing".
    ...(environment === undefined || environment.text.trim() === "(null)" ? {} : { environment }),
    builddeps: readDependencies(reader, value("builddeps"), '"builddeps"', identity),
    checkdeps: readDependencies(reader, value("checkdeps"), '"checkdeps"', identity),
  };
}

/** The build keys of a profile; unknown keys are warned of. */
export function readProfile(
  reader: YamlReader,
  target: string,
  node: Node | undefined,
  identity: Identity,
): BuildDefinition {
  const fields = node === undefined ? [] : (reader.entries(node, `The profile "${target}"`) ?? []);
  for (const field of fields) {
    if (!(BUILD_KEYS as readonly string[]).includes(field.key))
      unknownKey(reader, field, `the profile "${target}"`, BUILD_KEYS);
  }
  return readBuild(reader, fields, identity);
}

function readScript(reader: YamlReader, node: Node | undefined, what: string): Script | undefined {
  return node === undefined ? undefined : reader.block(node, what);
}

/** One item of `tuning`: `- group`, `- group: true|false` or `- group: choice`. */
export function readTuning(reader: YamlReader, item: Node): TuningEntry | undefined {
  const place = reader.place(item);
  if (!reader.isMapping(item)) {
    const group = reader.string(item, "An item of tuning");
    return group === undefined ? undefined : { group, value: true, place };
  }
  const entry = onlyEntry(reader, item, "An item of tuning");
  if (entry === undefined) return undefined;
  const { key: group, value: node } = entry;
  if (node === undefined) return { group, value: true, place };
  const text = reader.string(node, `The tuning of "${group}"`);
  if (text === undefined) return undefined;
  if (/^(true|True|TRUE)$/.test(text)) return { group, value: true, place };
  if (/^(false|False|FALSE)$/.test(text)) return { group, value: false, place };
  return { group, value: { choice: text }, place };
}

/** `macros: {actions: [...], definitions: [...]}`: what a recipe brings of its own, in the shape of the macro files. */
export function readMacros(
  reader: YamlReader,
  node: Node,
  identity: Identity,
): { actions: RecipeAction[]; definitions: RecipeDefinition[] } {
  const actions: RecipeAction[] = [];
  const definitions: RecipeDefinition[] = [];
  for (const field of reader.entries(node, '"macros"') ?? []) {
    if (field.value === undefined) continue;
    if (field.key === "actions") {
      for (const item of reader.items(field.value, '"actions"')) {
        const action = readAction(reader, item, identity);
        if (action !== undefined) actions.push(action);
      }
    } else if (field.key === "definitions") {
      for (const item of reader.items(field.value, '"definitions"')) {
        const entry = onlyEntry(reader, item, "A definition");
        if (entry === undefined || !isWord(reader, entry)) continue;
        const definition = readDefinition(reader, entry);
        if (definition !== undefined) definitions.push(definition);
      }
    } else {
      unknownKey(reader, field, '"macros"', ["actions", "definitions"]);
    }
  }
  return { actions, definitions };
}

const EMPTY: Script = { text: "", lines: [0], indent: 0 };
const ACTION_KEYS = ["description", "example", "command", "dependencies", "arguments", "cases"];

const DEFINITION_KEYS = ["value", "arguments", "cases"];

/** `- word: text`, or `- word:` with `value`, `arguments` and `cases`. */
function readDefinition(reader: YamlReader, entry: Entry): RecipeDefinition | undefined {
  const place = reader.place(entry.keyNode);
  if (!reader.isMapping(entry.value)) {
    const value = entry.value === undefined ? EMPTY : reader.block(entry.value, `The definition "${entry.key}"`);
    return value === undefined ? undefined : { id: entry.key, value, place };
  }
  const fields = reader.entries(entry.value, `The definition "${entry.key}"`) ?? [];
  for (const field of fields) {
    if (!DEFINITION_KEYS.includes(field.key)) unknownKey(reader, field, `"${entry.key}"`, DEFINITION_KEYS);
  }
  const node = (key: string) => fields.find((field) => field.key === key)?.value;
  const text = node("value");
  const value = text === undefined ? EMPTY : reader.block(text, '"value"');
  const taken = readArguments(reader, node("arguments"));
  const cases = readCases(reader, node("cases"), "value");
  return value === undefined ? undefined : { id: entry.key, value, arguments: taken, cases, place };
}

function readAction(reader: YamlReader, item: Node, identity: Identity): RecipeAction | undefined {
  const entry = onlyEntry(reader, item, "An action");
  if (entry === undefined || !isWord(reader, entry)) return undefined;
  const fields = reader.entries(entry.value, `The action "${entry.key}"`) ?? [];
  for (const field of fields) {
    if (!ACTION_KEYS.includes(field.key)) unknownKey(reader, field, `the action "${entry.key}"`, ACTION_KEYS);
  }
  const value = (key: string) => fields.find((field) => field.key === key)?.value;
  const commandNode = value("command");
  if (commandNode === undefined) {
    reader.error(entry.keyNode, `The action "${entry.key}" has no command`, "Add `command: |` and its lines.");
    return undefined;
  }
  const command = reader.block(commandNode, '"command"');
  const descriptionNode = value("description");
  const description = descriptionNode === undefined ? "" : reader.string(descriptionNode, '"description"');
  if (command === undefined || description === undefined) return undefined;
  const dependencies = readDependencies(reader, value("dependencies"), '"dependencies"', identity);
  const taken = readArguments(reader, value("arguments"));
  const cases = readCases(reader, value("cases"), "command");
  return {
    id: entry.key,
    description,
    command,
    arguments: taken,
    cases,
    dependencies,
    place: reader.place(entry.keyNode),
  };
}

function isWord(reader: YamlReader, entry: Entry): boolean {
  if (/^[A-Za-z0-9_]+$/.test(entry.key)) return true;
  reader.error(entry.keyNode, `"${entry.key}" cannot name a macro`, "Use letters, digits and underscores only.");
  return false;
}
