// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * From words to a verb with operands and options, by the table of a program. Our own, because loading commander takes
 * 7 ms of the 30 that `moss list` has to start, and its rewriting of words cannot tell a verb from a value.
 */
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import type { OptionSpec, Options, ProgramSpec, VerbSpec } from "#cli/spec";

export interface Parsed {
  /** Verbs from the program down to the one that runs. */
  readonly path: readonly VerbSpec[];
  readonly verb: VerbSpec;
  readonly operands: readonly string[];
  readonly options: Options;
}

/** Finds the verb, its options and operands. Throws `usage`. Missing operands are not an error where help is asked for. */
export function parseWords(program: ProgramSpec, words: readonly string[]): Parsed {
  const path: VerbSpec[] = [program];
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  const queue = [...words];
  let literal = false;
  let verb: VerbSpec = program;
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (!literal && word === "--") {
      literal = true;
    } else if (!literal && word.startsWith("-") && word !== "-" && !NEGATIVE.test(word)) {
      takeOption(program, path, word, queue, values);
    } else if (verb.verbs !== undefined && operands.length === 0 && !literal) {
      const expansion = verb === program ? shortcutOf(program, word) : undefined;
      if (expansion !== undefined) {
        queue.unshift(...expansion);
        continue;
      }
      const found = verb.verbs.find(({ name, aliases }) => name === word || aliases?.includes(word) === true);
      if (found === undefined) {
        if (verb.load === undefined) throw unknownVerb(program, path, word);
        takeOperand(verb, word, queue, operands);
        continue;
      }
      path.push(found);
      verb = found;
    } else takeOperand(verb, word, queue, operands);
  }
  const options = optionsOf(values);
  if (!INSTEAD.some(options.flag) && verb.load !== undefined) checkGiven(path, operands, options);
  return { path, verb, operands, options };
}

/** Options that do something else than the verb, so that it may be incomplete. */
const INSTEAD = ["help", "version", "generate-manpages", "generate-completions"];

/** A number, which the verb refuses in words of its own; no option is named by a digit. */
const NEGATIVE = /^-\d+$/;

function takeOperand(verb: VerbSpec, word: string, queue: string[], operands: string[]): void {
  operands.push(word);
  if (verb.passThrough === true) operands.push(...queue.splice(0));
}

/** What a short word stands for. */
export function shortcutOf({ shortcuts = {} }: ProgramSpec, word: string): readonly string[] | undefined {
  return Object.hasOwn(shortcuts, word) ? shortcuts[word] : undefined;
}

/** The words that call a verb: `moss state diff`. */
export function verbTitle(path: readonly VerbSpec[]): string {
  return path.map(({ name }) => name).join(" ");
}

/** Every option that a verb takes: its own and its parents', then the program's global ones. */
export function optionsFor(program: ProgramSpec, path: readonly VerbSpec[]): OptionSpec[] {
  return [...path.flatMap((verb) => verb.options ?? []), ...program.globals];
}

function takeOption(
  program: ProgramSpec,
  path: readonly VerbSpec[],
  word: string,
  queue: string[],
  values: Map<string, string[]>,
): void {
  const known = optionsFor(program, path);
  const long = word.startsWith("--");
  const equals = long ? word.indexOf("=") : -1;
  const name = long ? word.slice(2, equals < 0 ? undefined : equals) : word.slice(1, 2);
  const spec = known.find((item) =>
    long ? item.name === name || item.aliases?.includes(name) === true : item.short === name,
  );
  if (spec === undefined) throw unknownOption(path, known, long ? `--${name}` : `-${name}`);
  const rest = long ? (equals < 0 ? undefined : word.slice(equals + 1)) : word.slice(2) || undefined;
  const shown = long ? `--${name}` : `-${name}`;
  if (spec.value === undefined) {
    if (rest !== undefined) {
      if (long) throw usage(path, `Cannot use "${word}": ${shown} takes no value`);
      queue.unshift(`-${rest}`); // several letters in one word
    }
    add(values, spec, "");
    return;
  }
  // What stands for itself takes its value behind `=` only, short or long, unless it says otherwise.
  let value = !long && spec.implied !== undefined && rest?.startsWith("=") === true ? rest.slice(1) : rest;
  if (spec.takesNext === true && queue[0]?.startsWith("-") === false) value ??= queue.shift();
  value ??= spec.implied ?? queue.shift();
  if (value === undefined) throw usage(path, `Cannot use "${shown}": nothing follows, expected <${spec.value}>`);
  if (spec.choices !== undefined && !spec.choices.includes(value)) {
    const near = nearest(value, spec.choices);
    throw usage(
      path,
      `Cannot use "${value}" for ${shown}: expected ${spec.choices.join(", ")}`,
      near === undefined ? undefined : `Did you mean "${near}"?`,
    );
  }
  add(values, spec, value);
}

