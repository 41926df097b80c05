// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Licence expressions of SPDX: names of `data/licences.json` joined by AND, OR and WITH, and names of one's own. */
import { nearest } from "#base/nearest";
import names from "../../../data/licences.json";

/** What is wrong with an expression, and what to write. */
export interface LicenseMistake {
  readonly message: string;
  readonly hint: string;
}

/** Longer texts are a licence and not its name. */
const MAX_LENGTH = 1024;
const OWN = /^(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+$/;
const OWN_EXCEPTION = /^(?:DocumentRef-[A-Za-z0-9.-]+:)?AdditionRef-[A-Za-z0-9.-]+$/;

/** What people write where SPDX has another word. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ["apache", "Apache-2.0"],
  ["apache2", "Apache-2.0"],
  ["bsd", "BSD-3-Clause"],
  ["bsd2", "BSD-2-Clause"],
  ["bsd3", "BSD-3-Clause"],
  ["gpl", "GPL-2.0-or-later"],
  ["gplv2", "GPL-2.0-only"],
  ["gplv2+", "GPL-2.0-or-later"],
  ["gplv3", "GPL-3.0-only"],
  ["gplv3+", "GPL-3.0-or-later"],
  ["lgpl", "LGPL-2.1-or-later"],
  ["lgplv2.1", "LGPL-2.1-only"],
  ["lgplv2.1+", "LGPL-2.1-or-later"],
  ["lgplv3", "LGPL-3.0-only"],
  ["lgplv3+", "LGPL-3.0-or-later"],
  ["mpl", "MPL-2.0"],
]);

interface Names {
  /** Lower-case name to the name as SPDX writes it. */
  readonly licenses: ReadonlyMap<string, string>;
  readonly exceptions: ReadonlyMap<string, string>;
}

let known: Names | undefined;

function knownNames(): Names {
  const byLower = (words: readonly string[]) => new Map(words.map((word) => [word.toLowerCase(), word]));
  known ??= {
    // Old names such as GPL-3.0 are still names; many recipes have them. They come last, so that new ones are proposed.
    licenses: byLower([...names.identifiers, ...names.deprecated]),
    exceptions: byLower(names.exceptions),
  };
  return known;
}

/** What is wrong with a licence expression, or undefined where it is right. */
export function licenseMistake(text: string): LicenseMistake | undefined {
  const shown = text.length > 80 ? `${text.slice(0, 80)}...` : text;
  const wrong = (message: string, hint: string) => ({ message: `The licence "${shown}" ${message}`, hint });
  if (text.length > MAX_LENGTH) return wrong("is too long for an expression", "Write the licence's SPDX name.");
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  const joined = tokens.some((token) => /^(?:AND|OR|WITH)$/i.test(token));
  if (tokens.length > 1 && !joined && !/[()]/.test(text)) return unknownName(text.trim());
  let open = 0;
  let state: "license" | "exception" | "license-end" | "end" = "license";
  for (const token of tokens) {
    const operator = token.toUpperCase();
    const isOperator = operator === "AND" || operator === "OR" || operator === "WITH";
    if (isOperator && token !== operator) return wrong(`joins with "${token}"`, `Write ${operator} in capitals.`);
    if (state === "exception") {
      const mistake = nameMistake(token, knownNames().exceptions, OWN_EXCEPTION, "exception");
      if (mistake !== undefined) return mistake;
      state = "end";
    } else if (state === "license") {
      if (token === "(") open += 1;
      else if (token === ")" || isOperator) return wrong(`has "${token}" where a licence must stand`, FORM);
      else {
        const mistake = nameMistake(token, knownNames().licenses, OWN, "licence");
        if (mistake !== undefined) return mistake;
        state = "license-end";
      }
    } else if (token === ")" && open > 0) {
      open -= 1;
      state = "end";
    } else if (operator === "WITH" && state === "license-end") state = "exception";
    else if (operator === "AND" || operator === "OR") state = "license";
    else return wrong(`has "${token}" where AND, OR or its end must stand`, FORM);
  }
  if (state === "license" || state === "exception") return wrong("ends too early", FORM);
  return open > 0 ? wrong("has a bracket that is not closed", FORM) : undefined;
}

const FORM = "Write such as `MIT OR (Apache-2.0 AND BSD-3-Clause)`, or a list of licences.";

function nameMistake(
  token: string,
  words: ReadonlyMap<string, string>,
  own: RegExp,
  what: "licence" | "exception",
): LicenseMistake | undefined {
  if (own.test(token)) return undefined;
  // "or any later version" is a plus sign in old expressions.
  const name = what === "licence" && token.endsWith("+") ? token.slice(0, -1) : token;
  const proper = words.get(token.toLowerCase()) ?? words.get(name.toLowerCase());
  if (proper === undefined) {
    if (what === "licence") return unknownName(token);
    const near = nearest(token, words.values());
    const hint = near === undefined ? "Write AdditionRef-NAME for one of your own." : `Did you mean "${near}"?`;
    return { message: `SPDX knows no exception "${token}"`, hint };
  }
  if (proper === name || proper === token) return undefined;
  return { message: `The ${what} "${token}" is written "${proper}"`, hint: `Write ${proper}.` };
}

function unknownName(text: string): LicenseMistake {
  const near =
    OTHER_NAMES.get(text.toLowerCase().replaceAll(/[\s_-]/g, "")) ?? nearest(text, knownNames().licenses.values());
  const own = `LicenseRef-${text.replaceAll(/[^A-Za-z0-9.]+/g, "-").replaceAll(/^-|-$/g, "")}`;
  const escape = own === "LicenseRef-" ? "LicenseRef-NAME" : own;
  const hint = `Terms without a name at SPDX are written ${escape}.`;
  return {
    message: `SPDX knows no licence "${text}"`,
    hint: near === undefined ? hint : `Did you mean "${near}"? ${hint}`,
  };
}
