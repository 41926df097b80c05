// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Calls of macros with arguments: `%fetch(a, to=b)` or `%(option, a)`, where the macro says that it takes some. */
import type { MacroArgument } from "../recipe/model";

/** What an argument is in the body of a macro, and the arguments that its own text may name. */
export interface Bound {
  readonly text: string;
  readonly bindings: Bindings | undefined;
  /** The macro whose argument it is. */
  readonly owner: string;
  /** Macros on the way to the call, where its text is from; undefined for what the macro itself says. */
  readonly via?: readonly string[];
}
export type Bindings = ReadonlyMap<string, Bound>;

export interface Call {
  readonly values: readonly string[];
  /** Characters of the call, with its brackets. */
  readonly length: number;
}

/**
 * Reads the call whose bracket opens at `at`; undefined where the bracket is not closed. Commas and brackets inside of
 * quotes or further brackets, or behind a backslash, belong to a value; quotes stay in it, for the shell.
 */
export function readCall(text: string, at: number): Call | undefined {
  const values: string[] = [];
  let depth = 0;
  let quote: string | undefined;
  let from = at + 1;
  for (let i = at; i < text.length; i++) {
    const char = text[i] ?? "";
    if (char === "\\" && quote !== "'") i++;
    else if (quote !== undefined) quote = char === quote ? undefined : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === "(") depth++;
    else if (char === "," && depth === 1) {
      values.push(text.slice(from, i).trim());
      from = i + 1;
    } else if (char === ")" && --depth === 0) {
      const last = text.slice(from, i).trim();
      if (values.length > 0 || last !== "") values.push(last);
      return { values, length: i + 1 - at };
    }
  }
  return undefined;
}

/** How the arguments of a macro are written, with what those are that need not be. */
export function formOf(taken: readonly MacroArgument[]): string {
  return taken.map((one) => (one.fallback === undefined ? one.id : `${one.id}=${one.fallback}`)).join(", ");
}

/** The values of a call by the names of the arguments; `mistakes` are for people. */
export function bindArguments(
  macro: string,
  taken: readonly MacroArgument[],
  values: readonly string[],
  caller: { readonly bindings: Bindings | undefined; readonly via: readonly string[] },
): { readonly bindings: Bindings; readonly mistakes: readonly string[] } {
  const bindings = new Map<string, Bound>();
  const mistakes: string[] = [];
  const unnamed: string[] = [];
  for (const value of values) {
    const id = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(value)?.[1];
    // Text such as -DX=1 or CC=gcc is a value, unless an argument has that name.
    if (id === undefined || !taken.some((one) => one.id === id)) unnamed.push(value);
    else if (bindings.has(id)) mistakes.push(`${macro} is given "${id}" twice`);
    else bindings.set(id, { text: value.slice(id.length + 1).trim(), ...caller, owner: macro });
  }
  // Values without a name are for the arguments that none names, in their order.
  const open = taken.filter(({ id }) => !bindings.has(id));
  unnamed.forEach((text, i) => {
    const argument = open[i];
    if (argument !== undefined) bindings.set(argument.id, { text, ...caller, owner: macro });
    else mistakes.push(`${macro} takes ${taken.map(({ id }) => id).join(", ")}, so "${text}" is one too many`);
  });
  for (const { id, fallback } of taken) {
    if (bindings.has(id)) continue;
    if (fallback === undefined) mistakes.push(`${macro} is not given "${id}"`);
    // A fallback may name the other arguments.
    bindings.set(id, { text: fallback ?? "", bindings, owner: macro });
  }
  return { bindings, mistakes };
}
