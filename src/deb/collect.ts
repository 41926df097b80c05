// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From the words of an import to its set of packages and their files, through apt where something is not at hand. */
import { Failure } from "#base/errors";
import { Apt, type AptEvent } from "#deb/apt";
import { DebArchive } from "#deb/archive";
import type { AptPackage } from "#deb/available";
import { type Closure, findAsked, resolveClosure } from "#deb/closure";
import { type Related, RelatedSet } from "#deb/set";

/** A package of the set: where its .deb is comes after resolving. */
export interface Candidate extends Related {
  readonly local?: string;
  readonly apt?: AptPackage;
}

export interface CollectOptions {
  readonly words: readonly string[];
  readonly cache: string;
  readonly recommends?: boolean;
  readonly essential?: boolean;
  readonly allowMissing?: boolean;
  readonly maxAge?: number;
}

export interface Collected extends Closure<Candidate> {
  /** By name: the .deb of each package that apt fetched. */
  readonly paths: ReadonlyMap<string, string>;
}

function isFile(word: string): boolean {
  return word.includes("/") || word.endsWith(".deb");
}

function openLocal(path: string): Candidate {
  using deb = DebArchive.open(path);
  const relations: Record<string, string> = {};
  for (const field of ["pre-depends", "depends", "recommends", "conflicts", "breaks", "replaces", "provides"]) {
    const value = deb.control.get(field);
    if (value !== undefined) relations[field] = value.replaceAll("\n", " ");
  }
  return {
    name: deb.field("package"),
    version: deb.field("version"),
    essential: deb.field("essential") === "yes",
    relations,
    local: path,
  };
}

function offered(item: AptPackage): Candidate {
  const { name, version, essential, relations, rank } = item;
  return { name, version, essential, relations, rank, apt: item };
}

/**
 * Finds the set and fetches its files. apt is only asked where the files at hand do not satisfy themselves.
 * Throws `usage`, `deb.invalid`, `deb.unsatisfied`, `deb.apt`.
 */
export async function collect(
  options: CollectOptions,
  onEvent: (event: AptEvent | { type: "resolved"; packages: number }) => void,
): Promise<Collected> {
  const local = options.words.filter(isFile).map(openLocal);
  const names = options.words.filter((word) => !isFile(word));
  if (local.length + names.length === 0)
    throw new Failure("usage", "Cannot import: no package given, expected names or files");
  const available = new RelatedSet<Candidate>(local);
  const closureOptions = {
    recommends: options.recommends === true,
    essential: options.essential ?? names.length > 0,
    allowMissing: options.allowMissing === true,
  };
  const ofFiles = (closure: Closure<Candidate>): Collected => {
    onEvent({ type: "resolved", packages: closure.set.all().length });
    return { ...closure, paths: new Map() };
  };
  if (names.length === 0) {
    try {
      return ofFiles(resolveClosure(available, local, { ...closureOptions, allowMissing: false }));
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "deb.unsatisfied") throw error;
      if (options.allowMissing === true) return ofFiles(resolveClosure(available, local, closureOptions));
    }
  }
  const apt = new Apt({
    cache: options.cache,
    onEvent,
    ...(options.maxAge === undefined ? {} : { maxAge: options.maxAge }),
  });
  await apt.update();
  // A version that is asked for comes before the one that apt would take.
  for (const item of await apt.exactly(names.filter((word) => word.includes("=")))) available.add(offered(item));
  for (const item of await apt.available()) available.add(offered(item));
  const found = resolveClosure(available, [...local, ...findAsked(available, names)], closureOptions);
  const items = found.set.all();
  onEvent({ type: "resolved", packages: items.length });
  const remote = items.map((item) => item.apt).filter((item) => item !== undefined);
  return { ...found, paths: await apt.fetch(remote) };
}
