// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The keys of a recipe, and what people write by mistake for them. */
import { nearest } from "#base/nearest";
import type { Entry, YamlReader } from "#formats/yaml";

const SOURCE_KEYS = ["name", "version", "release", "homepage", "license"] as const;
const PACKAGE_KEYS = [
  "summary",
  "description",
  "rundeps",
  "rundeps-exclude",
  "provides-exclude",
  "conflicts",
  "paths",
  "empty",
] as const;
export const BUILD_KEYS = [
  "setup",
  "build",
  "install",
  "check",
  "workload",
  "environment",
  "builddeps",
  "checkdeps",
] as const;
const OPTION_KEYS = [
  "toolchain",
  "cspgo",
  "samplepgo",
  "debug",
  "strip",
  "networking",
  "compressman",
  "lastrip",
  "emul32",
  "mold",
  "buildrpath",
] as const;
const COLLECTION_KEYS = ["syntax", "upstreams", "packages", "profiles", "architectures", "tuning", "macros"] as const;

export const TOP_KEYS: readonly string[] = [
  ...SOURCE_KEYS,
  ...PACKAGE_KEYS,
  ...BUILD_KEYS,
  ...OPTION_KEYS,
  ...COLLECTION_KEYS,
];
export const SUBPACKAGE_KEYS: readonly string[] = [...PACKAGE_KEYS, "homepage", "license"];
export const ARCHIVE_KEYS: readonly string[] = [
  "hash",
  "rename",
  "stripdirs",
  "unpack",
  "unpackdir",
  "mirrors",
  "signature",
  "key",
];
export const GIT_KEYS: readonly string[] = ["ref", "clonedir", "mirrors", "tag", "key"];

/** Words that are not misspelt but mean something else here. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  tune: "tuning",
  test: "check",
  tests: "check",
  dependencies: "builddeps",
  depends: "rundeps",
  requires: "rundeps",
  extract: "unpack",
  clone: "clonedir",
  url: "upstreams",
  source: "upstreams",
  sources: "upstreams",
  prepare: "setup",
  licence: "license",
  licenses: "license",
  network: "networking",
  split: "packages",
  subpackages: "packages",
  sha256: "hash",
  commit: "ref",
  branch: "ref",
};

/** Keys that had a meaning once. They do nothing, and never did harm. */
const RETIRED = new Set(["staging"]);

/** Warns of a key that this place does not know. `boulder recipe check` counts these warnings as errors. */
export function unknownKey(reader: YamlReader, entry: Entry, where: string, known: readonly string[]): void {
  const other = OTHER_NAMES[entry.key];
  const word = other !== undefined && known.includes(other) ? other : nearest(entry.key, known);
  const hint = RETIRED.has(entry.key)
    ? `Remove "${entry.key}": it has no effect.`
    : word === undefined
      ? `Keys here: ${known.join(", ")}.`
      : `Did you mean "${word}"?`;
  reader.warn(entry.keyNode, `Unknown key "${entry.key}" in ${where}, it has no effect`, hint, "recipe.unknown-key");
}
