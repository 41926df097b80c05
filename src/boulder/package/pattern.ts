// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Patterns of collection rules: shell-like, `*` and `?` match a slash and a leading dot too (real recipes rely on that),
 * `**` is a whole component that stands for any number of them, `[a-z]` and `[!a-z]` are classes. A pattern also
 * matches everything below what it names, so `/usr/include` is the folder with all that is in it. In recipes that say
 * `syntax: 2` stars, question marks and classes stop at a slash, and only `**` crosses it.
 */
import type { SyntaxLevel } from "../recipe/model";

/** Tests a path; made once for each pattern. */
export type PathTest = (path: string) => boolean;

/** The source of a regular expression for a pattern, or undefined where it is none: a stray `**` or an open class. */
function source(pattern: string, level: SyntaxLevel): string | undefined {
  const one = level === 1 ? "." : "[^/]";
  let out = "";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] ?? "";
    if (char === "?") out += one;
    else if (char === "*") {
      let stars = 1;
      while (pattern[i + stars] === "*") stars++;
      if (stars === 1) {
        out += `${one}*`;
        continue;
      }
      const opens = i === 0 || pattern[i - 1] === "/";
      const after = pattern[i + 2];
      if (stars > 2 || !opens || !(after === undefined || after === "/")) return undefined;
      // "a/**/b" is also "a/b": the slash behind belongs to what may be missing.
      out += after === "/" ? "(?:.*/)?" : ".*";
      i += after === "/" ? 2 : 1;
    } else if (char === "[") {
      const negated = pattern[i + 1] === "!";
      const from = i + (negated ? 2 : 1);
      // A bracket right behind the opening one is a member of the class, not its end.
      const end = pattern.indexOf("]", from + 1);
      if (end < 0) return undefined;
      const members = pattern.slice(from, end).replaceAll(/[\\\]^[]/g, String.raw`\$&`);
      out += `${level === 1 ? "" : "(?!/)"}[${negated ? "^" : ""}${members}]`;
      i = end;
    } else out += char.replace(/[\\^$.|+(){}]/, String.raw`\$&`);
  }
  return out;
}

/** The test of a pattern, or undefined where the pattern is invalid (it would match nothing). */
export function compilePattern(pattern: string, level: SyntaxLevel = 1): PathTest | undefined {
  // Alone it is everything at any level: no path is without a slash.
  if (pattern === "*") return () => true;
  const folder = pattern.replace(/\/+$/, "");
  if (!/[*?[]/.test(pattern)) {
    const below = `${folder}/`;
    return (path) => path === pattern || path.startsWith(below);
  }
  const self = source(pattern, level);
  const inside = source(folder, level);
  if (self === undefined || inside === undefined) return undefined;
  try {
    const expression = new RegExp(`^(?:${self}|${inside}/.*)$`, "su");
    return (path) => expression.test(path) || path === pattern;
  } catch {
    // A class whose range runs backwards.
    return undefined;
  }
}
