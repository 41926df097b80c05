// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a word that is being typed can become, by the table of a program. */
import { optionsFor, shortcutOf } from "#cli/parse";
import type { Completion, OptionSpec, ProgramSpec, VerbSpec } from "#cli/spec";

export interface Candidate {
  readonly word: string;
  readonly help?: string;
}

/** What the last of the words typed so far (it may be empty) can become: words, or a kind that the caller knows. */
export interface Candidates {
  readonly words: readonly Candidate[];
  readonly kind?: Completion;
  /** What is typed of the word already; of a value behind `=` that alone. */
  readonly prefix: string;
  /** What stands before it in the same word, such as `--cache=`. */
  readonly before: string;
  /** Values of options before it, by their names. */
  readonly given: ReadonlyMap<string, string>;
}

/** Where the words before the last one have led. */
interface Standing {
  readonly path: readonly VerbSpec[];
  /** Operands typed for the verb at the end of the path. */
  readonly operands: number;
  /** The option whose value the last word is. */
  readonly awaiting: OptionSpec | undefined;
  /** After `--`, or after the first word of a command that is passed on: no word is an option any more. */
  readonly literal: boolean;
  readonly given: ReadonlyMap<string, string>;
}

/** Finds what the last word can become. Never fails: what cannot be understood completes to nothing. */
export function candidates(program: ProgramSpec, typed: readonly string[]): Candidates {
  const words = joined(typed);
  const last = words.at(-1) ?? "";
  const standing = standingAfter(program, words.slice(0, -1));
  // The value of an option behind `=` is completed as if it stood alone.
  const [, before = "", value] = (standing.literal ? null : /^(--[^=]+=)(.*)$/s.exec(last)) ?? [];
  const prefix = value ?? last;
  const found = { prefix, before, given: standing.given };
  const possible = possibleAt(program, standing, prefix, before);
  if (Array.isArray(possible)) return { ...found, words: possible.filter(({ word }) => word.startsWith(prefix)) };
  return possible === undefined ? { ...found, words: [] } : { ...found, words: [], kind: possible };
}

/** Follows the words as the parser does, but takes whatever it does not know for an operand. */
function standingAfter(program: ProgramSpec, words: readonly string[]): Standing {
  const path: VerbSpec[] = [program];
  let verb: VerbSpec = program;
  let operands = 0;
  let awaiting: OptionSpec | undefined;
  let literal = false;
  const given = new Map<string, string>();
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (awaiting !== undefined) {
      given.set(awaiting.name, word);
      awaiting = undefined;
    } else if (!literal && word === "--") literal = true;
    else if (!literal && word.startsWith("-") && word !== "-") {
      const { spec, value } = optionOf(optionsFor(program, path), word);
      if (spec?.value === undefined) continue;
      if (value !== undefined) given.set(spec.name, value);
      else if (spec.implied === undefined || spec.takesNext === true) awaiting = spec;
    } else {
      const expansion = verb === program ? shortcutOf(program, word) : undefined;
      if (expansion !== undefined) {
        queue.unshift(...expansion);
        continue;
      }
      const found = operands > 0 ? undefined : verbNamed(verb, word);
      if (found === undefined) {
        operands += 1;
        if (verb.passThrough === true) literal = true;
      } else {
        path.push(found);
        verb = found;
      }
    }
  }
  return { path, operands, awaiting, literal, given };
}

function verbNamed(verb: VerbSpec, word: string): VerbSpec | undefined {
  return verb.verbs?.find(({ name, aliases = [] }) => name === word || aliases.includes(word));
}

/** The words that can stand there, or the kind that the caller knows. */
function possibleAt(
  program: ProgramSpec,
  { path, operands, awaiting, literal }: Standing,
  prefix: string,
  before: string,
): Candidate[] | Exclude<Completion, readonly string[]> | undefined {
  const options = optionsFor(program, path);
  const valued = before === "" ? awaiting : optionOf(options, before).spec;
  if (before !== "" || valued !== undefined) return kindOrWords(valued?.complete ?? valued?.choices);
  if (!literal && prefix.startsWith("-")) {
    const shown = options.filter(({ hidden }) => hidden !== true);
    return shown.map(({ name, help }) => ({ word: `--${name}`, help }));
  }
  const verb = path.at(-1) ?? program;
  if (verb.verbs !== undefined && verb.load === undefined && operands === 0) {
    const verbs = verb.verbs.filter(({ hidden }) => hidden !== true);
    return verbs.map(({ name, summary }) => ({ word: name, help: summary }));
  }
  // What follows a command that is passed on are that command's words.
  if (verb.passThrough === true && operands > 0) return "file";
  const specs = verb.operands ?? [];
  const spec = specs[operands] ?? (specs.at(-1)?.many === true ? specs.at(-1) : undefined);
  return kindOrWords(spec?.complete);
}

function kindOrWords(kind: Completion | undefined): Candidate[] | Exclude<Completion, readonly string[]> | undefined {
  return typeof kind === "object" ? kind.map((word) => ({ word })) : kind;
}

/** The words as typed. Bash cuts them at `=`: `--cache`, `=`, `dir`. */
function joined(typed: readonly string[]): string[] {
  const words: string[] = [];
  typed.forEach((word, i) => {
    const before = words.at(-1) ?? "";
    const cut = word === "=" && /^--[^=]+$/.test(before);
    const goesOn = typed[i - 1] === "=" && /^--[^=]+=$/.test(before);
    if (cut || goesOn) words[words.length - 1] = before + word;
    else words.push(word);
  });
  return words;
}

/** The option that a word names, and the value in the same word. */
function optionOf(
  known: readonly OptionSpec[],
  word: string,
): { readonly spec: OptionSpec | undefined; readonly value: string | undefined } {
  if (!word.startsWith("--")) {
    return { spec: known.find(({ short }) => short === word[1]), value: word.slice(2).replace(/^=/, "") || undefined };
  }
  const [name = "", ...rest] = word.slice(2).split("=");
  const spec = known.find((item) => item.name === name || item.aliases?.includes(name) === true);
  return { spec, value: rest.length === 0 ? undefined : rest.join("=") };
}
