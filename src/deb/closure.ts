// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From the names that are asked for to the set that is imported: dependencies by Debian's rules. Pure. */
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import { getOrInsert } from "#base/order";
import { chosen, type Related, RelatedSet } from "#deb/set";
import { type Alternatives, formatRelation, type Relation } from "#formats/debian-relations";

export interface ClosureOptions {
  /** Takes recommended packages too. */
  readonly recommends?: boolean;
  /** Takes the packages too that Debian says every system has. */
  readonly essential?: boolean;
  /** Leaves out what cannot be found instead of failing; the caller reports it. */
  readonly allowMissing?: boolean;
}

/** Why a package is in the set: asked for, essential, or the name of the package that needed it first. */
export type Reason =
  | { readonly kind: "asked" }
  | { readonly kind: "essential" }
  | { readonly kind: "needed"; readonly by: string };

export interface Closure<T> {
  readonly set: RelatedSet<T & Related>;
  readonly reasons: ReadonlyMap<string, Reason>;
}

/** Packages that change a system into what every system here is: any alternative to them is better. */
const POINTLESS: ReadonlySet<string> = new Set(["usrmerge"]);

class Resolver<T extends Related> {
  readonly set = new RelatedSet<T>();
  readonly reasons = new Map<string, Reason>();
  readonly problems: string[] = [];
  readonly #available: RelatedSet<T>;
  readonly #queue: T[] = [];
  /** Name to the packages of the set that conflict with it. */
  readonly #enemies = new Map<string, { item: T; relation: Relation }[]>();

  constructor(available: RelatedSet<T>) {
    this.#available = available;
  }

  add(item: T, reason: Reason): void {
    if (this.set.get(item.name) !== undefined) return;
    this.set.add(item);
    this.reasons.set(item.name, reason);
    for (const relation of this.set.relations(item).conflicts) {
      getOrInsert(this.#enemies, relation.name, () => []).push({ item, relation });
    }
    this.#queue.push(item);
  }

  /** True where a package cannot live beside what is in the set already. */
  #clashes(item: T): boolean {
    const outward = this.#available
      .relations(item)
      .conflicts.some((relation) => this.set.satisfying(relation).some((other) => other.name !== item.name));
    if (outward) return true;
    const names = [item.name, ...this.#available.relations(item).provides.map((relation) => relation.name)];
    const alone = new RelatedSet<T>([item]);
    return names.some((name) =>
      this.#enemies
        .get(name)
        ?.some(({ item: other, relation }) => other !== item && alone.satisfying(relation).length > 0),
    );
  }

  /** The first alternative that is there and clashes with nothing; else the first that is there. */
  pick(group: Alternatives): T | undefined {
    const there = group.flatMap((relation) => this.#available.satisfying(relation));
    const fine = there.filter((item) => !this.#clashes(item));
    return fine.find((item) => !POINTLESS.has(item.name)) ?? fine[0] ?? there[0];
  }

  run(options: ClosureOptions): void {
    for (let i = 0; i < this.#queue.length; i++) {
      const item = this.#queue[i];
      if (item === undefined) continue;
      const { depends, recommends } = this.set.relations(item);
      for (const group of depends) {
        if (chosen(this.set, group) !== undefined) continue;
        const next = this.pick(group);
        if (next === undefined) {
          this.problems.push(`${item.name} ${item.version} needs ${group.map(formatRelation).join(" | ")}`);
        } else this.add(next, { kind: "needed", by: item.name });
      }
      if (options.recommends !== true) continue;
      for (const group of recommends) {
        const next = chosen(this.set, group)?.item ?? this.pick(group);
        if (next !== undefined) this.add(next, { kind: "needed", by: item.name });
      }
    }
  }
}

/** Names as given on the command line to packages; `name=version` insists on a version. */
export function findAsked<T extends Related>(available: RelatedSet<T>, words: readonly string[]): T[] {
  return words.map((word) => {
    const [name = "", version] = word.split("=");
    const relation: Relation = version === undefined ? { name } : { name, operator: "=", version };
    const found = available.satisfying(relation)[0];
    if (found !== undefined) return found;
    const real = available.get(name);
    if (real !== undefined) {
      throw new Failure(
        "deb.unsatisfied",
        `Cannot import "${word}": apt offers ${real.version}, expected that version`,
      );
    }
    const near = nearest(
      name,
      available.all().map((item) => item.name),
    );
    const detail = near === undefined ? {} : { hint: `Did you mean ${near}?` };
    throw new Failure("deb.unsatisfied", `Cannot import "${word}": apt knows no such package`, detail);
  });
}

/**
 * The set of packages that the given ones need.
 * @param local packages that are at hand: they are all taken, and preferred.
 * Throws `deb.unsatisfied`, naming what is missing.
 */
export function resolveClosure<T extends Related>(
  available: RelatedSet<T>,
  asked: readonly T[],
  options: ClosureOptions = {},
): Closure<T> {
  const resolver = new Resolver(available);
  for (const item of asked) resolver.add(item, { kind: "asked" });
  if (options.essential === true) {
    for (const item of available.all()) if (item.essential) resolver.add(item, { kind: "essential" });
  }
  resolver.run(options);
  if (resolver.problems.length > 0 && options.allowMissing !== true) {
    const shown = resolver.problems.slice(0, 20).join("; ");
    const more = resolver.problems.length > 20 ? `; and ${resolver.problems.length - 20} more` : "";
    throw new Failure(
      "deb.unsatisfied",
      `Cannot import the set: ${shown}${more}: nothing that apt offers satisfies it`,
    );
  }
  return { set: resolver.set, reasons: resolver.reasons };
}
