// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What nobody needs any more. Only packages that something that left has needed are looked at, and whoever needs one of
 * them keeps it, whether or not another gives the same: what was an orphan before is left alone.
 */
import { compareText, getOrInsert } from "#base/order";
import type { CapabilityText } from "#model/dependency";
import type { PackageId, PackageMeta } from "#model/package";
import { givenBy, neededBy } from "#solver/installed";
import type { InstalledSource } from "#solver/model";

/** A package of the new selection, or one that left. */
export interface Member {
  readonly id: PackageId;
  readonly meta: PackageMeta;
}

/** What nobody needs any more, and the name of the package that last needed it, where it is known. */
export interface Orphan {
  readonly item: Member;
  readonly of: string | undefined;
}

/** The new selection: what stays of the installed packages, and what came. */
export class Selection {
  readonly installed: InstalledSource;
  readonly #gone: ReadonlySet<PackageId>;
  readonly #givers = new Map<CapabilityText, Member[]>();
  readonly #needers = new Map<CapabilityText, Member[]>();

  constructor(installed: InstalledSource, gone: ReadonlySet<PackageId>, fresh: readonly Member[]) {
    this.installed = installed;
    this.#gone = gone;
    for (const item of fresh) {
      for (const text of givenBy(item.meta)) getOrInsert(this.#givers, text, () => []).push(item);
      for (const text of neededBy(item.meta)) getOrInsert(this.#needers, text, () => []).push(item);
    }
  }

  *providing(text: CapabilityText): Generator<Member> {
    yield* this.#givers.get(text) ?? [];
    for (const item of this.installed.providing(text)) if (!this.#gone.has(item.id)) yield item;
  }

  *needing(text: CapabilityText): Generator<Member> {
    yield* this.#needers.get(text) ?? [];
    for (const item of this.installed.needing(text)) if (!this.#gone.has(item.id)) yield item;
  }

  /** Packages that meet the needs of this one. */
  *supporting(item: Member): Generator<Member> {
    for (const text of neededBy(item.meta)) {
      yield* [...this.providing(text)].sort((a, b) => compareText(a.meta.name, b.meta.name));
    }
  }
}

/**
 * Of all that hangs on `suspects` and `seeds`, what no other package of the selection needs, with the name of the seed it
 * was needed by. `isRoot` says what stays whether or not it is needed.
 */
export function findOrphans(
  selection: Selection,
  seeds: readonly Member[],
  suspects: readonly Member[],
  isRoot: (item: Member) => boolean,
): Map<PackageId, Orphan> {
  const region = new Map<PackageId, Orphan>();
  const queue: Orphan[] = [];
  const suspect = (item: Member, of: string | undefined) => {
    if (region.has(item.id) || isRoot(item)) return;
    const entry = { item, of };
    region.set(item.id, entry);
    queue.push(entry);
  };
  for (const item of suspects) suspect(item, undefined);
  for (const seed of seeds) for (const item of selection.supporting(seed)) suspect(item, seed.meta.name);
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
    for (const item of selection.supporting(entry.item)) suspect(item, entry.item.meta.name);
  }
  const kept = [...region.values()].flatMap(({ item }) => (isNeededOutside(selection, item, region) ? [item] : []));
  for (const item of kept) region.delete(item.id);
  for (let item = kept.pop(); item !== undefined; item = kept.pop()) {
    for (const other of selection.supporting(item)) if (region.delete(other.id)) kept.push(other);
  }
  return region;
}

function isNeededOutside(selection: Selection, item: Member, region: ReadonlyMap<PackageId, unknown>): boolean {
  for (const text of givenBy(item.meta)) {
    for (const other of selection.needing(text)) if (!region.has(other.id)) return true;
  }
  return false;
}
