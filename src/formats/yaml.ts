// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * YAML read with positions: every value keeps the place it came from, and all problems of a file are collected, each
 * with its line, the text of the line and the fix. Plain scalars can be read as their source text, so `1.10` stays so.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
} from "yaml";
import { type Code, Failure } from "#base/errors";
import type { Place, Problem } from "#formats/problem";
import { describe, rangeOf, sourceText, syntaxHint, syntaxMessage } from "#formats/yaml-nodes";

export { formatProblem, type Place, type Problem } from "#formats/problem";

/** A text value and where it stands. */
export interface Located {
  readonly text: string;
  readonly place: Place;
}

/** A key of a mapping and its value; the value is undefined where it is empty or null. */
export interface Entry {
  readonly key: string;
  readonly keyNode: Node;
  readonly value: Node | undefined;
}

/** A multi-line text and, for each of its lines, the line of the file that it came from. */
export interface Block {
  readonly text: string;
  readonly lines: readonly number[];
  /** Blanks that stand before each line in the file and not in the text. */
  readonly indent: number;
}

/** Larger files are refused; the largest recipe known has 60 KB. */
export const MAX_YAML_BYTES = 8 << 20;

/** One file, its values and its problems. */
export class YamlReader {
  readonly problems: Problem[] = [];
  readonly file: string;
  readonly text: string;
  readonly root: Node | undefined;
  readonly #document: Document.Parsed;
  readonly #aliases: ReadonlyMap<Alias, Node>;
  readonly #starts: number[] = [0];
  readonly #code: Code;

  /** Parses a text. Syntax errors become problems, of code `code`; then `root` may be incomplete. */
  constructor(file: string, text: string, code: Code) {
    if (text.length > MAX_YAML_BYTES) {
      throw new Failure(code, `Cannot read "${file}": ${text.length} characters, expected at most 8 MiB`);
    }
    this.file = file;
    this.#code = code;
    this.text = text;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#starts.push(at + 1);
    // At this level a second document is an error; nothing is printed.
    this.#document = parseDocument(text, { prettyErrors: false, logLevel: "error", stringKeys: false });
    for (const error of this.#document.errors) {
      this.#add("error", code, error.pos, syntaxMessage(error), syntaxHint(error.code));
    }
    this.#aliases = this.#named();
    const contents = this.#document.contents;
    this.root = contents === null ? undefined : this.#resolve(contents);
  }

  /** True where no problem is an error. */
  get ok(): boolean {
    return this.problems.every((problem) => problem.severity !== "error");
  }

  place(node: Node): Place {
    return this.#placeAt(node.range?.[0] ?? 0);
  }

  /** Notes an error at a node, or at the beginning of the file. */
  error(node: Node | undefined, message: string, hint?: string, code = this.#code): void {
    this.#add("error", code, rangeOf(node), message, hint);
  }

  warn(node: Node | undefined, message: string, hint?: string, code = this.#code): void {
    this.#add("warning", code, rangeOf(node), message, hint);
  }

