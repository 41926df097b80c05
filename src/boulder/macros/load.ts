// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The macro files of a data folder: `macros/arch/**.yaml`, `macros/actions/*.yaml`, `macros/families/*.yaml`. Folders
 * layer: a file of a later folder is read after those of earlier ones, so an admin changes one macro by a small file.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import { compareText } from "#base/order";
import { dataFolder } from "#sys/data";
import { keptFor } from "../cache/results";
import { parseFamily, parseMacroFile } from "./file";
import type { Family, MacroFile, MacroSet } from "./model";

export interface MacroLibrary {
  readonly folders: readonly string[];
  /** Architecture files by name: `base`, `tuning`, `x86_64`, `emul32/x86_64`. */
  readonly architectures: ReadonlyMap<string, readonly MacroFile[]>;
  readonly actions: readonly MacroFile[];
  readonly families: ReadonlyMap<string, Family>;
}

/** The data folders of boulder: the one given, or the shipped one with the admin's over it. */
export function dataFolders(given?: string): string[] {
  if (given !== undefined) return [given];
  const shipped = [dataFolder, join(dirname(process.execPath), "../share/boulder"), "/usr/share/boulder"].find(
    (folder) => existsSync(join(folder, "macros/arch/base.yaml")),
  );
  if (shipped === undefined) {
    throw new Failure("macro.invalid", "Cannot find the macros: no folder holds macros/arch/base.yaml", {
      hint: "Name the folder with --data-dir.",
    });
  }
  return [shipped, "/etc/boulder"].filter((folder) => existsSync(join(folder, "macros")));
}

/**
 * Reads all macro files of the folders, in the order of their names; `cache` is a folder to keep what was read in.
 * Throws `macro.invalid`.
 */
export function loadMacros(folders: readonly string[], cache?: string): MacroLibrary {
  const files = folders.flatMap((folder) =>
    (["arch", "actions", "families"] as const).flatMap((kind) =>
      yamlFiles(join(folder, "macros", kind)).map((file) => ({ kind, file })),
    ),
  );
  return keptFor(
    cache === undefined ? undefined : join(cache, "macros"),
    files.flatMap(({ file: [, path, text] }) => [path, text]),
    () => parseAll(folders, files),
  );
}

type YamlFile = readonly [name: string, file: string, text: string];

function parseAll(
  folders: readonly string[],
  files: readonly { readonly kind: "arch" | "actions" | "families"; readonly file: YamlFile }[],
): MacroLibrary {
  const architectures = new Map<string, MacroFile[]>();
  const actions: MacroFile[] = [];
  const families = new Map<string, Family>();
  for (const {
    kind,
    file: [name, file, text],
  } of files) {
    if (kind === "families") families.set(name, parseFamily(name, file, text));
    else if (kind === "actions") actions.push(parseMacroFile(file, text));
    else architectures.set(name, [...(architectures.get(name) ?? []), parseMacroFile(file, text)]);
  }
  return { folders, architectures, actions, families };
}

function yamlFiles(folder: string): YamlFile[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".yaml"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort(compareText);
  return files.map((file) => [relative(folder, file).slice(0, -5), file, readFileSync(file, "utf8")]);
}

/** The family of that name. Throws `macro.invalid` with the known ones. */
export function familyOf(library: MacroLibrary, id: string): Family {
  const family = library.families.get(id);
  if (family !== undefined) return family;
  const known = [...library.families.keys()];
  const hint = `Did you mean "${nearest(id, known) ?? known[0] ?? "serpent"}"?`;
  throw new Failure("macro.invalid", `Cannot use the family "${id}": unknown, expected one of ${known.join(", ")}`, {
    hint,
  });
}

/** The macro files of a target in the order in which they win, the last one most. */
export function filesOf(library: MacroLibrary, target: string): MacroFile[] {
  const own = library.architectures.get(target);
  if (own === undefined) {
    throw new Failure("macro.invalid", `Cannot build for "${target}": no macros for it`, {
      hint: `There are macros for ${[...library.architectures.keys()].join(", ")}.`,
    });
  }
  const shared = ["base", "tuning"].flatMap((name) => library.architectures.get(name) ?? []);
  return [...shared, ...own, ...library.actions];
}

/** The macros of a target over a family of roots. */
export function macrosFor(library: MacroLibrary, target: string, family: Family): MacroSet {
  const actions = new Map<string, MacroFile["actions"][number]>();
  const definitions = new Map<string, MacroFile["definitions"][number]>();
  const flags = new Map<string, MacroFile["flags"][number]>();
  const tuning = new Map<string, MacroFile["tuning"][number]>();
  let defaultGroups: readonly string[] = [];
  for (const file of filesOf(library, target)) {
    for (const item of file.actions) actions.set(item.id, item);
    for (const item of file.definitions) definitions.set(item.id, item);
    for (const item of file.flags) flags.set(item.id, item);
    for (const item of file.tuning) tuning.set(item.id, item);
    if (file.defaultGroups.length > 0) defaultGroups = file.defaultGroups;
  }
  const emulated = target.startsWith("emul32/");
  for (const item of family.definitions) {
    // A family says where the native libraries lie; the 32-bit pass keeps its own folders.
    if (!emulated || !definitions.has(item.id)) definitions.set(item.id, item);
  }
  for (const item of family.flags) flags.set(item.id, item);
  return { actions, definitions, flags, tuning, defaultGroups, always: family.flags.map((item) => item.id) };
}
