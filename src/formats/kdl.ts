// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The part of KDL (versions 1 and 2, kdl.dev) that configuration needs: nodes with arguments, properties and children,
 * strings, numbers, booleans, comments. Raw and multi-line strings and type annotations are refused, not misread.
 */
import { Failure } from "#base/errors";

export type KdlValue = string | number | boolean | null;

export interface KdlNode {
  readonly name: string;
  readonly args: readonly KdlValue[];
  readonly props: ReadonlyMap<string, KdlValue>;
  readonly children: readonly KdlNode[];
  /** Line of the file, from 1. */
  readonly line: number;
}

const MAX_DEPTH = 32;
const WORD = /[^\s{}()[\]/\\"=;,#]/;

/** Parses a document. Throws `format.invalid` with file and line. */
export function parseKdl(file: string, text: string): KdlNode[] {
  return new Parser(file, text).document();
}

class Parser {
  readonly #file: string;
  readonly #text: string;
  #at = 0;
  /** Up to where lines were counted, and the line there. */
  #counted = 0;
  #lines = 1;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text.startsWith("\uFEFF") ? text.slice(1) : text;
  }

  document(): KdlNode[] {
    const nodes = this.#nodes(0);
    if (this.#at < this.#text.length) throw this.#fail("a stray }");
    return nodes;
  }

  #nodes(depth: number): KdlNode[] {
    if (depth > MAX_DEPTH) throw this.#fail("nodes nested deeper than 32");
    const nodes: KdlNode[] = [];
    for (;;) {
      this.#skip(true);
      const char = this.#text[this.#at];
      if (char === undefined || char === "}") return nodes;
      const dropped = this.#take("/-");
      if (dropped) this.#skip(true);
      const node = this.#node(depth);
      if (!dropped) nodes.push(node);
    }
  }

  #node(depth: number): KdlNode {
    const line = this.#line();
    const name = this.#name();
    const args: KdlValue[] = [];
    const props = new Map<string, KdlValue>();
    let children: KdlNode[] = [];
    for (;;) {
      this.#skip(false);
      const char = this.#text[this.#at];
      if (char === undefined || char === "\n" || char === "\r" || char === ";" || char === "}") break;
      const dropped = this.#take("/-");
      if (dropped) this.#skip(false);
      if (this.#take("{")) {
        const inner = this.#nodes(depth + 1);
        if (!this.#take("}")) throw this.#fail("no } to the { of a node");
        if (!dropped) children = inner;
        continue;
      }
      const quoted = this.#text[this.#at] === '"';
      const value = this.#value();
      if (typeof value === "string" && this.#take("=")) {
        const right = this.#value();
        if (!dropped) props.set(value, right);
      } else if (typeof value === "string" && !quoted && /^[+-]?\d/.test(value)) {
        throw this.#fail(`"${value}" is no number`);
      } else if (!dropped) args.push(value);
    }
    this.#take(";");
    return { name, args, props, children, line };
  }

  #name(): string {
    const value = this.#text[this.#at] === '"' ? this.#string() : this.#word();
    if (value === "") throw this.#fail(`"${this.#text[this.#at] ?? ""}" where a node begins`);
    return value;
  }

  #value(): KdlValue {
    if (this.#text[this.#at] === '"') return this.#string();
    const keyword = this.#take("#");
    const word = this.#word();
    switch (word) {
      case "":
        throw this.#fail(`"${this.#text[this.#at] ?? ""}" where a value begins`);
      case "true":
        return true;
      case "false":
        return false;
      case "null":
        return null;
      default:
    }
    if (keyword) throw this.#fail(`the keyword #${word}`);
    const digits = word.replaceAll("_", "");
    return /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(digits) ? Number(digits) : word;
  }

  #word(): string {
    const from = this.#at;
    while (this.#at < this.#text.length && WORD.test(this.#text[this.#at] ?? "")) this.#at++;
    return this.#text.slice(from, this.#at);
  }

  #string(): string {
    this.#at++;
    let out = "";
    for (;;) {
      const char = this.#text[this.#at++];
      if (char === undefined || char === "\n") throw this.#fail("a string without its closing quote");
      if (char === '"') return out;
      out += char === "\\" ? this.#escape() : char;
    }
  }

  #escape(): string {
    const char = this.#text[this.#at++] ?? "";
    const simple = ESCAPES[char];
    if (simple !== undefined) return simple;
    const code = char === "u" ? /^\{([0-9a-fA-F]{1,6})\}/.exec(this.#text.slice(this.#at, this.#at + 9)) : null;
    const point = code === null ? Number.NaN : Number.parseInt(code[1] ?? "", 16);
    if (code === null || !(point <= 0x10ffff)) throw this.#fail(`the escape \\${char}`);
    this.#at += code[0].length;
    return String.fromCodePoint(point);
  }

  /** Passes blanks, comments and continued lines; with `lines`, line ends and semicolons too. */
  #skip(lines: boolean): void {
    for (;;) {
      const rest = this.#text.slice(this.#at, this.#at + 2);
      const char = rest[0] ?? "";
      if (rest === "//") {
        const end = this.#text.indexOf("\n", this.#at);
        this.#at = end < 0 ? this.#text.length : end;
      } else if (rest === "/*") {
        const end = this.#text.indexOf("*/", this.#at + 2);
        if (end < 0) throw this.#fail("a comment without its end");
        this.#at = end + 2;
      } else if (char === "\\") {
        const end = /^\\[ \t]*(\/\/[^\n]*)?\r?\n/.exec(this.#text.slice(this.#at));
        if (end === null) throw this.#fail("a backslash that ends no line");
        this.#at += end[0].length;
      } else if (char === " " || char === "\t" || (lines && (char === "\n" || char === "\r" || char === ";"))) {
        this.#at++;
      } else return;
    }
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  /** The line that is read now, from 1. Counts on from where it was asked last: reading never goes back. */
  #line(): number {
    for (; this.#counted < this.#at; this.#counted++) if (this.#text[this.#counted] === "\n") this.#lines += 1;
    return this.#lines;
  }

  #fail(found: string): Failure {
    return new Failure("format.invalid", `Cannot read "${this.#file}": line ${this.#line()}: ${found}, expected KDL`);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  s: " ",
  "/": "/",
  '"': '"',
  "\\": "\\",
};

/** Writes a value so that both versions of KDL read it back. */
export function kdlString(text: string): string {
  const escaped = text.replaceAll(/["\\\n\r\t]/g, (char) => `\\${{ "\n": "n", "\r": "r", "\t": "t" }[char] ?? char}`);
  return `"${escaped}"`;
}
