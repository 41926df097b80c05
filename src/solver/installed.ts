// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Installed packages given as a list, and asked by what they give, need and refuse. Each index is made at first use. */
import { getOrInsert } from "#base/order";
import { type CapabilityText, capability, formatCapability } from "#model/dependency";
import type { PackageMeta } from "#model/package";
import type { InstalledPackage, InstalledSource } from "#solver/model";

/** Sets of texts by package: each is asked for many times in one solving, and kept as long as the package is. */
function remembered(
  texts: (meta: PackageMeta) => Set<CapabilityText>,
): (meta: PackageMeta) => ReadonlySet<CapabilityText> {
  const known = new WeakMap<PackageMeta, ReadonlySet<CapabilityText>>();
  return (meta) => {
    let found = known.get(meta);
    if (found === undefined) known.set(meta, (found = texts(meta)));
    return found;
  };
}

/** Everything that a package gives, its own name first; each once. */
export const givenBy = remembered((meta) => {
  const all = new Set([formatCapability(capability("name", meta.name))]);
  for (const item of meta.provides) all.add(formatCapability(item));
  return all;
});

/** Texts of what a package needs, each once. */
export const neededBy = remembered((meta) => new Set(meta.depends.map(formatCapability)));

/** Texts of what a package cannot live beside, each once. */
export const refusedBy = remembered((meta) => new Set(meta.conflicts.map(formatCapability)));

/** The source of a list in memory. A name must not be there twice. */
export function installedOf(packages: readonly InstalledPackage[]): InstalledSource {
  const index = (texts: (meta: PackageMeta) => ReadonlySet<CapabilityText>) => {
    let map: Map<CapabilityText, InstalledPackage[]> | undefined;
    return (text: CapabilityText): readonly InstalledPackage[] => {
      if (map === undefined) {
        map = new Map();
        for (const item of packages) for (const key of texts(item.meta)) getOrInsert(map, key, () => []).push(item);
      }
      return map.get(text) ?? [];
    };
  };
  let names: Map<string, InstalledPackage> | undefined;
  return {
    byName: (name) => {
      names ??= new Map(packages.map((item) => [item.meta.name, item]));
      return names.get(name);
    },
    providing: index(givenBy),
    needing: index(neededBy),
    refusing: index(refusedBy),
    all: () => packages,
  };
}
