// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Sets of characters in regular expressions of recipes: `[a-z\d]`, `[[:alpha:]]`, `\w`, `\p{Greek}`, and escapes. */
import { type CodeSet, isWord } from "#base/automaton";

/** Letters that stand between `(?` and `)`, as far as they are known here. */
export interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly x: boolean;
}

const POSIX: ReadonlyMap<string, CodeSet> = new Map([
  ["alnum", single(/[0-9A-Za-z]/)],
  ["alpha", single(/[A-Za-z]/)],
  ["ascii", (code) => code < 0x80],
  ["blank", single(/[\t ]/)],
  ["cntrl", (code) => code < 0x20 || code === 0x7f],
  ["digit", single(/[0-9]/)],
  ["graph", single(/[!-~]/)],
  ["lower", single(/[a-z]/)],
  ["print", single(/[ -~]/)],
  ["punct", single(/[!-/:-@[-`{-~]/)],
  ["space", single(/[\t\n\v\f\r ]/)],
  ["upper", single(/[A-Z]/)],
  ["word", single(/[0-9A-Za-z_]/)],
  ["xdigit", single(/[0-9A-Fa-f]/)],
]);

const SHORT: ReadonlyMap<string, CodeSet> = new Map([
  ["d", single(/\p{Nd}/u)],
  ["s", single(/\p{White_Space}/u)],
  ["w", isWord],
]);

const CONTROLS: ReadonlyMap<string, number> = new Map([
  ["a", 7],
  ["f", 12],
  ["n", 10],
  ["r", 13],
  ["t", 9],
  ["v", 11],
]);

/** Sets in each other; each takes a frame of the stack. */
const MAX_NESTED = 100;
const HIGHEST = 0x10ffff;

/** A set by an expression for one character, which has nothing to go back to. */
function single(expression: RegExp): CodeSet {
  return (code) => expression.test(String.fromCodePoint(code));
}

function not(set: CodeSet): CodeSet {
  return (code) => !set(code);
}

/** The set with the other cases of its letters, where the case does not count. */
function folded(set: CodeSet, flags: Flags): CodeSet {
  return flags.i ? (code) => sameLetter(code).some(set) : set;
}

/** A letter with what it is in the other case. */
export function sameLetter(code: number): readonly number[] {
  const char = String.fromCodePoint(code);
  const lower = char.toLowerCase();
  const upper = char.toUpperCase();
  const codes = [code];
  // What becomes several letters, as the sharp s does, is compared as it is.
  for (const other of [lower, upper]) if (Array.from(other).length === 1) codes.push(other.codePointAt(0) ?? code);
  return codes;
}

/** `d`, `W`, `p{Greek}`, ... behind a backslash; `end` is behind it. Undefined where it is no set. */
export function classEscape(
  chars: readonly string[],
  at: number,
  flags: Flags,
): { set: CodeSet; end: number } | undefined {
  const char = chars[at] ?? "";
  const short = SHORT.get(char.toLowerCase());
  if (short !== undefined) return { set: char === char.toLowerCase() ? short : not(short), end: at + 1 };
  if (char !== "p" && char !== "P") return undefined;
  const close = chars[at + 1] === "{" ? chars.indexOf("}", at) : at + 1;
  const written = chars[at + 1] === "{" ? chars.slice(at + 2, close).join("") : (chars[at + 1] ?? "");
  const property = propertyOf(written.replace(/^\^/, ""));
  if (close < 0 || property === undefined)
    throw new SyntaxError(`"\\${char}{${written}}" is no known set of characters`);
  const set = folded(property, flags);
  return { set: (char === "P") === written.startsWith("^") ? set : not(set), end: close + 1 };
}

function propertyOf(name: string): CodeSet | undefined {
  if (!/^\w+(?:=\w+)?$/.test(name)) return undefined;
  for (const form of [name, `Script=${name}`]) {
    try {
      return single(new RegExp(`\\p{${form}}`, "u"));
    } catch {
      // It has no property of that name; it may be a script.
    }
  }
  return undefined;
}

/** One character behind a backslash; `end` is behind it. Throws `SyntaxError` for what has no meaning. */
export function readEscape(chars: readonly string[], at: number): { code: number; end: number } {
  const char = chars[at] ?? "";
  const control = CONTROLS.get(char);
  if (control !== undefined) return { code: control, end: at + 1 };
  const digits = { x: 2, u: 4, U: 8 }[char];
  if (digits !== undefined) {
    const ahead = chars.slice(at + 1, at + 12).join("");
    const found = /^\{([0-9A-Fa-f]{1,8})\}/.exec(ahead) ?? new RegExp(`^([0-9A-Fa-f]{${digits}})`).exec(ahead);
    const code = Number.parseInt(found?.[1] ?? "", 16);
    if (found === null || !(code <= HIGHEST)) throw new SyntaxError(`"\\${char}${ahead}" names no character`);
    return { code, end: at + 1 + found[0].length };
  }
  if (char === "" || /[0-9A-Za-z<>]/.test(char)) throw new SyntaxError(`"\\${char}" has no meaning here`);
  return { code: char.codePointAt(0) ?? 0, end: at + 1 };
}

/**
 * A set whose opening bracket stands before `at`; `end` is behind its closing one. In verbose expressions blanks do not
 * count. Throws `SyntaxError` for what is none.
 */
export function readClass(
  chars: readonly string[],
  at: number,
  flags: Flags,
  nested = 0,
): { set: CodeSet; end: number } {
  if (nested > MAX_NESTED) throw new RangeError(`it has more than ${MAX_NESTED} sets in each other`);
  const members: CodeSet[] = [];
  const negated = chars[at] === "^";
  const first = negated ? at + 1 : at;
  let i = first;
  for (;;) {
    const char = chars[i];
    if (char === undefined) throw new SyntaxError("a bracket of a set is not closed");
    // Right behind the opening bracket a closing one is a member.
    if (char === "]" && i > first) break;
    if (flags.x && /\s/.test(char)) i++;
    else if ("&-~".includes(char) && chars[i + 1] === char) {
      throw new SyntaxError(`"${char}${char}" between sets is not supported; as itself write "\\${char}\\${char}"`);
    } else if (char === "[") {
      const inner = readPosix(chars, i) ?? readClass(chars, i + 1, flags, nested + 1);
      members.push(inner.set);
      i = inner.end;
    } else {
      const known = char === "\\" ? classEscape(chars, i + 1, flags) : undefined;
      const range = known === undefined ? readRange(chars, i) : undefined;
      members.push(known?.set ?? range?.set ?? (() => false));
      i = known?.end ?? range?.end ?? i + 1;
    }
  }
  const set = folded((code) => members.some((member) => member(code)), flags);
  return { set: negated ? not(set) : set, end: i + 1 };
}

/** `[:alpha:]` or `[:^alpha:]` inside of a set. */
function readPosix(chars: readonly string[], at: number): { set: CodeSet; end: number } | undefined {
  const [text, negated, name] = /^\[:(\^?)([a-z]+):\]/.exec(chars.slice(at, at + 16).join("")) ?? [];
  if (text === undefined) return undefined;
  const set = POSIX.get(name ?? "");
  if (set === undefined) throw new SyntaxError(`the class "[:${name}:]" is not known`);
  return { set: negated === "" ? set : not(set), end: at + text.length };
}

/** A character of a set, or a range of them: `a`, `a-z`, `\t-\r`. */
function readRange(chars: readonly string[], at: number): { set: CodeSet; end: number } {
  const least = readMember(chars, at);
  const after = chars[least.end + 1];
  if (chars[least.end] !== "-" || after === undefined || after === "]") {
    return { set: (code) => code === least.code, end: least.end };
  }
  const most = readMember(chars, least.end + 1);
  if (most.code < least.code) throw new SyntaxError("a range of a set runs backwards");
  return { set: (code) => least.code <= code && code <= most.code, end: most.end };
}

function readMember(chars: readonly string[], at: number): { code: number; end: number } {
  if (chars[at] === "\\") return readEscape(chars, at + 1);
  return { code: chars[at]?.codePointAt(0) ?? 0, end: at + 1 };
}
