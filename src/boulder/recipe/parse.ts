// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A recipe's text into a `Recipe`, with all its problems at once. */
import type { Node } from "yaml";
import { type Entry, type Located, type Problem, YamlReader } from "#formats/yaml";
import { readBuild, readMacros, readProfile, readTuning } from "./build";
import { TOP_KEYS, unknownKey } from "./keys";
import type {
  Identity,
  PackageDefinition,
  ProfileDefinition,
  Recipe,
  RecipeOptions,
  SyntaxLevel,
  Toolchain,
  TuningEntry,
  Upstream,
} from "./model";
import { expand, readPackage, readSubpackage } from "./package";
import { onlyEntry, readUpstream } from "./upstream";

export interface ParsedRecipe {
  /** Undefined where a problem is an error. */
  readonly recipe: Recipe | undefined;
  /** In the order of the file. */
  readonly problems: readonly Problem[];
}

/** Parses a recipe. `file` only names it in messages. */
export function parseRecipe(file: string, text: string): ParsedRecipe {
  const reader = new YamlReader(file, text, "recipe.invalid");
  const recipe = reader.ok ? readRecipe(reader) : undefined;
  const problems = reader.problems.toSorted(
    (a, b) => a.place.line - b.place.line || a.place.column - b.place.column || a.message.length - b.message.length,
  );
  return { recipe: reader.ok ? recipe : undefined, problems };
}

function readRecipe(reader: YamlReader): Recipe | undefined {
  const fields = reader.entries(reader.root, "The recipe");
  if (fields === undefined) return undefined;
  for (const field of fields) {
    if (!TOP_KEYS.includes(field.key)) unknownKey(reader, field, "the recipe", TOP_KEYS);
  }
  const value = (key: string) => fields.find((field) => field.key === key)?.value;
  const identity = readIdentity(reader, value);
  const homepageNode = required(reader, value, "homepage", "Add `homepage: https://...`.");
  required(reader, value, "license", "Add `license: <SPDX expression>`, such as MIT.");
  if (identity === undefined) return undefined;
  const syntax = readSyntax(reader, value("syntax"));
  const first = { file: reader.file, line: 1, column: 1 };
  const root = atLevel(readPackage(reader, identity.name, first, fields, identity), syntax);
  const packages = list(reader, value("packages"), '"packages"', (_, item) => subpackage(reader, item, identity));
  const macros = value("macros");
  const own = macros === undefined ? { actions: [], definitions: [] } : readMacros(reader, macros, identity);
  return {
    ...identity,
    file: reader.file,
    syntax,
    homepage: homepageNode === undefined ? "" : readHomepage(reader, homepageNode),
    licenses: root.licenses ?? [],
    root,
    build: readBuild(reader, fields, identity),
    options: readOptions(reader, fields),
    upstreams: list(reader, value("upstreams"), '"upstreams"', (_, item) => readUpstream(reader, item, identity)),
    packages: packages.map((definition) => atLevel(definition, syntax)),
    profiles: list(reader, value("profiles"), '"profiles"', (_, item) => profile(reader, item, identity)),
    architectures: list(reader, value("architectures"), '"architectures"', architecture),
    tuning: list(reader, value("tuning"), '"tuning"', readTuning) satisfies TuningEntry[],
    actions: own.actions,
    definitions: own.definitions,
  } satisfies Recipe & { upstreams: Upstream[] };
}

/** Explicit, so that recipes which were written for the first level keep their meaning. */
function readSyntax(reader: YamlReader, node: Node | undefined): SyntaxLevel {
  return node !== undefined && reader.integer(node, '"syntax"', 1, 2) === 2 ? 2 : 1;
}

function atLevel(definition: PackageDefinition, level: SyntaxLevel): PackageDefinition {
  if (level === 1) return definition;
  return { ...definition, paths: definition.paths.map((rule) => ({ ...rule, level })) };
}

function readHomepage(reader: YamlReader, node: Node): string {
  const text = reader.string(node, '"homepage"') ?? "";
  if (!/^(?:https?|ftp|git):\/\/[^/\s]/.test(text)) {
    reader.warn(node, `The homepage "${text}" is no address`, "Write the whole address, such as https://example.org/.");
  }
  return text;
}

type Lookup = (key: string) => Node | undefined;

