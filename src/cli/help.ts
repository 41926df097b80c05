// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Help texts, from the table of a program. */
import { optionsFor, verbTitle } from "#cli/parse";
import type { OptionSpec, ProgramSpec, VerbSpec } from "#cli/spec";
import { pad, type Style, textWidth } from "#cli/style";
import { terminalWidth } from "#cli/terminal";
import { reflowed, wrapped } from "#cli/wrap";

/** Wider lines are hard to read. On narrower terminals lines may wrap: words of options cannot be cut. */
const WIDEST = 100;
const NARROWEST = 24;
/** With less room than this beside the names, what they mean stands below them. */
const BESIDE = 26;
const NAMES = 32;
/** Verbs with many aliases stand on lines of their own. */
const VERBS = 20;
/** Commands of examples are longer than names. */
const COMMANDS = 42;

/** How an option is written: `-o, --output-dir <dir>`. */
export function optionForms(option: OptionSpec): string {
  const value = option.value === undefined ? "" : valueForm(option, option.value);
  const names = [...(option.short === undefined ? [] : [`-${option.short}`]), `--${option.name}`];
  return `${names.join(", ")}${value}`;
}

function valueForm({ implied, takesNext }: OptionSpec, value: string): string {
  if (implied === undefined) return ` <${value}>`;
  return takesNext === true ? ` [${value}]` : `[=${value}]`;
}

/** What an option does. */
export function optionHelp({ help, repeat, choices }: OptionSpec): string {
  const among = choices === undefined ? "" : `: ${choices.join(", ")}`;
  return `${help}${among}${repeat === true ? "; can be given again" : ""}`;
}

/** How a verb is called: `moss install [options] <package...>`, with the options that it needs. */
export function usageLine(path: readonly VerbSpec[]): string {
  const verb = path.at(-1);
  const operands = (verb?.operands ?? []).map(({ name, many, optional }) => {
    const text = `${name}${many === true ? "..." : ""}`;
    return optional === true ? `[${text}]` : `<${text}>`;
  });
  const verbs = verb?.verbs === undefined ? [] : [verb.load === undefined ? "<verb>" : "[verb]"];
  const needed = (verb?.options ?? []).filter(({ required }) => required === true);
  const options = needed.map(({ name, value }) => `--${name} <${value}>`);
  return [verbTitle(path), "[options]", ...options, ...verbs, ...operands].join(" ");
}

/** The help of a verb, or of the program, for a terminal of so many columns. */
export function helpText(
  program: ProgramSpec,
  path: readonly VerbSpec[],
  style: Style,
  columns = terminalWidth(),
): string {
  const verb = path.at(-1) ?? program;
  const width = Math.min(WIDEST, Math.max(NARROWEST, columns));
  const [usage = "", ...more] = wrapped(`Usage: ${usageLine(path)}`, width);
  const lines = [style.bold("Usage:") + usage.slice("Usage:".length), ...more.map((line) => `  ${line}`)];
  lines.push("", ...wrapped(sentence(verb.summary), width));
  if (verb.description !== undefined) lines.push("", ...reflowed(verb.description, width));
  const section = (title: string, rows: readonly (readonly [string, string])[], widest = NAMES) => {
    if (rows.length > 0) lines.push("", style.bold(title), ...twoColumns(rows, width, widest));
  };
  section(
    "Verbs:",
    (verb.verbs ?? [])
      .filter(({ hidden }) => hidden !== true)
      .map((item) => [[item.name, ...(item.aliases ?? [])].join(", "), item.summary] as const),
    VERBS,
  );
  section(
    "Operands:",
    (verb.operands ?? []).map(({ name, help }) => [name, help] as const),
  );
  const rows = (options: readonly OptionSpec[]) =>
    options.filter(({ hidden }) => hidden !== true).map((option) => [optionForms(option), optionHelp(option)] as const);
  const globals = new Set(program.globals);
  section("Options:", rows(optionsFor(program, path).filter((option) => !globals.has(option))));
  if (verb === program) section("Options of every verb:", rows(program.globals));
  if (verb === program && program.shortcuts !== undefined) {
    section(
      "Short words:",
      Object.entries(program.shortcuts).map(([word, meaning]) => [word, meaning.join(" ")] as const),
    );
  }
  section(
    "Examples:",
    (verb.examples ?? []).map(({ command, help }) => [command, help] as const),
    COMMANDS,
  );
  // On a screen of 24 lines what the verb itself takes would be gone.
  if (verb !== program) lines.push("", ...wrapped(globalForms(program), width));
  return `${lines.join("\n")}\n`;
}

/** The options that every verb has, by their names alone. */
function globalForms(program: ProgramSpec): string {
  const forms = program.globals
    .filter(({ hidden }) => hidden !== true)
    .map(({ name, short }) => (short === undefined ? `--${name}` : `-${short}`));
  return `Every verb also takes ${forms.join(" ")} ("${program.name} --help" explains them).`;
}

/** A summary as a sentence of its own. */
function sentence(summary: string): string {
  const text = summary.charAt(0).toUpperCase() + summary.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Names and what they mean; a name that is too wide stands on a line of its own, and on narrow terminals each does. */
function twoColumns(rows: readonly (readonly [string, string])[], width: number, widest: number): string[] {
  const names = Math.min(widest, Math.max(...rows.map(([name]) => textWidth(name))));
  if (width - names - 4 < BESIDE) {
    return rows.flatMap(([name, meaning]) => [
      `  ${name}`,
      ...wrapped(meaning, width - 6).map((line) => `      ${line}`),
    ]);
  }
  return rows.flatMap(([name, meaning]) => {
    const text = wrapped(meaning, width - names - 4);
    const fits = textWidth(name) <= names;
    const first = fits ? `  ${pad(name, names)}  ${text[0] ?? ""}`.trimEnd() : `  ${name}`;
    const rest = (fits ? text.slice(1) : text).map((line) => " ".repeat(names + 4) + line);
    return [first, ...rest];
  });
}
