// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Arguments and cases of macros, in recipes and in macro files: what both read in the same way. */
import type { Node } from "yaml";
import { describeError } from "#base/errors";
import { nearest } from "#base/nearest";
import type { Located, YamlReader } from "#formats/yaml";
import { parseCapability } from "#model/dependency";
import type { MacroArgument, MacroCase, MacroCondition } from "./model";
import { onlyEntry } from "./upstream";

const TOOLCHAINS = ["gnu", "llvm"];
const STAGES = ["none", "one", "two", "use"];

/** `arguments:` of a macro: `- word`, or `- word: text` with what it is where a call leaves it out. */
export function readArguments(reader: YamlReader, node: Node | undefined): MacroArgument[] {
  if (node === undefined) return [];
  const found: MacroArgument[] = [];
  for (const item of reader.items(node, '"arguments"')) {
    const argument = readArgument(reader, item);
    if (argument === undefined) continue;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(argument.id)) {
      const hint = "Use letters, digits and underscores, a letter first.";
      reader.error(item, `"${argument.id}" cannot name an argument`, hint);
    } else if (found.some(({ id }) => id === argument.id)) {
      reader.error(item, `The argument "${argument.id}" is there twice`);
    } else if (argument.fallback === undefined && found.some(({ fallback }) => fallback !== undefined)) {
      const hint = "Put it before those, or give it a text too.";
      reader.error(item, `The argument "${argument.id}" must be given, but stands behind one that need not`, hint);
    } else found.push(argument);
  }
  return found;
}

function readArgument(reader: YamlReader, item: Node): MacroArgument | undefined {
  if (!reader.isMapping(item)) {
    const id = reader.string(item, "An argument");
    return id === undefined ? undefined : { id };
  }
  const entry = onlyEntry(reader, item, "An argument");
  if (entry === undefined) return undefined;
  if (entry.value === undefined) return { id: entry.key, fallback: "" };
  const fallback = reader.string(entry.value, `What the argument "${entry.key}" is`);
  return fallback === undefined ? undefined : { id: entry.key, fallback };
}

/**
 * `cases:` of a macro, each with `when:` and a text under `key`, which is `command` or `value`. The first that holds
 * takes the place of the macro's own text.
 */
export function readCases(reader: YamlReader, node: Node | undefined, key: "command" | "value"): MacroCase[] {
  if (node === undefined) return [];
  const keys = key === "command" ? ["when", key, "dependencies"] : ["when", key];
  return reader.items(node, '"cases"').flatMap((item): MacroCase[] => {
    const fields = reader.entries(item, "A case") ?? [];
    known(reader, fields, keys);
    const value = (name: string) => fields.find((field) => field.key === name);
    const [when, text] = [value("when"), value(key)];
    if (when === undefined || text === undefined) {
      reader.error(item, `A case has no "${when === undefined ? "when" : key}"`, `A case has ${keys.join(", ")}.`);
      return [];
    }
    const condition = readCondition(reader, when.value);
    const body =
      text.value === undefined
        ? { text: "", lines: [reader.place(text.keyNode).line], indent: 0 }
        : reader.block(text.value, `"${key}"`);
    const dependencies = reader.locatedList(value("dependencies")?.value, '"dependencies"');
    for (const dependency of dependencies) checkDependency(reader, item, dependency);
    return body === undefined ? [] : [{ when: condition, value: body, dependencies }];
  });
}

function readCondition(reader: YamlReader, node: Node | undefined): MacroCondition {
  const fields = reader.entries(node, '"when"') ?? [];
  known(reader, fields, ["target", "toolchain", "stage"]);
  if (node !== undefined && fields.length === 0)
    reader.error(node, '"when" says nothing', "Name a target, toolchain or stage.");
  const words = (key: string, allowed?: readonly string[]) => {
    const field = fields.find((one) => one.key === key);
    if (field === undefined) return {};
    const found = reader.locatedList(field.value, `"${key}"`).map(({ text }) => text);
    for (const word of found) {
      if (allowed !== undefined && !allowed.includes(word)) {
        reader.error(field.value, `"${word}" is no ${key}`, `Write one of ${allowed.join(", ")}.`);
      }
    }
    if (found.length === 0) reader.error(field.keyNode, `"${key}" names nothing`, "Name one, or leave the key out.");
    return { [key]: found };
  };
  return { ...words("target"), ...words("toolchain", TOOLCHAINS), ...words("stage", STAGES) };
}

/** A slip in a condition would choose silently, so unknown keys are errors here. */
function known(reader: YamlReader, fields: readonly { key: string; keyNode: Node }[], keys: readonly string[]): void {
  for (const { key, keyNode } of fields) {
    if (keys.includes(key)) continue;
    const near = nearest(key, keys);
    const hint = near === undefined ? `Keys here: ${keys.join(", ")}.` : `Did you mean "${near}"?`;
    reader.error(keyNode, `Unknown key "${key}"`, hint);
  }
}

function checkDependency(reader: YamlReader, item: Node, { text }: Located): void {
  try {
    parseCapability(text);
  } catch (error) {
    reader.error(item, describeError(error), "Write kind(name), such as pkgconfig(zlib), or a bare package name.");
  }
}
