// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The packages that apt offers, from the text of `apt-cache dumpavail`. */
import { utf8 } from "#base/bytes";
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
const WANTED = new Set([
  ...RELATIONS,
  "package",
  "version",
  "architecture",
  "essential",
  "source",
  "description",
  "homepage",
  "size",
  "installed-size",
  "sha256",
  "filename",
  "priority",
]);

const NEWLINE = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;
const BLANK_LINE = "\n\n";

/**
 * Reads the text as it comes: the whole of it is 60 MB and more. Fields are cut out of its bytes, as a piece of a string would keep
 * the whole string in memory. Continuation lines belong to fields of no interest.
 */
export class AvailableReader {
  readonly #architecture: string;
  readonly #packages: AptPackage[] = [];
  /** What has come of a paragraph that is not whole yet. */
  #rest: Buffer = Buffer.alloc(0);

  /** @param architecture Debian's name of the machine; packages for others are left out. */
  constructor(architecture: string) {
    this.#architecture = architecture;
  }

  write(chunk: Uint8Array): void {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const end = bytes.lastIndexOf(BLANK_LINE);
    if (end >= 0) this.#paragraphs(bytes.subarray(0, end));
    this.#rest = end < 0 ? bytes : Buffer.from(bytes.subarray(end));
  }

  /** All packages, once the text has come to its end. */
  end(): AptPackage[] {
    this.#paragraphs(this.#rest);
    this.#rest = Buffer.alloc(0);
    return this.#packages;
  }

  #paragraphs(bytes: Buffer): void {
    for (let start = 0; start < bytes.length; ) {
      const blank = bytes.indexOf(BLANK_LINE, start);
      const end = blank < 0 ? bytes.length : blank;
      const item = packageOf(fieldsOf(bytes, start, end), this.#architecture);
      if (item !== undefined) this.#packages.push(item);
      start = end + BLANK_LINE.length;
    }
  }
}

function fieldsOf(bytes: Buffer, start: number, end: number): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = start; at < end; ) {
    const newline = bytes.indexOf(NEWLINE, at);
    const stop = newline < 0 || newline > end ? end : newline;
    const colon = bytes[at] === SPACE ? -1 : bytes.indexOf(COLON, at);
    if (colon > at && colon + 1 < stop && bytes[colon + 1] === SPACE) {
      const name = bytes.toString("latin1", at, colon).toLowerCase();
      if (WANTED.has(name)) fields.set(name, bytes.toString("utf8", colon + 2, stop));
    }
    at = stop + 1;
  }
  return fields;
}

function packageOf(fields: ReadonlyMap<string, string>, architecture: string): AptPackage | undefined {
  const get = (name: string) => fields.get(name) ?? "";
  const sha256 = get("sha256");
  const arch = get("architecture");
  if (get("package") === "" || (arch !== architecture && arch !== "all") || !/^[0-9a-f]{64}$/.test(sha256)) {
    return undefined;
  }
  const relations: Record<string, string> = {};
  for (const [field, value] of fields) if (RELATIONS.has(field)) relations[field] = value;
  const rank = PRIORITIES.indexOf(get("priority"));
  return {
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
  };
}

/** The same for a text that is at hand. */
export function parseAvailable(text: string, architecture: string): AptPackage[] {
  const reader = new AvailableReader(architecture);
  reader.write(utf8(text));
  return reader.end();
}
