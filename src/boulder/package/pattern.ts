// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Patterns of collection rules: shell-like, `*` and `?` match a slash and a leading dot too (real recipes rely on that),
 * `**` is a whole component that stands for any number of them, `[a-z]` and `[!a-z]` are classes. A pattern also
 * matches everything below what it names, so `/usr/include` is the folder with all that is in it. In recipes that say
 * `syntax: 2` stars, question marks and classes stop at a slash, and only `**` crosses it.
 */
import { Automaton, type CodeSet, type Pattern } from "#base/automaton";
import type { SyntaxLevel } from "../recipe/model";

/** Tests a path; made once for each pattern. */
export type PathTest = (path: string) => boolean;

const SLASH = 0x2f;
const ANY: Pattern = { kind: "one", of: () => true };
const NO_SLASH: Pattern = { kind: "one", of: (code) => code !== SLASH };

function letter(char: string): Pattern {
  const code = char.codePointAt(0);
  return { kind: "one", of: (other) => other === code };
}

function sequence(...parts: Pattern[]): Pattern {
  return { kind: "sequence", parts };
}

function anyNumber(part: Pattern): Pattern {
  return { kind: "repeat", part, least: 0, most: Number.POSITIVE_INFINITY };
}

function perhaps(part: Pattern): Pattern {
  return { kind: "repeat", part, least: 0, most: 1 };
}

/** What a pattern names, without what lies below; undefined where it is none: a stray `**` or an open class. */
function partsOf(pattern: string, level: SyntaxLevel): Pattern[] | undefined {
  const one = level === 1 ? ANY : NO_SLASH;
  const chars = Array.from(pattern);
  const parts: Pattern[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? "";
    if (char === "?") parts.push(one);
    else if (char === "*") {
      let stars = 1;
      while (chars[i + stars] === "*") stars++;
      if (stars === 1) {
        parts.push(anyNumber(one));
        continue;
      }
      const opens = i === 0 || chars[i - 1] === "/";
      const after = chars[i + 2];
      if (stars > 2 || !opens || !(after === undefined || after === "/")) return undefined;
      // "a/**/b" is also "a/b": the slash behind belongs to what may be missing.
      parts.push(after === "/" ? perhaps(sequence(anyNumber(ANY), letter("/"))) : anyNumber(ANY));
      i += after === "/" ? 2 : 1;
    } else if (char === "[") {
      const negated = chars[i + 1] === "!";
      const from = i + (negated ? 2 : 1);
      // A bracket right behind the opening one is a member of the class, not its end.
      const end = chars.indexOf("]", from + 1);
      const members = end < 0 ? undefined : membersOf(chars.slice(from, end));
      if (members === undefined) return undefined;
      parts.push({ kind: "one", of: (code) => members(code) !== negated && (level === 1 || code !== SLASH) });
      i = end;
    } else parts.push(letter(char));
  }
  return parts;
}

/** What stands in the brackets of a class: characters and ranges. Undefined where a range runs backwards. */
function membersOf(chars: readonly string[]): CodeSet | undefined {
  const codes = chars.map((char) => char.codePointAt(0) ?? 0);
  const ranges: [least: number, most: number][] = [];
  for (let i = 0; i < codes.length; i++) {
    const least = codes[i] ?? 0;
    const most = chars[i + 1] === "-" ? codes[i + 2] : undefined;
    if (most !== undefined && most < least) return undefined;
    ranges.push([least, most ?? least]);
    if (most !== undefined) i += 2;
  }
  return (code) => ranges.some(([least, most]) => least <= code && code <= most);
}

/** The test of a pattern, or undefined where the pattern is invalid (it would match nothing). */
export function compilePattern(pattern: string, level: SyntaxLevel = 1): PathTest | undefined {
  // Alone it is everything at any level: no path is without a slash.
  if (pattern === "*") return () => true;
  const folder = pattern.replace(/\/+$/, "");
  const wild = folder.search(/[*?[]/);
  if (wild < 0) {
    const below = `${folder}/`;
    return (path) => path === pattern || path.startsWith(below);
  }
  // Most paths are told apart by the folder in front of the first star, which needs no automaton.
  const front = folder.slice(0, folder.lastIndexOf("/", wild) + 1);
  const parts = partsOf(folder.slice(front.length), level);
  if (parts === undefined) return undefined;
  // With a slash at its end a pattern is what lies below, and not the folder itself.
  const below = letter("/");
  const end: Pattern = { kind: "either", parts: [below, { kind: "edge", edge: "end" }] };
  try {
    const automaton = new Automaton(sequence(...parts, folder === pattern ? end : below), false);
    return (path) => (path.startsWith(front) && automaton.test(path, front.length)) || path === pattern;
  } catch {
    // It is longer than any path.
    return undefined;
  }
}
