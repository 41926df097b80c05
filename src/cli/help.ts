// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Help texts, from the table of a program. */
import { optionsFor, verbTitle } from "#cli/parse";
import type { OptionSpec, ProgramSpec, VerbSpec } from "#cli/spec";
import { formatTable, type Style } from "#cli/style";

/** How an option is written: `-o, --output-dir <dir>`. */
export function optionForms(option: OptionSpec): string {
  const value =
    option.value === undefined ? "" : option.implied === undefined ? ` <${option.value}>` : `[=${option.value}]`;
  const names = [...(option.short === undefined ? [] : [`-${option.short}`]), `--${option.name}`];
  return `${names.join(", ")}${value}`;
}

/** How a verb is called: `moss install [options] <package...>`. */
export function usageLine(path: readonly VerbSpec[]): string {
  const verb = path.at(-1);
  const operands = (verb?.operands ?? []).map(({ name, many, optional }) => {
    const text = `${name}${many === true ? "..." : ""}`;
    return optional === true ? `[${text}]` : `<${text}>`;
  });
  const verbs = verb?.verbs === undefined ? [] : [verb.load === undefined ? "<verb>" : "[verb]"];
  return [verbTitle(path), "[options]", ...verbs, ...operands].join(" ");
}

/** The help of a verb, or of the program. */
export function helpText(program: ProgramSpec, path: readonly VerbSpec[], style: Style): string {
  const verb = path.at(-1) ?? program;
  const lines = [`${style.bold("Usage:")} ${usageLine(path)}`, "", verb.summary];
  if (verb.description !== undefined) lines.push("", verb.description);
  const section = (title: string, rows: readonly (readonly string[])[]) => {
    if (rows.length > 0) lines.push("", style.bold(title), ...formatTable(rows).map((line) => `  ${line}`));
  };
  section(
    "Verbs:",
    (verb.verbs ?? [])
      .filter(({ hidden }) => hidden !== true)
      .map((item) => [[item.name, ...(item.aliases ?? [])].join(", "), item.summary]),
  );
  section(
    "Operands:",
    (verb.operands ?? []).map(({ name, help }) => [name, help]),
  );
  const rows = (options: readonly OptionSpec[]) =>
    options.filter(({ hidden }) => hidden !== true).map((option) => [optionForms(option), option.help]);
  const globals = new Set(program.globals);
  section("Options:", rows(optionsFor(program, path).filter((option) => !globals.has(option))));
  section("Options of every verb:", rows(program.globals));
  if (verb === program && program.shortcuts !== undefined) {
    section(
      "Short words:",
      Object.entries(program.shortcuts).map(([word, meaning]) => [word, meaning.join(" ")]),
    );
  }
  section(
    "Examples:",
    (verb.examples ?? []).map(({ command, help }) => [command, help]),
  );
  return `${lines.join("\n")}\n`;
}
