// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Collections that a bare word names: the data file of known ones, and what the system or the environment adds. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeError, Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import shipped from "../../data/collections.json";

export interface KnownCollection {
  readonly description: string;
  readonly uri: string;
}

/**
 * Known collections by name. `MOSS_COLLECTIONS` names a file that comes first; then the user's
 * (`$XDG_CONFIG_HOME/moss/collections.json`), the system's (`/usr/share/moss/collections.json`), and what is shipped.
 */
export function knownCollections(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Map<string, KnownCollection> {
  const { MOSS_COLLECTIONS: given, XDG_CONFIG_HOME: config, HOME: home } = environment;
  const files = [
    "/usr/share/moss/collections.json",
    ...(config === undefined && home === undefined
      ? []
      : [join(config ?? join(home ?? "", ".config"), "moss/collections.json")]),
    ...(given === undefined || given === "" ? [] : [given]),
  ];
  const all = new Map<string, KnownCollection>(entriesOf("the shipped list", shipped));
  for (const file of files) {
    if (!existsSync(file)) {
      if (file === given) throw new Failure("collection.invalid", `Cannot read "${file}": nothing is there`);
      continue;
    }
    let value: unknown;
    try {
      value = JSON.parse(readFileSync(file, "utf8"));
    } catch (cause) {
      throw new Failure("collection.invalid", `Cannot read "${file}": ${describeError(cause)}`);
    }
    for (const [name, item] of entriesOf(file, value)) all.set(name, item);
  }
  return all;
}

function entriesOf(file: string, value: unknown): [string, KnownCollection][] {
  const fail = (): never => {
    throw new Failure(
      "collection.invalid",
      `Cannot read "${file}": expected {"name": {"uri": "...", "description": "..."}}`,
    );
  };
  if (typeof value !== "object" || value === null) return fail();
  return Object.entries(value).map(([name, item]: [string, unknown]) => {
    if (typeof item !== "object" || item === null || !("uri" in item) || typeof item.uri !== "string") return fail();
    const description = "description" in item && typeof item.description === "string" ? item.description : "";
    return [name, { uri: item.uri, description }];
  });
}

/** The address of a known collection. Throws `collection.unknown` with the nearest name. */
export function lookUpKnown(word: string): KnownCollection {
  const known = knownCollections();
  const found = known.get(word);
  if (found !== undefined) return found;
  const near = nearest(word, known.keys());
  throw new Failure(
    "collection.unknown",
    `Cannot find the collection "${word}": it is neither an address, nor a path, nor a known collection`,
    {
      hint: near === undefined ? `Known collections: ${[...known.keys()].join(", ")}.` : `Did you mean "${near}"?`,
    },
  );
}
