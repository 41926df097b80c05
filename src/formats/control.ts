// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Debian control data: paragraphs of `Field: value` with continuation lines (Debian Policy 5.1, deb822(5)). */
import { Failure } from "#base/errors";

/** Fields of one paragraph by lower-case name. Continuation lines are joined by `\n`, their first blank kept. */
export type Paragraph = ReadonlyMap<string, string>;

/** Parses one paragraph that stands alone. Throws `format.invalid` naming the line. */
export function parseParagraph(text: string, name: string): Paragraph {
  const fields = new Map<string, string>();
  let current = "";
  let number = 0;
  for (const raw of text.split("\n")) {
    number += 1;
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith(" ") || line.startsWith("\t")) {
      if (current === "") throw invalid(name, number, "a continuation line", "a field before it");
      fields.set(current, `${fields.get(current) ?? ""}\n${line}`);
      continue;
    }
    const colon = line.indexOf(":");
    if (colon <= 0) throw invalid(name, number, `"${line.slice(0, 40)}"`, "Field: value");
    current = line.slice(0, colon).toLowerCase();
    if (fields.has(current)) throw invalid(name, number, `the field "${current}" again`, "it once");
    fields.set(current, line.slice(colon + 1).trim());
  }
  return fields;
}

/** Cuts a text into paragraphs at blank lines, and parses each. */
export function* parseParagraphs(text: string, name: string): Generator<Paragraph> {
  for (const block of text.replaceAll("\r\n", "\n").split(/\n[ \t]*\n+/)) {
    const paragraph = parseParagraph(block, name);
    if (paragraph.size > 0) yield paragraph;
  }
}

function invalid(name: string, line: number, found: string, expected: string): Failure {
  return new Failure("format.invalid", `Cannot read "${name}", line ${line}: ${found}, expected ${expected}`);
}

/** Summary and long description of a `Description` field; ` .` stands for an empty line (Policy 5.6.13). */
export function splitDescription(value: string): { summary: string; description: string } {
  const [summary = "", ...rest] = value.split("\n");
  const lines = rest.map((line) => (/^\s*\.\s*$/.test(line) ? "" : line.replace(/^ /, "")));
  return { summary: summary.trim(), description: lines.join("\n").trim() };
}
