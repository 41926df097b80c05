// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Manual pages in roff, one for a program and one for each of its verbs, from the table. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT } from "#base/errors";
import { optionForms, optionHelp, usageLine } from "#cli/help";
import { optionsFor, verbTitle } from "#cli/parse";
import type { ProgramSpec, VerbSpec } from "#cli/spec";
import { allVerbs } from "#cli/verbs";

/** Exit codes of programs that do not say theirs; docs/guide.md has the same list. */
const EXITS: readonly (readonly [string, string])[] = [
  [String(EXIT.ok), "done, or nothing to do"],
  [String(EXIT.error), "an error"],
  [String(EXIT.usage), "the command line is wrong"],
  [String(EXIT.declined), "you did not agree, or nobody could be asked"],
  [String(EXIT.unresolved), "packages could not be resolved"],
  [String(EXIT.network), "a download failed"],
  [String(EXIT.trigger), "a trigger failed"],
  [String(EXIT.boot), "boot entries could not be written"],
  [String(EXIT.locked), "another process is changing the root"],
  ["130", "ended by an interrupt, before anything was begun or because you insisted"],
];

/** A text in which nothing is taken for a roff request or an escape. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^(['.])/gm, "\\&$1");
}

/** The page of a verb. */
export function manualPage(program: ProgramSpec, path: readonly VerbSpec[]): string {
  const verb = path.at(-1) ?? program;
  const title = path.map(({ name }) => name).join("-");
  const lines = [
    `.TH "${roff(title.toUpperCase())}" "1" "" "${roff(`${program.name} ${program.version}`)}"`,
    ".SH NAME",
    `${roff(title)} \\- ${roff(verb.summary)}`,
    ".SH SYNOPSIS",
    `.B ${roff(usageLine(path))}`,
  ];
  if (verb.description !== undefined) lines.push(".SH DESCRIPTION", roff(verb.description));
  const section = (name: string, rows: readonly (readonly [string, string])[]) => {
    if (rows.length === 0) return;
    lines.push(`.SH ${name}`);
    for (const [head, text] of rows) lines.push(".TP", `.B ${roff(head)}`, roff(text));
  };
  const verbs = (verb.verbs ?? []).filter(({ hidden }) => hidden !== true);
  section(
    "VERBS",
    verbs.map((item) => [[item.name, ...(item.aliases ?? [])].join(", "), item.summary]),
  );
  section(
    "OPERANDS",
    (verb.operands ?? []).map(({ name, help }) => [name, help]),
  );
  const options = optionsFor(program, path).filter(({ hidden }) => hidden !== true);
  section(
    "OPTIONS",
    options.map((option) => [optionForms(option), optionHelp(option)]),
  );
  section(
    "EXAMPLES",
    (verb.examples ?? []).map(({ command, help }) => [command, help]),
  );
  section("EXIT STATUS", program.exits ?? EXITS);
  if (path.length > 1) lines.push(".SH SEE ALSO", `.BR ${roff(program.name)} (1)`);
  return `${lines.join("\n")}\n`;
}

/** Writes `moss.1`, `moss-install.1`, ... into a folder. */
export function writeManuals(program: ProgramSpec, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const path of allVerbs(program)) {
    writeFileSync(join(folder, `${verbTitle(path).replaceAll(" ", "-")}.1`), manualPage(program, path));
  }
}
