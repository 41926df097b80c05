// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Capabilities: what a package needs, gives, or cannot live beside. All three are a kind and an opaque name, matched
 * by exact equality, written `kind(name)`; a bare word means `name(word)`.
 */
import { Failure } from "#base/errors";

/** Kinds and their numbers in .stone files. Numbers from 64 up are ours; other readers skip records of those kinds. */
export const KINDS = {
  name: 0,
  soname: 1,
  pkgconfig: 2,
  interpreter: 3,
  cmake: 4,
  python: 5,
  binary: 6,
  sysbinary: 7,
  pkgconfig32: 8,
  perl: 64,
  ruby: 65,
  typelib: 66,
  gomod: 67,
  crate: 68,
  font: 69,
  kernel: 70,
} as const;

export type Kind = keyof typeof KINDS;

export interface Capability {
  readonly kind: Kind;
  readonly name: string;
}

/** The written form, `kind(name)`. Also the sort key and the database key of a capability. */
export type CapabilityText = string;

const BY_NUMBER = new Map<number, Kind>(Object.entries(KINDS).map(([kind, id]) => [id, kind as Kind]));

/** The kind with this number in a .stone file, or undefined where we know none. */
export function kindOf(id: number): Kind | undefined {
  return BY_NUMBER.get(id);
}

/** True for the name of a kind. */
export function isKind(word: string): word is Kind {
  return Object.hasOwn(KINDS, word);
}

/** A capability of a kind. */
export function capability(kind: Kind, name: string): Capability {
  return { kind, name };
}

/** The written form, `kind(name)`, of package names too. */
export function formatCapability(item: Capability): CapabilityText {
  return `${item.kind}(${item.name})`;
}

/** Parses `kind(name)` or a bare package name. Throws `dependency.invalid`, with the kinds there are as the hint. */
export function parseCapability(text: string): Capability {
  const open = text.indexOf("(");
  if (open < 0) {
    if (text === "" || text.includes(")")) throw invalid(text, "a stray parenthesis or nothing");
    return { kind: "name", name: text };
  }
  const kind = text.slice(0, open);
  if (!text.endsWith(")")) throw invalid(text, "no closing parenthesis at the end");
  if (!isKind(kind)) throw invalid(text, `unknown kind "${kind}"`);
  const name = text.slice(open + 1, -1);
  if (name === "") throw invalid(text, "an empty name");
  return { kind, name };
}

function invalid(text: string, found: string): Failure {
  return new Failure("dependency.invalid", `Cannot read the dependency "${text}": ${found}, expected kind(name)`, {
    hint: `Kinds: ${Object.keys(KINDS).join(", ")}.`,
  });
}
