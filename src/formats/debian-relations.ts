// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Relations between Debian packages: `a (>= 1) | b:any, c` (Debian Policy 7.1). */
import { Failure } from "#base/errors";
import type { Operator } from "#formats/debian-version";

export interface Relation {
  readonly name: string;
  readonly operator?: Operator;
  readonly version?: string;
  /** The architecture that the package is meant of, where that is said and is not any. */
  readonly architecture?: string;
}

/** Relations of which one must hold. */
export type Alternatives = readonly Relation[];

const FORM =
  /^([A-Za-z0-9][A-Za-z0-9+.-]*)(?::([a-z0-9-]+))?\s*(?:\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s()<=>]+)\s*\))?\s*(?:\[[^\]]*\])?\s*(?:<[^>]*>)*$/;

function operatorOf(word: string): Operator {
  // A single angle is the old spelling of "or equal" (Policy 7.1).
  if (word === "<") return "<=";
  if (word === ">") return ">=";
  return word as Operator;
}

/** Parses one relation. */
export function parseRelation(text: string): Relation {
  const match = FORM.exec(text.trim());
  const name = match?.[1];
  if (match === null || name === undefined) {
    throw new Failure("format.invalid", `Cannot read the relation "${text.trim()}": not of the form name (>= version)`);
  }
  const [, , qualifier, operator, version] = match;
  const any = qualifier === undefined || qualifier === "any" || qualifier === "native";
  return {
    name,
    ...(operator === undefined || version === undefined ? {} : { operator: operatorOf(operator), version }),
    ...(any ? {} : { architecture: qualifier }),
  };
}

/** Parses a relation field; an absent one is an empty list. */
export function parseRelations(field: string | undefined): Alternatives[] {
  const groups: Alternatives[] = [];
  for (const group of (field ?? "").split(",")) {
    if (group.trim() !== "") groups.push(group.split("|").map(parseRelation));
  }
  return groups;
}

/** The written form of a relation. */
export function formatRelation(relation: Relation): string {
  return relation.operator === undefined
    ? relation.name
    : `${relation.name} (${relation.operator} ${relation.version})`;
}
