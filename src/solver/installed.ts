// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Installed packages given as a list, and asked by what they give, need and refuse. Each index is made at first use. */
import { getOrInsert } from "#base/order";
import { type CapabilityText, capability, formatCapability } from "#model/dependency";
import type { PackageMeta } from "#model/package";
import type { InstalledPackage, InstalledSource } from "#solver/model";

/** Everything that a package gives, its own name first; each once. */
export function givenBy(meta: PackageMeta): ReadonlySet<CapabilityText> {
  const all = new Set([formatCapability(capability("name", meta.name))]);
  for (const item of meta.provides) all.add(formatCapability(item));
  return all;
}

/** Texts of what a package needs, each once. */
export function neededBy(meta: PackageMeta): ReadonlySet<CapabilityText> {
  return new Set(meta.depends.map(formatCapability));
}

/** Texts of what a package cannot live beside, each once. */
export function refusedBy(meta: PackageMeta): ReadonlySet<CapabilityText> {
  return new Set(meta.conflicts.map(formatCapability));
}

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
