// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The keys that describe a package: at the top of a recipe, in its `packages`, and in the templates of the macros. */
import type { Node } from "yaml";
import { describeError } from "#base/errors";
import type { Entry, Located, Place, YamlReader } from "#formats/yaml";
import { parseCapability } from "#model/dependency";
import { compilePattern } from "../package/pattern";
import { compileExpression } from "./expression";
import { expandIdentity } from "./identity";
import { SUBPACKAGE_KEYS, unknownKey } from "./keys";
import { licenseMistake } from "./license";
import type { Identity, PackageDefinition, PathRule, PathType } from "./model";

const PATH_TYPES: readonly string[] = ["any", "exe", "symlink", "special"] satisfies PathType[];

/** How texts of packages are expanded. Templates of the macros are kept as written until a recipe's name is known. */
export type Expansion = Identity | "keep";

/** Reads the fields of a subpackage; unknown keys are warned of. */
export function readSubpackage(
  reader: YamlReader,
  name: string,
  place: Place,
  node: Node | undefined,
  identity: Expansion,
): PackageDefinition {
  const fields = node === undefined ? [] : (reader.entries(node, `The package "${name}"`) ?? []);
  for (const field of fields) {
    if (!SUBPACKAGE_KEYS.includes(field.key)) unknownKey(reader, field, `the package "${name}"`, SUBPACKAGE_KEYS);
  }
  return readPackage(reader, name, place, fields, identity);
}

/** Reads the package keys among the fields given; other keys are left alone. */
export function readPackage(
  reader: YamlReader,
  name: string,
  place: Place,
  fields: readonly Entry[],
  identity: Expansion,
): PackageDefinition {
  const value = (key: string) => fields.find((field) => field.key === key)?.value;
  const text = (key: string) => {
    const node = value(key);
    if (node === undefined) return undefined;
    const found = reader.string(node, `"${key}"`);
    return found === undefined ? undefined : expand(reader, node, found, identity)?.trim();
  };
  const licenseNode = value("license");
  const emptyNode = value("empty");
  const fieldsOf = {
    summary: text("summary"),
    description: text("description"),
    homepage: text("homepage"),
    licenses: licenseNode === undefined ? undefined : readLicenses(reader, licenseNode),
  };
  return {
    name,
    place,
    ...(fieldsOf.summary === undefined ? {} : { summary: fieldsOf.summary }),
    ...(fieldsOf.description === undefined ? {} : { description: fieldsOf.description }),
    ...(fieldsOf.homepage === undefined ? {} : { homepage: fieldsOf.homepage }),
    ...(fieldsOf.licenses === undefined ? {} : { licenses: fieldsOf.licenses }),
    rundeps: readDependencies(reader, value("rundeps"), '"rundeps"', identity),
    conflicts: readDependencies(reader, value("conflicts"), '"conflicts"', identity),
    rundepsExclude: readPatterns(reader, value("rundeps-exclude"), '"rundeps-exclude"'),
    providesExclude: readPatterns(reader, value("provides-exclude"), '"provides-exclude"'),
    paths: readPaths(reader, value("paths"), identity),
    empty: emptyNode === undefined ? false : (reader.boolean(emptyNode, '"empty"') ?? false),
  };
}

function readLicenses(reader: YamlReader, node: Node): string[] {
  return reader.items(node, '"license"').flatMap((item) => {
    const text = reader.string(item, 'An item of "license"');
    if (text === undefined) return [];
    const mistake = licenseMistake(text);
    // Only a warning: committed recipes name licences in many ways, and the package is the same.
    if (mistake !== undefined) reader.warn(item, mistake.message, mistake.hint);
    return [text];
  });
}

/** A list of capabilities, each `kind(name)` or a bare package name. */
export function readDependencies(
  reader: YamlReader,
  node: Node | undefined,
  what: string,
  identity: Expansion,
): Located[] {
  if (node === undefined) return [];
  return reader.items(node, what).flatMap((item) => {
    const written = reader.string(item, `An item of ${what}`);
    const text = written === undefined ? undefined : expand(reader, item, written, identity)?.trim();
    if (text === undefined) return [];
    if (identity !== "keep") {
      try {
        parseCapability(text);
      } catch (error) {
        const hint = "Write kind(name), such as pkgconfig(zlib) or binary(cmake), or a bare package name.";
        reader.error(item, describeError(error), hint);
        return [];
      }
    }
    return { text, place: reader.place(item) };
  });
}

function readPatterns(reader: YamlReader, node: Node | undefined, what: string): Located[] {
  if (node === undefined) return [];
  return reader.items(node, what).flatMap((item) => {
    const pattern = reader.located(item, `An item of ${what}`);
    if (pattern === undefined) return [];
    try {
      // Compiled only to see whether it is one.
      compileExpression(pattern.text);
    } catch (error) {
      reader.error(item, `${what} has "${pattern.text}", which is no regular expression`, describeError(error));
      return [];
    }
    return pattern;
  });
}

function readPaths(reader: YamlReader, node: Node | undefined, identity: Expansion): PathRule[] {
  if (node === undefined) return [];
  return reader.items(node, '"paths"').flatMap((item): PathRule[] => {
    let written: string | undefined;
    let type: PathType = "any";
    if (reader.isMapping(item)) {
      const entries = reader.entries(item, "A path") ?? [];
      const [entry, second] = entries;
      if (entry === undefined) return [];
      if (second !== undefined) {
        const hint = "Write one `- path: type` an item.";
        reader.error(second.keyNode, `A path has a second key "${second.key}"`, hint);
        return [];
      }
      written = entry.key;
      const word = reader.string(entry.value, `The type of the path "${entry.key}"`);
      if (word === undefined || !PATH_TYPES.includes(word)) {
        const hint = `Write one of ${PATH_TYPES.join(", ")}, or leave the type out.`;
        if (word !== undefined) reader.error(entry.value, `"${word}" is no type of a path`, hint);
        return [];
      }
      type = word as PathType;
    } else {
      written = reader.string(item, "A path");
    }
    const pattern = written === undefined ? undefined : expand(reader, item, written, identity);
    if (pattern === undefined) return [];
    // Paths begin with a slash, so a mark before it cannot be a part of one.
    const exclude = pattern.startsWith("!");
    const positive = exclude ? pattern.slice(1) : pattern;
    if (!positive.startsWith("/") && positive !== "*") {
      // Other tools take such a rule without a word, so recipes have some.
      reader.warn(item, `The path "${pattern}" matches nothing, expected one that begins with /`);
    } else if (compilePattern(positive) === undefined) {
      reader.warn(item, `The path "${pattern}" is no pattern and matches nothing`, "A bracket is written [[].");
    }
    return [{ pattern, type, place: reader.place(item) }];
  });
}

/** Expands a text of a package, or reports the directive that has no value there. */
export function expand(reader: YamlReader, node: Node, text: string, identity: Expansion): string | undefined {
  if (identity === "keep") return text;
  const expanded = expandIdentity(text, identity);
  if (typeof expanded === "string") return expanded;
  const hint = "Outside of scripts only %(name), %(version) and %(release) have a value.";
  reader.error(node, `The macro ${expanded.directive} has no value here`, hint);
  return undefined;
}
