// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Whether a selection of packages holds together, found without the solver. */
import { getOrInsert } from "#base/order";
import type { PackageMeta } from "#model/package";
import { givenBy, neededBy, refusedBy } from "#solver/installed";

/** Every need that nothing meets, every conflict and every name that is there twice, one sentence each, sorted. */
export function problemsOf(packages: readonly PackageMeta[]): string[] {
  const givers = new Map<string, Set<string>>();
  const names = new Map<string, number>();
  for (const meta of packages) {
    names.set(meta.name, (names.get(meta.name) ?? 0) + 1);
    for (const text of givenBy(meta)) getOrInsert(givers, text, () => new Set()).add(meta.name);
  }
  const problems = [...names].flatMap(([name, count]) => (count > 1 ? [`${name} is there ${count} times`] : []));
  for (const meta of packages) {
    for (const text of neededBy(meta)) {
      if (!givers.has(text)) problems.push(`${meta.name} needs ${text}, which nothing gives`);
    }
    for (const text of refusedBy(meta)) {
      for (const other of givers.get(text) ?? []) {
        if (other !== meta.name) problems.push(`${meta.name} conflicts with ${other} (${text})`);
      }
    }
  }
  return problems.sort();
}