function add(values: Map<string, string[]>, spec: OptionSpec, value: string): void {
  const list = values.get(spec.name);
  if (list !== undefined && spec.repeat === true) list.push(value);
  else values.set(spec.name, [value]);
}

function checkGiven(path: readonly VerbSpec[], operands: readonly string[], options: Options): void {
  const specs = path.at(-1)?.operands ?? [];
  const needed = path.at(-1)?.options?.find(({ name, required }) => required === true && !options.flag(name));
  if (needed !== undefined) {
    throw usage(path, `Cannot run "${verbTitle(path)}": --${needed.name} is missing (${needed.help})`);
  }
  const missing = specs.find((spec, i) => spec.optional !== true && operands[i] === undefined);
  if (missing !== undefined) {
    throw usage(path, `Cannot run "${verbTitle(path)}": <${missing.name}> is missing (${missing.help})`);
  }
  const extra = operands[specs.length];
  if (extra !== undefined && specs.at(-1)?.many !== true) {
    throw usage(path, `Cannot run "${verbTitle(path)}": "${extra}" is one word too many`);
  }
}

function optionsOf(values: ReadonlyMap<string, readonly string[]>): Options {
  const text = (name: string) => values.get(name)?.at(-1);
  return {
    flag: (name) => values.has(name),
    text,
    list: (name) => values.get(name) ?? [],
    number: (name, least = 0, most = Number.MAX_SAFE_INTEGER) => {
      const given = text(name);
      if (given === undefined) return undefined;
      const number = Number(given);
      if (!/^\d+$/.test(given) || number < least || number > most) {
        const end = most === Number.MAX_SAFE_INTEGER ? "up" : `to ${most}`;
        throw new Failure("usage", `Cannot use "${given}" for --${name}: expected a whole number from ${least} ${end}`);
      }
      return number;
    },
  };
}

function usage(path: readonly VerbSpec[], message: string, hint?: string): Failure {
  return new Failure("usage", message, { hint: hint ?? `"${verbTitle(path)} --help" shows what it takes.` });
}

function unknownVerb(program: ProgramSpec, path: readonly VerbSpec[], word: string): Failure {
  const verb = path.at(-1) ?? program;
  const names = (verb.verbs ?? [])
    .filter(({ hidden }) => hidden !== true)
    .flatMap((item) => [item.name, ...(item.aliases ?? [])]);
  const near = nearest(word, names);
  return usage(
    path,
    `Cannot run "${verbTitle(path)} ${word}": there is no such verb`,
    near === undefined ? undefined : `Did you mean "${verbTitle(path)} ${near}"?`,
  );
}

function unknownOption(path: readonly VerbSpec[], known: readonly OptionSpec[], shown: string): Failure {
  const near = nearest(
    shown,
    known.filter(({ hidden }) => hidden !== true).map(({ name }) => `--${name}`),
  );
  return usage(
    path,
    `Cannot use "${shown}": "${verbTitle(path)}" has no such option`,
    near === undefined ? undefined : `Did you mean "${near}"?`,
  );
}
