// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Macro files and family files, from YAML into types. A mistake in them is an error: they are ours or the admin's. */
import type { Node } from "yaml";
import { Failure } from "#base/errors";
import { type Entry, formatProblem, YamlReader } from "#formats/yaml";
import { readArguments, readCases } from "../recipe/cases";
import type { PackageDefinition } from "../recipe/model";
import { readSubpackage } from "../recipe/package";
import type { Action, Definition, Family, Flag, FlagTexts, MacroFile, Need, TuningGroup, TuningOption } from "./model";
import { LANGUAGES } from "./model";

const FILE_KEYS = ["actions", "definitions", "flags", "tuning", "defaultTuningGroups", "packages"];

/** Parses a macro file. Throws `macro.invalid` with all of its problems. */
export function parseMacroFile(file: string, text: string): MacroFile {
  const reader = new YamlReader(file, text, "macro.invalid");
  const fields = reader.root === undefined ? [] : (reader.entries(reader.root, "The macro file") ?? []);
  only(reader, fields, FILE_KEYS);
  const parsed: MacroFile = {
    actions: named(reader, fields, "actions", readAction),
    definitions: named(reader, fields, "definitions", readDefinition),
    flags: named(reader, fields, "flags", readFlag),
    tuning: named(reader, fields, "tuning", readGroup),
    defaultGroups: words(reader, valueOf(fields, "defaultTuningGroups")),
    packages: named(reader, fields, "packages", readTemplate),
  };
  refuse(reader);
  return parsed;
}

const FAMILY_KEYS = [
  "description",
  "base",
  "toolchains",
  "workload",
  "emul32",
  "mold",
  "cache",
  "libc",
  "libraries",
  "names",
  "definitions",
  "flags",
];

/** Parses a family file. Throws `macro.invalid` with all of its problems. */
export function parseFamily(id: string, file: string, text: string): Family {
  const reader = new YamlReader(file, text, "macro.invalid");
  const fields = reader.entries(reader.root, "The family file") ?? [];
  only(reader, fields, FAMILY_KEYS);
  const list = (key: string) => words(reader, valueOf(fields, key));
  const lists = (key: string) =>
    new Map(named(reader, fields, key, (_, entry) => [entry.key, words(reader, entry.value)] as const));
  const eachToolchain = (key: string) => {
    const given = lists(key);
    return { gnu: given.get("gnu") ?? [], llvm: given.get("llvm") ?? [] };
  };
  const description = valueOf(fields, "description");
  const family: Family = {
    id,
    description: description === undefined ? "" : (reader.string(description, '"description"') ?? ""),
    base: list("base"),
    toolchains: eachToolchain("toolchains"),
    workload: eachToolchain("workload"),
    emul32: { ...eachToolchain("emul32"), all: lists("emul32").get("all") ?? [] },
    mold: list("mold"),
    cache: list("cache"),
    libc: list("libc"),
    libraries: list("libraries"),
    names: new Map(
      named(reader, fields, "names", (_, entry) => [entry.key, reader.string(entry.value, "A name") ?? ""] as const),
    ),
    definitions: named(reader, fields, "definitions", readDefinition),
    flags: named(reader, fields, "flags", readFlag),
  };
  refuse(reader);
  return family;
}

function refuse(reader: YamlReader): void {
  if (reader.problems.length === 0) return;
  const list = reader.problems.map((problem) => `\n${formatProblem(problem)}`).join("");
  throw new Failure("macro.invalid", `Cannot read the macros of "${reader.file}":${list}`);
}

function only(reader: YamlReader, fields: readonly Entry[], known: readonly string[]): void {
  for (const field of fields) {
    if (!known.includes(field.key)) {
      reader.error(field.keyNode, `Unknown key "${field.key}"`, `Keys here: ${known.join(", ")}.`);
    }
  }
}

function valueOf(fields: readonly Entry[], key: string): Node | undefined {
  return fields.find((field) => field.key === key)?.value;
}

/** A list of one-key mappings, `- id: value`. */
function named<T>(
  reader: YamlReader,
  fields: readonly Entry[],
  key: string,
  read: (reader: YamlReader, entry: Entry) => T | undefined,
): T[] {
  const node = valueOf(fields, key);
  if (node === undefined) return [];
  const found: T[] = [];
  for (const item of reader.items(node, `"${key}"`)) {
    const entries = reader.entries(item, `An item of "${key}"`) ?? [];
    if (entries.length !== 1) reader.error(item, `An item of "${key}" has ${entries.length} keys, expected one`);
    for (const entry of entries) {
      const value = read(reader, entry);
      if (value !== undefined) found.push(value);
    }
  }
  return found;
}

function words(reader: YamlReader, node: Node | undefined): string[] {
  return reader.locatedList(node, "a list of words").map((item) => item.text);
}

const EMPTY = { text: "", lines: [0], indent: 0 };

/** The key with its list, or nothing where the list is empty: most macros have none of these. */
function listed<K extends string, T>(key: K, items: readonly T[]): { readonly [P in K]?: readonly T[] } {
  return items.length === 0 ? {} : ({ [key]: items } as { readonly [P in K]?: readonly T[] });
}

