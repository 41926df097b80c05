// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A collection's index of everything that apt offers, from its lists alone. What only the files say (sonames, programs,
 * pkg-config modules) is not in it: packages are related by their names. The id of an offer is the SHA-256 of the .deb,
 * its address the path of the .deb below the archive's root: `moss-deb import` makes the stone.
 */
import { uniqueSorted } from "#base/order";
import type { AptPackage } from "#deb/available";
import { chosen, type RelatedSet, takenOver } from "#deb/set";
import { type Capability, capability } from "#model/dependency";
import type { PackageOffer } from "#model/package";

const names = (list: Iterable<string>): Capability[] => uniqueSorted(list).map((name) => capability("name", name));

/** The offer of one package. Alternatives are settled by what apt offers; a relation that nothing satisfies is kept. */
export function offerOf(available: RelatedSet<AptPackage>, item: AptPackage, architecture: string): PackageOffer {
  const relations = available.relations(item);
  const { depends, conflicts, provides } = relations;
  const replaces = takenOver(relations);
  const own = new Set([item.name, ...provides.map((relation) => relation.name)]);
  const needed = depends.map((group) => {
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
      provides: names(provides.map((relation) => relation.name).filter((name) => name !== item.name)),
      conflicts: names(against),
      installedSize: item.installedSize,
      ...(item.essential ? { essential: true } : {}),
      ...(replaces.length === 0 ? {} : { replaces }),
    },
  };
}

/** Offers of all packages, by name. */
export function offersOf(available: RelatedSet<AptPackage>, architecture: string): PackageOffer[] {
  return available.all().map((item) => offerOf(available, item, architecture));
}
