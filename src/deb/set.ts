// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The packages that are imported together, asked by the rules of Debian's relations. */
import { compareText, getOrInsert, uniqueSorted } from "#base/order";
import type { PackageScan } from "#deb/scan-model";
import { type Alternatives, parseRelations, type Relation } from "#formats/debian-relations";
import { versionMatches } from "#formats/debian-version";

/** What a set must know of a package to answer for its relations: a scan has it, an entry of apt's lists too. */
export interface Related {
  readonly name: string;
  readonly version: string;
  readonly essential: boolean;
  readonly relations: Readonly<Record<string, string>>;
  /** Debian's name of it, or `all`. */
  readonly architecture?: string;
  /** Providers of a virtual package are taken in this order, then by name. */
  readonly rank?: number;
}

interface Provider<T> {
  readonly item: T;
  /** Version that the virtual package is provided with; none where the field says none. */
  readonly version: string | undefined;
}

/** Parsed relation fields of one package. */
export interface Relations {
  /** Pre-Depends and Depends. */
  readonly depends: readonly Alternatives[];
  readonly recommends: readonly Alternatives[];
  /** Conflicts and Breaks. */
  readonly conflicts: readonly Relation[];
  readonly replaces: readonly Relation[];
  readonly provides: readonly Relation[];
}

/**
 * Names of packages that one takes the place of as a whole: it replaces them and conflicts with them, in any version
 * (Policy 7.6.2). Any other Replaces only lets it take over files, and both packages live side by side.
 */
export function takenOver({ conflicts, replaces }: Relations): string[] {
  const whole = (list: readonly Relation[]) =>
    list.flatMap(({ name, version }) => (version === undefined ? [name] : []));
  const refused = new Set(whole(conflicts));
  return uniqueSorted(whole(replaces).filter((name) => refused.has(name)));
}

/** A set is of one architecture: packages of another are not in it, and nothing can stand against them. */
function isHere({ architecture }: Relation, item: Related): boolean {
  const own = item.architecture;
  return architecture === undefined || own === undefined || own === "all" || architecture === own;
}

function byRank(a: Provider<Related>, b: Provider<Related>): number {
  return (a.item.rank ?? 0) - (b.item.rank ?? 0) || compareText(a.item.name, b.item.name);
}

/** Packages whose parsed relations are kept: more than are imported at once. */
const KEPT = 8192;

export interface SetOptions {
  /** Packages whose parsed relations are kept; 0 where each is looked at once, so that none outlives its use. */
  readonly keep?: number;
}

/** Packages by name, with their virtual packages. */
export class RelatedSet<T extends Related> {
  readonly #byName = new Map<string, T>();
  readonly #providers = new Map<string, Provider<T>[]>();
  readonly #relations = new Map<T, Relations>();
  readonly #keep: number;

  constructor(items: Iterable<T> = [], options: SetOptions = {}) {
    this.#keep = options.keep ?? KEPT;
    for (const item of items) this.add(item);
  }

  add(item: T): void {
    if (this.#byName.has(item.name)) return;
    this.#byName.set(item.name, item);
    for (const relation of parseRelations(item.relations["provides"]).flat()) {
      const list = getOrInsert(this.#providers, relation.name, () => []);
      list.push({ item, version: relation.operator === "=" ? relation.version : undefined });
    }
  }

  /** The package of a name. */
  get(name: string): T | undefined {
    return this.#byName.get(name);
  }

  /** All packages, by name. */
  all(): T[] {
    return [...this.#byName.values()].sort((a, b) => compareText(a.name, b.name));
  }

  /** The parsed relation fields of a package, kept for some time: those of all that apt offers are a hundred MB. */
  relations(item: T): Relations {
    const known = this.#relations.get(item);
    if (known !== undefined) return known;
    const { relations } = item;
    const field = (name: string) => parseRelations(relations[name]);
    const made: Relations = {
      depends: [...field("pre-depends"), ...field("depends")],
      recommends: field("recommends"),
      conflicts: [...field("conflicts"), ...field("breaks")].flat().filter((relation) => isHere(relation, item)),
      replaces: field("replaces")
        .flat()
        .filter((relation) => isHere(relation, item)),
      provides: field("provides").flat(),
    };
    if (this.#relations.size >= this.#keep) this.#relations.clear();
    if (this.#keep > 0) this.#relations.set(item, made);
    return made;
  }

  /** Packages that satisfy a relation: the one of that name first, then those that provide it, by name. */
  satisfying(relation: Relation): T[] {
    const real = this.#byName.get(relation.name);
    const out = real !== undefined && satisfiedBy(relation, real.version) ? [real] : [];
    const providers = this.#providers.get(relation.name) ?? [];
    for (const { item, version } of [...providers].sort(byRank)) {
      // A range is only met by a provider that says which version it stands for (Policy 7.5).
      const meets = relation.version === undefined || (version !== undefined && satisfiedBy(relation, version));
      if (meets && item !== real) out.push(item);
    }
    return out;
  }

  /** True where one package, by its own name, is meant by a relation. */
  names(relation: Relation, item: T): boolean {
    return relation.name === item.name && satisfiedBy(relation, item.version);
  }

  /** True where two packages cannot be installed together. */
  conflicting(a: T, b: T): boolean {
    const against = (x: T, y: T) =>
      this.relations(x).conflicts.some((relation) => x !== y && this.satisfying(relation).includes(y));
    return against(a, b) || against(b, a);
  }
}

/** True where a version is within the range of a relation; one without range takes any. */
function satisfiedBy(relation: Relation, version: string): boolean {
  if (relation.operator === undefined || relation.version === undefined) return true;
  return versionMatches(version, relation.operator, relation.version);
}

/** The first of some alternatives that the set satisfies, and by which package. */
export function chosen<T extends Related>(
  set: RelatedSet<T>,
  group: Alternatives,
): { readonly relation: Relation; readonly item: T } | undefined {
  for (const relation of group) {
    const item = set.satisfying(relation)[0];
    if (item !== undefined) return { relation, item };
  }
  return undefined;
}

/** Names of a package and of everything that its dependencies lead to within the set. Kept by the caller. */
export function closureOf<T extends Related>(set: RelatedSet<T>, start: T): Set<string> {
  const seen = new Set([start.name]);
  const queue = [start];
  for (let item = queue.pop(); item !== undefined; item = queue.pop()) {
    for (const group of set.relations(item).depends) {
      const next = chosen(set, group)?.item;
      if (next === undefined || seen.has(next.name)) continue;
      seen.add(next.name);
      queue.push(next);
    }
  }
  return seen;
}

export type ScanSet = RelatedSet<PackageScan>;
