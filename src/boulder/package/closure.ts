// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Whether what the packages of a build need is there: in the build itself, or in what the caller knows. */
import type { Settled, Source } from "#capabilities/settle";
import { type CapabilityText, capability, formatCapability } from "#model/dependency";

export interface Unresolved {
  readonly package: string;
  readonly dependency: CapabilityText;
  /** The files that it came from. */
  readonly sources: readonly Source[];
}

/** Written forms of all that the packages give, their names among it. */
export function givenBy(packages: ReadonlyMap<string, Settled>): Set<CapabilityText> {
  const given = new Set<CapabilityText>();
  for (const [name, settled] of packages) {
    given.add(formatCapability(capability("name", name)));
    for (const item of settled.provides) given.add(formatCapability(item));
  }
  return given;
}

/** Dependencies without a provider, by package, with the files that need them. */
export function unresolvedOf(
  packages: ReadonlyMap<string, Settled>,
  known: (text: CapabilityText) => boolean,
): Unresolved[] {
  const given = givenBy(packages);
  const out: Unresolved[] = [];
  for (const [name, settled] of packages) {
    for (const item of settled.depends) {
      const text = formatCapability(item);
      if (!given.has(text) && !known(text)) {
        out.push({ package: name, dependency: text, sources: settled.sources.get(text) ?? [] });
      }
    }
  }
  return out;
}
