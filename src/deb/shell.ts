// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Reads the simple commands out of a maintainer script without running it: words, literal variables, `for` over literal
 * words. Conditions are not judged: what stands in a branch counts as run. What depends on more is marked as unknown.
 */

/** A word, or undefined where its value is only known when the script runs. */
export type Word = string | undefined;
export type Command = readonly Word[];

const KEYWORDS = new Set(["if", "then", "else", "elif", "do", "while", "until", "{", "(", "!", "time"]);
const MAX_COMMANDS = 20_000;

/** A piece of a script before variables are known: words in raw form. */
type Statement = readonly string[];

/** Cuts a script into statements of raw words; quotes stay in the words. */
function statements(script: string): Statement[] {
  const text = script.replaceAll("\\\n", " ");
  const out: Statement[] = [];
  let words: string[] = [];
  let word = "";
  let quote = "";
  const endWord = () => {
    if (word !== "") words.push(word);
    word = "";
  };
  const endStatement = () => {
    endWord();
    if (words.length > 0) out.push(words);
    words = [];
  };
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (quote !== "") {
      word += char;
      if (char === "\\" && quote === '"') word += text.charAt(++i);
      else if (char === quote) quote = "";
    } else if (char === "'" || char === '"') {
      quote = char;
      word += char;
    } else if (char === "\\") word += char + text.charAt(++i);
    else if (char === "#" && word === "") {
      const end = text.indexOf("\n", i);
      i = end < 0 ? text.length : end - 1;
    } else if (char === "$" && text.charAt(i + 1) === "(") {
      const end = matching(text, i + 1);
      word += text.slice(i, end + 1);
      i = end;
    } else if (char === "\n" || char === ";" || char === "&" || char === "|" || char === ")") endStatement();
    else if (char === " " || char === "\t") endWord();
    else word += char;
  }
  endStatement();
  return out;
}

/** Position of the bracket that closes the one at `open`, or the end of the text. */
function matching(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text.charAt(i) === "(") depth += 1;
    else if (text.charAt(i) === ")" && --depth === 0) return i;
  }
  return text.length;
}

type Variables = Map<string, Word>;

/** Value of a raw word: quotes removed, literal variables put in. Undefined where it has other expansions. */
function evaluate(raw: string, variables: Variables): Word {
  let out = "";
  let quote = "";
  for (let i = 0; i < raw.length; i++) {
    const char = raw.charAt(i);
    if (quote === "'") {
      if (char === "'") quote = "";
      else out += char;
    } else if (char === '"') quote = quote === '"' ? "" : '"';
    else if (char === "'" && quote === "") quote = "'";
    else if (char === "\\") out += raw.charAt(++i);
    else if (char === "`") return undefined;
    else if (char === "$") {
      const match = /^\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/.exec(raw.slice(i));
      // In a maintainer script, DPKG_ROOT is empty on the system itself.
      const dpkgRoot = /^\$\{?DPKG_ROOT(?::[-+=][^}]*)?\}?/.exec(raw.slice(i));
      if (dpkgRoot !== null) i += dpkgRoot[0].length - 1;
      else if (match === null) return undefined;
      else {
        const value = variables.get(match[1] ?? match[2] ?? "");
        if (value === undefined) return undefined;
        out += value;
        i += match[0].length - 1;
      }
    } else out += char;
  }
  return out;
}

/** The words that a raw word becomes: a variable that stands alone is cut at its blanks, as the shell does. */
function expand(raw: string, variables: Variables): Word[] {
  const value = evaluate(raw, variables);
  if (value === undefined || !/^\$(?:\w+|\{\w+\})$/.test(raw)) return [value];
  return value.split(/[\s\\]+/).filter((word) => word !== "");
}

/** Index after the `done` that ends the loop whose body starts at `from`. */
function loopEnd(list: readonly Statement[], from: number): number {
  let depth = 1;
  for (let i = from; i < list.length; i++) {
    const first = list[i]?.find((word) => word !== "do" && word !== "then");
    if (first === "for" || first === "while" || first === "until") depth += 1;
    else if (first === "done" && --depth === 0) return i + 1;
  }
  return list.length;
}

function run(list: readonly Statement[], variables: Variables, out: Command[]): void {
  /** How many `if` enclose the statement. */
  let branches = 0;
  for (let i = 0; i < list.length && out.length < MAX_COMMANDS; i++) {
    let words = list[i] ?? [];
    if (words[0] === "fi") branches = Math.max(0, branches - 1);
    if (words.find((word) => !KEYWORDS.has(word) || word === "if") === "if") branches += 1;
    while (words[0] !== undefined && KEYWORDS.has(words[0])) words = words.slice(1);
    if (words[0] === "for" && words[2] === "in" && words[1] !== undefined) {
      const end = loopEnd(list, i + 1);
      const values = words.slice(3).map((word) => evaluate(word, variables));
      const items = values.flatMap((value) => (value === undefined ? [undefined] : value.split(/\s+/)));
      for (const item of items) {
        variables.set(words[1], item);
        run(list.slice(i + 1, end - 1), variables, out);
      }
      i = end - 1;
      continue;
    }
    while (words[0] !== undefined && /^[A-Za-z_]\w*=/.test(words[0])) {
      const equals = words[0].indexOf("=");
      const name = words[0].slice(0, equals);
      const value = evaluate(words[0].slice(equals + 1), variables);
      // What a branch makes of a known value, in a way that nobody knows here, is the exception: the known one stays.
      if (value !== undefined || branches === 0 || variables.get(name) === undefined) variables.set(name, value);
      words = words.slice(1);
    }
    if (words.length > 0) out.push(words.flatMap((word) => expand(word, variables)));
  }
}

/** The simple commands of a script, in order, loops over literal words unrolled. */
export function readCommands(script: string): Command[] {
  const out: Command[] = [];
  run(statements(script), new Map(), out);
  return out;
}

/** The program that a command runs, without its folder; undefined where unknown. */
export function programOf(command: Command): string | undefined {
  return command[0]?.split("/").at(-1);
}