function list<T>(
  reader: YamlReader,
  node: Node | undefined,
  what: string,
  read: (reader: YamlReader, item: Node) => T | undefined,
): T[] {
  return node === undefined ? [] : reader.items(node, what).flatMap((item) => read(reader, item) ?? []);
}

function required(reader: YamlReader, value: Lookup, key: string, hint: string): Node | undefined {
  const node = value(key);
  if (node === undefined) reader.error(undefined, `The recipe has no "${key}"`, hint);
  return node;
}

function readIdentity(reader: YamlReader, value: Lookup): Identity | undefined {
  const nameNode = required(reader, value, "name", "Add `name: <word>`.");
  const versionNode = required(reader, value, "version", 'Add `version: "1.0"`.');
  const releaseNode = required(reader, value, "release", "Add `release: 1`, and raise it with each change.");
  if (nameNode === undefined || versionNode === undefined || releaseNode === undefined) return undefined;
  const name = reader.string(nameNode, '"name"');
  const version = reader.string(versionNode, '"version"');
  const release = reader.integer(releaseNode, '"release"', 1, Number.MAX_SAFE_INTEGER);
  if (name !== undefined && !/^[A-Za-z0-9][A-Za-z0-9+._-]{0,127}$/.test(name)) {
    const hint = "Use letters, digits and + . _ - only.";
    reader.error(nameNode, `"${name}" cannot name a package`, hint);
    return undefined;
  }
  if (version !== undefined && !/^[A-Za-z0-9][^\s/\0]{0,127}$/.test(version)) {
    reader.error(versionNode, `"${version}" is no version`, "Begin with a digit; no blanks or slashes.");
    return undefined;
  }
  if (name === undefined || version === undefined || release === undefined) return undefined;
  if (!/^[0-9]/.test(version)) {
    const hint = "Begin it with a digit, so that tools can compare versions.";
    reader.warn(versionNode, `The version "${version}" does not begin with a digit`, hint);
  }
  if (reader.isPlainNumber(versionNode)) {
    const hint = `Write version: "${version}".`;
    reader.warn(versionNode, `The version ${version} is a bare number, which other tools may shorten`, hint);
  }
  return { name, version, release };
}

function subpackage(reader: YamlReader, item: Node, identity: Identity): PackageDefinition | undefined {
  const entry = onlyEntry(reader, item, "A package");
  if (entry === undefined) return undefined;
  const name = expand(reader, entry.keyNode, entry.key, identity);
  if (name === undefined) return undefined;
  if (!/^[A-Za-z0-9][A-Za-z0-9+._-]{0,127}$/.test(name)) {
    reader.error(entry.keyNode, `"${name}" cannot name a package`, "Use letters, digits and + . _ - only.");
    return undefined;
  }
  return readSubpackage(reader, name, reader.place(entry.keyNode), entry.value, identity);
}

function profile(reader: YamlReader, item: Node, identity: Identity): ProfileDefinition | undefined {
  const entry = onlyEntry(reader, item, "A profile");
  if (entry === undefined) return undefined;
  const build = readProfile(reader, entry.key, entry.value, identity);
  return { target: entry.key, place: reader.place(entry.keyNode), build };
}

function architecture(reader: YamlReader, item: Node): Located | undefined {
  return reader.located(item, "An architecture");
}

function readOptions(reader: YamlReader, fields: readonly Entry[]): RecipeOptions {
  const flag = (key: string, otherwise: boolean) => {
    const node = fields.find((field) => field.key === key)?.value;
    return node === undefined ? otherwise : (reader.boolean(node, `"${key}"`) ?? otherwise);
  };
  return {
    toolchain: readToolchain(reader, fields.find((field) => field.key === "toolchain")?.value),
    cspgo: flag("cspgo", false),
    samplepgo: flag("samplepgo", false),
    debug: flag("debug", true),
    strip: flag("strip", true),
    networking: flag("networking", false),
    compressman: flag("compressman", false),
    lastrip: flag("lastrip", true),
    emul32: flag("emul32", false),
    mold: flag("mold", false),
    buildrpath: flag("buildrpath", false),
  };
}

function readToolchain(reader: YamlReader, node: Node | undefined): Toolchain {
  const word = node === undefined ? "llvm" : reader.string(node, '"toolchain"');
  if (word === "llvm" || word === "gnu") return word;
  if (word !== undefined) reader.error(node, `The toolchain "${word}" is unknown`, "Write llvm or gnu.");
  return "llvm";
}