  /** The entries of a mapping in their order, or undefined (with a problem) where the node is not one. */
  entries(node: Node | undefined, what: string): Entry[] | undefined {
    if (!isMap(node)) {
      this.error(node, `${what} is ${describe(node)}, expected a mapping`, "Write key: value lines.");
      return undefined;
    }
    const entries: Entry[] = [];
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const keyNode = this.#resolve(pair.key);
      const key = isScalar(keyNode) ? sourceText(keyNode) : undefined;
      if (key === undefined || keyNode === undefined) {
        this.error(keyNode, `${what} has a key that is ${describe(keyNode)}, expected a plain word`);
        continue;
      }
      entries.push({ key, keyNode, value: this.#present(pair.value) });
    }
    return entries;
  }

  /** The items of a list; a lone scalar is a list of one. Empty items are problems. */
  items(node: Node, what: string): Node[] {
    if (isScalar(node)) return [node];
    if (!isSeq(node)) {
      this.error(node, `${what} is ${describe(node)}, expected a list`, "Write one `- item` a line.");
      return [];
    }
    const items: Node[] = [];
    for (const item of node.items as (Node | null)[]) {
      const present = this.#present(item);
      if (present === undefined) this.error(node, `${what} has an empty item`, "Remove the lone dash.");
      else items.push(present);
    }
    return items;
  }

  /** A scalar as the text that was written: `1.10` is "1.10", `yes` is "yes"; quoted and block scalars as their value. */
  string(node: Node | undefined, what: string): string | undefined {
    const text = isScalar(node) ? sourceText(node) : undefined;
    if (text === undefined) this.error(node, `${what} is ${describe(node)}, expected a text`);
    return text;
  }

  located(node: Node, what: string): Located | undefined {
    const text = this.string(node, what);
    return text === undefined ? undefined : { text, place: this.place(node) };
  }

  /** A list of texts with their places. */
  locatedList(node: Node | undefined, what: string): Located[] {
    if (node === undefined) return [];
    return this.items(node, what).flatMap((item) => this.located(item, `An item of ${what}`) ?? []);
  }

  /** `true` or `false`, also where quoted. */
  boolean(node: Node | undefined, what: string): boolean | undefined {
    const value = isScalar(node) ? node.value : undefined;
    if (typeof value === "boolean") return value;
    if (value === "true" || value === "false") return value === "true";
    this.error(node, `${what} is ${describe(node)}, expected true or false`, "Write true or false.");
    return undefined;
  }

  /** A whole number in decimal digits within the limits. */
  integer(node: Node | undefined, what: string, least: number, most: number): number | undefined {
    const text = isScalar(node) ? sourceText(node) : undefined;
    const value = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
    if (value !== undefined && value >= least && value <= most) return value;
    this.error(node, `${what} is ${describe(node)}, expected a whole number from ${least} to ${most}`);
    return undefined;
  }

  /** A multi-line text with the file line of each of its lines. */
  block(node: Node, what: string): Block | undefined {
    const text = this.string(node, what);
    if (text === undefined) return undefined;
    const first = this.place(node).line;
    const literal = isScalar(node) && node.type === "BLOCK_LITERAL";
    const count = text.split("\n").length;
    const lines = Array.from({ length: count }, (_, i) => (literal ? first + 1 + i : first));
    return { text, lines, indent: literal ? this.#indentOf(first + 1, text) : this.place(node).column - 1 };
  }

  /** True where the node is a scalar, so that a short form of a key applies. */
  isScalar(node: Node | undefined): node is Scalar {
    return isScalar(node);
  }

  /** Is the scalar an unquoted number: a place where other readers lose text? */
  isPlainNumber(node: Node | undefined): boolean {
    return isScalar(node) && typeof node.value === "number";
  }

  isMapping(node: Node | undefined): boolean {
    return isMap(node);
  }

  /** How far a literal block is indented: its first line that is not blank shows it. */
  #indentOf(first: number, text: string): number {
    const rows = text.split("\n");
    const i = rows.findIndex((row) => row.trim() !== "");
    if (i < 0) return 0;
    const from = this.#starts[first - 1 + i] ?? 0;
    const stop = this.text.indexOf("\n", from);
    return Math.max(0, this.text.slice(from, stop < 0 ? undefined : stop).length - (rows[i] ?? "").length);
  }

  #present(node: Node | null | undefined): Node | undefined {
    if (node === null || node === undefined) return undefined;
    const resolved = this.#resolve(node);
    return isScalar(resolved) && resolved.value === null ? undefined : resolved;
  }

  #resolve(node: Node): Node | undefined {
    return isAlias(node) ? this.#aliases.get(node) : node;
  }

  /** What each alias stands for: the last node before it with that anchor. One without such a node is a problem. */
  #named(): Map<Alias, Node> {
    const anchors = new Map<string, Node>();
    const aliases = new Map<Alias, Node>();
    visit(this.#document, {
      Node: (_, node) => {
        if (!isAlias(node)) {
          if (node.anchor !== undefined) anchors.set(node.anchor, node);
          return;
        }
        const target = anchors.get(node.source);
        if (target !== undefined) aliases.set(node, target);
        else this.error(node, `The alias "*${node.source}" stands for nothing: no "&${node.source}" comes before it`);
      },
    });
    return aliases;
  }

  #placeAt(offset: number): Place {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { file: this.file, line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }

  #add(
    severity: Problem["severity"],
    code: Code,
    [start, end]: readonly [number, number],
    message: string,
    hint?: string,
  ): void {
    const place = this.#placeAt(start);
    const from = this.#starts[place.line - 1] ?? 0;
    const stop = this.text.indexOf("\n", from);
    const source = this.text.slice(from, stop < 0 ? undefined : stop);
    const width = Math.max(1, Math.min(end - start, source.length - place.column + 1));
    this.problems.push({ severity, code, message, ...(hint === undefined ? {} : { hint }), place, width, source });
  }
}