function readAction(reader: YamlReader, entry: Entry): Action | undefined {
  const fields = reader.entries(entry.value, `The action "${entry.key}"`) ?? [];
  only(reader, fields, ["description", "example", "command", "dependencies", "arguments", "cases"]);
  const command = valueOf(fields, "command");
  const body = command === undefined ? undefined : reader.block(command, '"command"');
  const description = reader.string(valueOf(fields, "description"), `The description of "${entry.key}"`);
  const example = valueOf(fields, "example");
  const shown = example === undefined ? undefined : reader.string(example, '"example"');
  if (body === undefined || description === undefined) {
    reader.error(entry.keyNode, `The action "${entry.key}" needs a description and a command`);
    return undefined;
  }
  return {
    id: entry.key,
    description,
    ...(shown === undefined ? {} : { example: shown }),
    command: body,
    ...listed("arguments", readArguments(reader, valueOf(fields, "arguments"))),
    ...listed("cases", readCases(reader, valueOf(fields, "cases"), "command")),
    dependencies: words(reader, valueOf(fields, "dependencies")),
    place: reader.place(entry.keyNode),
  };
}

function readDefinition(reader: YamlReader, entry: Entry): Definition | undefined {
  const place = reader.place(entry.keyNode);
  if (entry.value === undefined) return { id: entry.key, value: { text: "", lines: [place.line], indent: 0 }, place };
  const fields = reader.isMapping(entry.value) ? (reader.entries(entry.value, "A definition") ?? []) : undefined;
  if (fields !== undefined) only(reader, fields, ["value", "arguments", "cases"]);
  const text = fields === undefined ? entry.value : valueOf(fields, "value");
  const value = text === undefined ? EMPTY : reader.block(text, `The definition "${entry.key}"`);
  if (value === undefined) return undefined;
  const taken = readArguments(reader, valueOf(fields ?? [], "arguments"));
  const cases = readCases(reader, valueOf(fields ?? [], "cases"), "value");
  return { id: entry.key, value, ...listed("arguments", taken), ...listed("cases", cases), place };
}

function readTexts(reader: YamlReader, fields: readonly Entry[]): FlagTexts {
  const texts: Partial<Record<(typeof LANGUAGES)[number], string>> = {};
  for (const language of LANGUAGES) {
    const node = valueOf(fields, language);
    const text = node === undefined ? undefined : reader.string(node, `"${language}"`);
    if (text !== undefined) texts[language] = text.trim();
  }
  return texts;
}

function readFlag(reader: YamlReader, entry: Entry): Flag {
  const fields = entry.value === undefined ? [] : (reader.entries(entry.value, `The flag "${entry.key}"`) ?? []);
  only(reader, fields, [...LANGUAGES, "gnu", "llvm", "needs", "otherwise"]);
  const column = (key: string) => {
    const node = valueOf(fields, key);
    if (node === undefined) return {};
    const inner = reader.entries(node, `"${key}"`) ?? [];
    only(reader, inner, LANGUAGES);
    return readTexts(reader, inner);
  };
  const otherwise = valueOf(fields, "otherwise");
  const other = otherwise === undefined ? undefined : reader.string(otherwise, '"otherwise"');
  return {
    id: entry.key,
    common: readTexts(reader, fields),
    gnu: column("gnu"),
    llvm: column("llvm"),
    needs: named(reader, fields, "needs", readNeeds).flat(),
    ...(other === undefined ? {} : { otherwise: other }),
    place: reader.place(entry.keyNode),
  };
}

function readNeeds(reader: YamlReader, entry: Entry): Need[] {
  const toolchain = entry.key;
  if (toolchain !== "gnu" && toolchain !== "llvm" && toolchain !== "all") {
    reader.error(entry.keyNode, `"${toolchain}" is no toolchain`, "Write gnu, llvm or all.");
    return [];
  }
  return (reader.entries(entry.value, '"needs"') ?? []).flatMap((need) => {
    const least = reader.string(need.value, `The version of "${need.key}"`);
    return least === undefined ? [] : { toolchain, thing: need.key, least };
  });
}

function readOption(reader: YamlReader, fields: readonly Entry[]): TuningOption {
  return { enabled: words(reader, valueOf(fields, "enabled")), disabled: words(reader, valueOf(fields, "disabled")) };
}

function readGroup(reader: YamlReader, entry: Entry): TuningGroup {
  const fields = reader.entries(entry.value, `The tuning group "${entry.key}"`) ?? [];
  only(reader, fields, ["enabled", "disabled", "options", "default"]);
  const options = named(reader, fields, "options", (_, option) => {
    const inner = reader.entries(option.value, `The choice "${option.key}"`) ?? [];
    only(reader, inner, ["enabled", "disabled"]);
    return [option.key, readOption(reader, inner)] as const;
  });
  const fallbackNode = valueOf(fields, "default");
  const fallback = fallbackNode === undefined ? undefined : reader.string(fallbackNode, '"default"');
  if (fallback !== undefined && !options.some(([id]) => id === fallback)) {
    reader.error(fallbackNode, `"${fallback}" is no choice of "${entry.key}"`);
  }
  return {
    id: entry.key,
    ...readOption(reader, fields),
    options: new Map(options),
    ...(fallback === undefined ? {} : { fallback }),
    place: reader.place(entry.keyNode),
  };
}

function readTemplate(reader: YamlReader, entry: Entry): PackageDefinition {
  return readSubpackage(reader, entry.key, reader.place(entry.keyNode), entry.value, "keep");
}
