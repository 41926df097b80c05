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
const RELATIONS = ["pre-depends", "depends", "recommends", "conflicts", "breaks", "replaces", "provides"];
/** Fields that stay bytes, each named by its place here. */
const KEPT = [...RELATIONS, "source", "description", "homepage", "size", "installed-size", "sha256", "filename"];
const WANTED: ReadonlySet<string> = new Set([...KEPT, "package", "version", "architecture", "essential", "priority"]);

const NEWLINE = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;
const BLANK_LINE = "\n\n";

/** Bytes that hold the fields of many packages. */
const ARENA = 1024 * 1024;

/**
 * One package, whose fields stay bytes until they are asked for, each a byte for its name, then the value and a line's end: as objects
 * and strings those of all that apt offers take 80 MB, and the garbage collector lets that double while an index is made.
 */
class Entry implements AptPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly essential: boolean;
  readonly rank: number;
  readonly #arena: Buffer;
  readonly #start: number;
  readonly #end: number;

  constructor(fields: ReadonlyMap<string, string>, architecture: string, arena: Buffer, start: number, end: number) {
    const rank = PRIORITIES.indexOf(fields.get("priority") ?? "");
    this.name = fields.get("package") ?? "";
    this.version = fields.get("version") ?? "";
    this.architecture = architecture;
    this.essential = fields.get("essential") === "yes";
    this.rank = rank < 0 ? PRIORITIES.length : rank;
    this.#arena = arena;
    this.#start = start;
    this.#end = end;
  }

  #field(name: string): string {
    const wanted = KEPT.indexOf(name);
    for (let at = this.#start; at < this.#end; ) {
      const stop = this.#arena.indexOf(NEWLINE, at + 1);
      if (this.#arena[at] === wanted) return this.#arena.toString("utf8", at + 1, stop);
      at = stop + 1;
    }
    return "";
  }

  get relations(): Readonly<Record<string, string>> {
    const out: Record<string, string> = {};
    for (let at = this.#start; at < this.#end; ) {
      const stop = this.#arena.indexOf(NEWLINE, at + 1);
      const name = RELATIONS[this.#arena[at] ?? RELATIONS.length];
      if (name !== undefined) out[name] = this.#arena.toString("utf8", at + 1, stop);
      at = stop + 1;
    }
    return out;
  }

  get source(): string {
    return this.#field("source").split(" ")[0] || this.name;
  }

  get summary(): string {
    return this.#field("description");
  }

  get homepage(): string {
    return this.#field("homepage");
  }

  get size(): number {
    return Number(this.#field("size")) || 0;
  }

  get installedSize(): number {
    return (Number(this.#field("installed-size")) || 0) * 1024;
  }

  get sha256(): string {
    return this.#field("sha256");
  }

  get path(): string {
    return this.#field("filename");
  }
}

/** Reads the text as it comes: the whole of it is 60 MB and more. Continuation lines belong to fields of no interest. */
export class AvailableReader {
  readonly #architecture: string;
  readonly #packages: AptPackage[] = [];
  /** What has come of a paragraph that is not whole yet. */
  #rest: Buffer = Buffer.alloc(0);
  #arena: Buffer = Buffer.alloc(0);
  #used = 0;

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
      this.#paragraph(bytes, start, end);
      start = end + BLANK_LINE.length;
    }
  }

  #paragraph(bytes: Buffer, start: number, end: number): void {
    const fields = fieldsOf(bytes, start, end);
    const architecture = fields.get("architecture");
    if ((fields.get("package") ?? "") === "" || !/^[0-9a-f]{64}$/.test(fields.get("sha256") ?? "")) return;
    if (architecture !== this.#architecture && architecture !== "all") return;
    // A byte stands for a name, a colon and a space; what is not UTF-8 becomes three bytes of it.
    const room = 3 * (end - start);
    if (this.#arena.length - this.#used < room) {
      this.#arena = Buffer.allocUnsafeSlow(Math.max(room, ARENA));
      this.#used = 0;
    }
    const first = this.#used;
    for (const [i, name] of KEPT.entries()) {
      const value = fields.get(name);
      if (value === undefined) continue;
      this.#arena[this.#used++] = i;
      this.#used += this.#arena.write(value, this.#used);
      this.#arena[this.#used++] = NEWLINE;
    }
    const known = architecture === "all" ? "all" : this.#architecture;
    this.#packages.push(new Entry(fields, known, this.#arena, first, this.#used));
  }
}

/** Wanted fields of a paragraph by their names in small letters. */
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

/** The same for a text that is at hand. */
export function parseAvailable(text: string, architecture: string): AptPackage[] {
  const reader = new AvailableReader(architecture);
  reader.write(utf8(text));
  return reader.end();
}
