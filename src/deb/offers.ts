// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A collection's index of everything that apt offers, from its lists alone. What only the files say (sonames, programs,
 * pkg-config modules) is not in it: packages are related by their names. The id of an offer is the SHA-256 of the .deb,
 * its address the path of the .deb below the archive's root: `moss-deb import` makes the stone.
 */
import { edenGC } from "bun:jsc";
import { getOrInsert, uniqueSorted } from "#base/order";
import type { AptPackage } from "#deb/available";
import { chosen, type RelatedSet, takenOver } from "#deb/set";
import { type Alternatives, parseRelations } from "#formats/debian-relations";
import { type Capability, capability } from "#model/dependency";
import type { PackageOffer } from "#model/package";

/** Packages after which what is left of them is collected. */
const SWEPT = 1024;

/** Goes over many packages: the collector by itself waits until they have doubled the memory (270 MB, not 190, for all that Debian has). */
function* swept(available: RelatedSet<AptPackage>): Generator<AptPackage> {
  for (const [i, item] of available.all().entries()) {
    yield item;
    if (i % SWEPT === SWEPT - 1) edenGC();
  }
}

const names = (list: Iterable<string>): Capability[] => uniqueSorted(list).map((name) => capability("name", name));

/**
 * The name that stands for a choice between packages, `a | b`; undefined where there is none to make. Whatever could be chosen gives
 * this name: settled here, a package could ask for two that cannot live together, and the solver could do nothing about it.
 */
function choiceOf(
  available: RelatedSet<AptPackage>,
  group: Alternatives,
): { readonly name: string; readonly items: readonly AptPackage[] } | undefined {
  if (group.length < 2) return undefined;
  const there = group.filter((relation) => available.satisfying(relation).length > 0);
  const items = [...new Set(there.flatMap((relation) => available.satisfying(relation)))];
  if (there.length < 2 || items.length < 2) return undefined;
  return { name: uniqueInOrder(there.map((relation) => relation.name)).join(" | "), items };
}

const uniqueInOrder = (list: readonly string[]): string[] => [...new Set(list)];

/** Those of a package's dependencies that leave a choice. The others are not parsed: that made most of the memory of an index. */
function alternativesOf({ relations }: AptPackage): Alternatives[] {
  const groups = [relations["pre-depends"], relations["depends"]].flatMap((field) => (field ?? "").split(","));
  return groups.filter((group) => group.includes("|")).flatMap((group) => parseRelations(group));
}

/** Names of choices, by the name of each package that could be chosen. */
function choicesOf(available: RelatedSet<AptPackage>): Map<string, Set<string>> {
  const out = new Map<string, Set<string>>();
  for (const item of swept(available)) {
    for (const group of alternativesOf(item)) {
      const choice = choiceOf(available, group);
      for (const { name } of choice?.items ?? []) getOrInsert(out, name, () => new Set()).add(choice?.name ?? "");
    }
  }
  return out;
}

/** The offer of one package. Of alternatives the solver chooses; a relation that nothing satisfies is kept. */
function offerOf(
  available: RelatedSet<AptPackage>,
  item: AptPackage,
  architecture: string,
  choices: ReadonlySet<string>,
): PackageOffer {
  const relations = available.relations(item);
  const { depends, conflicts, provides } = relations;
  const replaces = takenOver(relations);
  const own = new Set([item.name, ...provides.map((relation) => relation.name)]);
  const needed = depends.map((group) => {
    const choice = choiceOf(available, group);
    if (choice !== undefined) return choice.items.includes(item) ? "" : choice.name;
    const found = chosen(available, group);
    const real = found === undefined ? undefined : available.get(found.relation.name);
    if (found !== undefined && real !== undefined && real !== found.item) return found.item.name;
    return found?.relation.name ?? group[0]?.name ?? "";
  });
  const against = conflicts.flatMap((relation) => {
    if (relation.version === undefined && !own.has(relation.name)) return [relation.name];
    return available
      .satisfying(relation)
      .filter((other) => other !== item)
      .map((other) => other.name);
  });
  return {
    id: item.sha256,
    uri: item.path,
    size: item.size,
    meta: {
      name: item.name,
      version: item.version,
      release: 1,
      buildRelease: 1,
      architecture,
      summary: item.summary,
      description: "",
      homepage: item.homepage,
      sourceId: item.source,
      licenses: [],
      depends: names(needed.filter((name) => name !== "" && name !== item.name)),
      provides: names([...provides.map(({ name }) => name).filter((name) => name !== item.name), ...choices]),
      conflicts: names(against),
      installedSize: item.installedSize,
      ...(item.essential ? { essential: true } : {}),
      ...(replaces.length === 0 ? {} : { replaces }),
    },
  };
}

/** Offers of all packages in the order of their names, made as they are asked for. */
export function* offersOf(available: RelatedSet<AptPackage>, architecture: string): Generator<PackageOffer> {
  const choices = choicesOf(available);
  const none: ReadonlySet<string> = new Set();
  for (const item of swept(available)) yield offerOf(available, item, architecture, choices.get(item.name) ?? none);
}
