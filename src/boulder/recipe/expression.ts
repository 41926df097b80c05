// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Regular expressions of recipes. They are written for the engine of Rust; what JavaScript writes in another way is
 * translated: flags at the beginning `(?i)`, named groups `(?P<name>...)`, `\A`, `\z` and classes such as `[[:digit:]]`.
 */

const CLASSES: ReadonlyMap<string, string> = new Map([
  ["alnum", "0-9A-Za-z"],
  ["alpha", "A-Za-z"],
  ["blank", "\\t "],
  ["digit", "0-9"],
  ["lower", "a-z"],
  ["space", "\\t\\n\\v\\f\\r "],
  ["upper", "A-Z"],
  ["word", "0-9A-Za-z_"],
  ["xdigit", "0-9A-Fa-f"],
]);

/** The expression as JavaScript has it. Throws `SyntaxError` for what is none, or cannot be translated. */
export function compileExpression(text: string): RegExp {
  const opening = /^\(\?([a-zA-Z-]+)\)/.exec(text);
  const letters = opening?.[1] ?? "";
  let flags = "";
  for (const letter of letters) {
    // Rust compares Unicode text unless told otherwise: `u` asks for what it does anyway.
    if ("ism".includes(letter)) flags += flags.includes(letter) ? "" : letter;
    else if (letter !== "x" && letter !== "u") {
      throw new SyntaxError(`the flag "${letter}" of "(?${letters})" is not supported, expected i, m, s or x`);
    }
  }
  const body = text.slice(opening?.[0].length ?? 0);
  return new RegExp(translate(body, letters.includes("x")), flags);
}

/** One step through an expression: an escape, a named group, a class of POSIX, a comment, or one character. */
const STEP = /\\[\s\S]|\(\?P<|\[:\^?[a-z]+:\]|[\s\S]/g;

function translate(body: string, verbose: boolean): string {
  let out = "";
  let inClass = false;
  let comment = false;
  for (const [step] of body.matchAll(STEP)) {
    if (comment) {
      comment = step !== "\n";
      continue;
    }
    if (step === "\\A" && !inClass) out += "(?<![\\s\\S])";
    else if (step === "\\z" && !inClass) out += "(?![\\s\\S])";
    else if (step === "(?P<" && !inClass) out += "(?<";
    else if (inClass && step.startsWith("[:")) out += posix(step);
    else if (verbose && !inClass && step === "#") comment = true;
    else if (!(verbose && /^\s$/.test(step))) {
      if (step === "[") inClass = true;
      else if (step === "]") inClass = false;
      // In a verbose expression an escaped blank or number sign is itself.
      out += step === "\\ " ? " " : step === "\\#" ? "#" : step;
      // "[:" outside of a class opens one that begins with a colon.
      if (!inClass && step.startsWith("[:")) inClass = !step.endsWith("]");
    }
  }
  return out;
}

function posix(step: string): string {
  const members = CLASSES.get(step.slice(2, -2));
  if (members === undefined) throw new SyntaxError(`the class "${step}" is not supported`);
  return members;
}
