// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The packages that apt offers, from the text of `apt-cache dumpavail`. */
import type { Related } from "#deb/set";

export interface AptPackage extends Related {
  readonly architecture: string;
  readonly source: string;
  readonly summary: string;
  readonly homepage: string;
  /** Bytes of the .deb. */
  readonly size: number;
  /** Bytes of the installed files, as Debian estimates them. */
  readonly installedSize: number;
  /** Lower-case hexadecimal SHA-256 of the .deb. */
  readonly sha256: string;
  /** Path of the .deb below its source's root. */
  readonly path: string;
  /** Debian's priority, `required` first: which provider of a virtual package is taken. */
  readonly rank: number;
}

const PRIORITIES = ["required", "important", "standard", "optional", "extra"];
const RELATIONS = new Set(["pre-depends", "depends", "recommends", "conflicts", "breaks", "replaces", "provides"]);

/** Only the fields of interest: the whole text is 60 MB and more. Continuation lines belong to fields of no interest. */
function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0 && line.charCodeAt(0) !== 0x20) fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 2));
  }
  return fields;
}

/** @param architecture Debian's name of the machine; packages for others are left out. */
export function parseAvailable(text: string, architecture: string): AptPackage[] {
  const packages: AptPackage[] = [];
  for (const block of text.split(/\n\n+/)) {
    const fields = fieldsOf(block);
    const get = (name: string) => fields.get(name) ?? "";
    const sha256 = get("sha256");
    const arch = get("architecture");
    if (get("package") === "" || (arch !== architecture && arch !== "all") || !/^[0-9a-f]{64}$/.test(sha256)) continue;
    const relations: Record<string, string> = {};
    for (const [field, value] of fields) if (RELATIONS.has(field)) relations[field] = value;
    const rank = PRIORITIES.indexOf(get("priority"));
    packages.push({
      name: get("package"),
      version: get("version"),
      architecture: arch,
      essential: get("essential") === "yes",
      relations,
      source: get("source").split(" ")[0] || get("package"),
      summary: get("description"),
      homepage: get("homepage"),
      size: Number(get("size")) || 0,
      installedSize: (Number(get("installed-size")) || 0) * 1024,
      sha256,
      path: get("filename"),
      rank: rank < 0 ? PRIORITIES.length : rank,
    });
  }
  return packages;
}
