// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Regular expressions of recipes, as the engine of Rust reads them: that is what they are written for. It has no way back
 * (no look-around, no references to groups), and neither has this: testing a text takes bounded time whatever they say.
 */
import { Automaton, type CodeSet, type Edge, type Pattern } from "#base/automaton";
import { classEscape, type Flags, readClass, readEscape, sameLetter } from "./expression-class";

/** Tests a text for a match anywhere in it. */
export interface Expression {
  readonly source: string;
  test(text: string): boolean;
}

/** Groups in each other; each takes a frame of the stack. */
const MAX_NESTED = 200;
const EMPTY: Pattern = { kind: "sequence", parts: [] };
const NEWLINE = 10;

/** Reads an expression. Throws `SyntaxError` for what is none, `RangeError` for what is too large. */
export function compileExpression(source: string): Expression {
  const automaton = new Automaton(new Parser(source).whole(), true);
  return { source, test: (text) => automaton.test(text) };
}

class Parser {
  readonly #chars: readonly string[];
  #at = 0;
  #nested = 0;

  constructor(source: string) {
    this.#chars = Array.from(source);
  }

  whole(): Pattern {
    const pattern = this.#either({ i: false, m: false, s: false, x: false });
    if (this.#at < this.#chars.length) throw new SyntaxError("a closing bracket has no opening one");
    return pattern;
  }

  /** Alternatives up to a closing bracket, which stays. Flags that are set inside hold up to there. */
  #either(outer: Flags): Pattern {
    let flags = outer;
    const ways: Pattern[] = [];
    let parts: Pattern[] = [];
    for (;;) {
      const char = this.#peek(flags);
      if (char === undefined || char === ")") break;
      if (char === "|") {
        this.#at++;
        ways.push({ kind: "sequence", parts });
        parts = [];
        continue;
      }
      const set = this.#flagsAlone(flags);
      if (set !== undefined) flags = set;
      else parts.push(this.#repeated(this.#one(flags), flags));
    }
    const last: Pattern = { kind: "sequence", parts };
    return ways.length === 0 ? last : { kind: "either", parts: [...ways, last] };
  }

  /** The next character that counts; in verbose expressions blanks and comments do not. */
  #peek(flags: Flags): string | undefined {
    while (flags.x) {
      const char = this.#chars[this.#at];
      if (char === "#") while (this.#at < this.#chars.length && this.#chars[this.#at] !== "\n") this.#at++;
      else if (char !== undefined && /\s/.test(char)) this.#at++;
      else break;
    }
    return this.#chars[this.#at];
  }

  /** `(?im-s)`: flags for what follows in the group. */
  #flagsAlone(flags: Flags): Flags | undefined {
    if (this.#chars[this.#at] !== "(" || this.#chars[this.#at + 1] !== "?") return undefined;
    const found = /^\(\?([a-zA-Z-]+)\)/.exec(this.#ahead());
    if (found === null) return undefined;
    this.#at += found[0].length;
    return withFlags(flags, found[1] ?? "");
  }

  #ahead(): string {
    return this.#chars.slice(this.#at, this.#at + 80).join("");
  }

  #one(flags: Flags): Pattern {
    const char = this.#chars[this.#at++] ?? "";
    switch (char) {
      case "(":
        return this.#group(flags);
      case "[":
        return this.#class(flags);
      case ".":
        return one(flags.s ? () => true : (code) => code !== NEWLINE);
      case "^":
        return edge(flags.m ? "line start" : "start");
      case "$":
        return edge(flags.m ? "line end" : "end");
      case "\\":
        return this.#escape(flags);
      case "*":
      case "+":
      case "?":
      case "{":
        throw new SyntaxError(`"${char}" has nothing to repeat`);
      default:
        return letter(char.codePointAt(0) ?? 0, flags);
    }
  }

  #group(flags: Flags): Pattern {
    if (++this.#nested > MAX_NESTED) throw new RangeError(`it has more than ${MAX_NESTED} groups in each other`);
    const ahead = this.#ahead();
    const [head, letters] = /^\?(?:P?<[A-Za-z_][\w.[\]]*>|([a-zA-Z-]*):)/.exec(ahead) ?? ["", ""];
    if (head === "" && ahead.startsWith("?")) {
      throw new SyntaxError(`a group that begins with "(${ahead.slice(0, 3)}" is not known here`);
    }
    this.#at += head.length;
    const inner = this.#either(withFlags(flags, letters ?? ""));
    if (this.#chars[this.#at++] !== ")") throw new SyntaxError("a bracket is not closed");
    this.#nested--;
    return inner;
  }

  #class(flags: Flags): Pattern {
    const { set, end } = readClass(this.#chars, this.#at, flags);
    this.#at = end;
    return one(set);
  }

  #escape(flags: Flags): Pattern {
    const char = this.#chars[this.#at] ?? "";
    const at = EDGES.get(char);
    if (at !== undefined) {
      this.#at++;
      return edge(at);
    }
    const known = classEscape(this.#chars, this.#at, flags) ?? readEscape(this.#chars, this.#at);
    this.#at = known.end;
    return "code" in known ? letter(known.code, flags) : one(known.set);
  }

  /** What stands before it, as often as a `*`, `+`, `?` or `{2,3}` behind it says. */
  #repeated(part: Pattern, flags: Flags): Pattern {
    let pattern = part;
    for (;;) {
      const char = this.#peek(flags);
      if (char === "*") pattern = repeat(pattern, 0, Number.POSITIVE_INFINITY);
      else if (char === "+") pattern = repeat(pattern, 1, Number.POSITIVE_INFINITY);
      else if (char === "?") pattern = repeat(pattern, 0, 1);
      else if (char === "{") {
        const [text, least, comma, most] = /^\{\s*(\d{1,6})\s*(,?)\s*(\d{0,6})\s*\}/.exec(this.#ahead()) ?? [];
        if (text === undefined)
          throw new SyntaxError('a "{" is followed by no number of repeats; as itself write "\\{"');
        const from = Number(least);
        const to = comma === "" ? from : most === "" ? Number.POSITIVE_INFINITY : Number(most);
        if (to < from) throw new SyntaxError(`"${text}" asks for more than it allows`);
        pattern = repeat(pattern, from, to);
        this.#at += text.length - 1;
      } else return pattern;
      this.#at++;
      // Whether the shortest or the longest match is meant makes no difference to whether there is one.
      if (this.#peek(flags) === "?") this.#at++;
    }
  }
}

const EDGES: ReadonlyMap<string, Edge> = new Map([
  ["A", "start"],
  ["z", "end"],
  ["b", "word"],
  ["B", "no word"],
]);

function one(of: CodeSet): Pattern {
  return { kind: "one", of };
}

function edge(at: Edge): Pattern {
  return { kind: "edge", edge: at };
}

function letter(code: number, flags: Flags): Pattern {
  return one(flags.i ? (other) => sameLetter(other).includes(code) : (other) => other === code);
}

function repeat(part: Pattern, least: number, most: number): Pattern {
  return most === 0 ? EMPTY : { kind: "repeat", part, least, most };
}

function withFlags(flags: Flags, letters: string): Flags {
  const set = { ...flags };
  let on = true;
  for (const char of letters) {
    if (char === "-") on = false;
    else if (char === "i" || char === "m" || char === "s" || char === "x") set[char] = on;
    // Text is Unicode here in any case, which is what `u` asks for; `U` only chooses between matches.
    else if (char !== "U" && (char !== "u" || !on)) {
      throw new SyntaxError(`the flag "${char}" of "(?${letters})" is not supported, expected i, m, s, x or U`);
    }
  }
  return set;
}
