// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Capabilities that files give and need, other than by linking. A need becomes a dependency where something in the set
 * provides it; a wish where the package's own closure, or an essential package, does.
 */
import { getOrInsert } from "#base/order";
import type { Evidence, Loss, PackageScan } from "#deb/scan-model";
import { closureOf, type ScanSet } from "#deb/set";
import type { SetFiles } from "#deb/sonames";
import type { CapabilityText } from "#model/dependency";

export interface FileCapabilities {
  of(scan: PackageScan): {
    readonly provides: readonly CapabilityText[];
    readonly depends: readonly CapabilityText[];
    readonly losses: readonly Loss[];
  };
}

/** @param added what a package gives on top: links of alternatives, libraries. */
export function capabilitiesOf(
  set: ScanSet,
  files: SetFiles,
  added: (scan: PackageScan) => readonly CapabilityText[],
): FileCapabilities {
  const kept = (scan: PackageScan, list: readonly Evidence[]) =>
    list.filter(({ path }) => files.keeps(scan.name, path.replace(/^\/usr\//, "")));
  const provided = new Map<string, CapabilityText[]>();
  const providers = new Map<CapabilityText, string[]>();
  for (const scan of set.all()) {
    const virtual = set.relations(scan).provides.map((relation) => `name(${relation.name})`);
    const own = kept(scan, scan.provides).map((evidence) => evidence.capability);
    const list = [...new Set([...virtual, ...own, ...added(scan)])];
    provided.set(scan.name, list);
    for (const capability of list) getOrInsert(providers, capability, () => []).push(scan.name);
  }
  const essential = new Set(
    set
      .all()
      .filter((scan) => scan.essential)
      .map((scan) => scan.name),
  );

  return {
    of(scan) {
      const depends: CapabilityText[] = [];
      const missing = new Map<CapabilityText, string>();
      for (const { capability, path } of kept(scan, scan.needs)) {
        if (providers.has(capability)) depends.push(capability);
        else if (!missing.has(capability)) missing.set(capability, path);
      }
      const wants = kept(scan, scan.wants);
      if (wants.length > 0) {
        const closure = closureOf(set, scan);
        for (const { capability } of wants) {
          const near = providers.get(capability)?.some((name) => closure.has(name) || essential.has(name));
          if (near === true) depends.push(capability);
        }
      }
      const losses = [...missing].map(
        ([subject, path]): Loss => ({
          kind: "capability",
          subject,
          detail: `${path} needs it; nothing in the set gives it`,
        }),
      );
      return { provides: provided.get(scan.name) ?? [], depends, losses };
    },
  };
}
