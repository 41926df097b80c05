// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The rules of a problem, written down only for builds that the search touches. An installed package that nothing
 * touches stays and needs no rule: its needs were met, and they are looked at when a build that met one leaves.
 */
import { compareText, getOrInsert } from "#base/order";
import { type CapabilityText, capability, formatCapability } from "#model/dependency";
import { compareRelease, type PackageId } from "#model/package";
import { givenBy, neededBy, refusedBy } from "#solver/installed";
import type { InstalledPackage, Offer, Problem } from "#solver/model";
import { type Literal, no, type Sat, yes } from "#solver/sat";
import type { Build, Why } from "#solver/why";

/** Something that must be met: one of the candidates, the preferred first, where the guard is not false. */
export interface Requirement<O extends Offer> {
  /** The build whose need it is; none for what was asked for. */
  readonly guard: Build<O> | undefined;
  readonly candidates: readonly Build<O>[];
}

const nameText = (name: string): CapabilityText => formatCapability(capability("name", name));

export class Rules<O extends Offer> {
  readonly sat: Sat<Why<O>>;
  readonly #problem: Problem<O>;
  /** By variable. */
  readonly #builds: Build<O>[] = [];
  readonly #byId = new Map<PackageId, Build<O>>();
  readonly #byName = new Map<string, Build<O>[]>();
  readonly #givers = new Map<CapabilityText, Build<O>[]>();
  readonly #refusers = new Map<CapabilityText, Build<O>[]>();
  readonly #candidates = new Map<CapabilityText, readonly Build<O>[]>();
  readonly #eligible = new Map<string, readonly O[]>();
  /** By literal: what must be met while it holds, as it follows from needs. */
  readonly #derived = new Map<number, readonly Requirement<O>[]>();
  /** By variable of an installed build: what must be met once it leaves, besides. */
  readonly #successions = new Map<number, Requirement<O>>();
  readonly #removed: ReadonlySet<string>;
  /** Installed packages that may leave together with what is removed. */
  readonly #cascade: ReadonlySet<PackageId>;
  /** True where nothing may leave but what is named. */
  readonly #strict: boolean;
  /** False where packages only leave: then nothing new is looked for. */
  readonly #mayAdd: boolean;

  constructor(sat: Sat<Why<O>>, problem: Problem<O>) {
    this.sat = sat;
    this.#problem = problem;
    const removals = problem.jobs.flatMap((job) => (job.kind === "remove" ? [job] : []));
    this.#removed = new Set(removals.flatMap(({ names }) => names));
    this.#strict = removals.some(({ dependents }) => !dependents);
    this.#cascade = dependentsOf(
      problem,
      removals.flatMap(({ names, dependents }) => (dependents ? names : [])),
    );
    this.#mayAdd = problem.jobs.some(({ kind }) => kind.startsWith("install") || kind === "upgrade");
  }

  /** Every build that was touched. */
  get builds(): readonly Build<O>[] {
    return this.#builds;
  }

  build(variable: number): Build<O> | undefined {
    return this.#builds[variable];
  }

  /** Builds of a name that were touched. */
  named(name: string): readonly Build<O>[] {
    return this.#byName.get(name) ?? [];
  }

  /** What has to be met once a literal holds; writes down what follows from it at the first time. */
  requirements(literal: Literal): readonly Requirement<O>[] {
    const build = this.#builds[literal >> 1];
    if (build === undefined) return [];
    const comes = literal === yes(build.variable);
    if (comes === (build.installed !== undefined)) return [];
    const derived = getOrInsert(this.#derived, literal, () => (comes ? this.#arrival(build) : this.#departure(build)));
    const succession = comes ? undefined : this.#successions.get(build.variable);
    return succession === undefined ? derived : [succession, ...derived];
  }

  touchInstalled(item: InstalledPackage): Build<O> {
    return this.#byId.get(item.id) ?? this.#touch(item.id, item, undefined);
  }

  touchOffer(offer: O): Build<O> {
    const known = this.#byId.get(offer.id);
    if (known !== undefined) return known;
    const installed = this.#problem.installed.byName(offer.meta.name);
    if (installed?.id === offer.id) return this.#touch(offer.id, installed, offer);
    if (installed !== undefined) this.touchInstalled(installed);
    return this.#byId.get(offer.id) ?? this.#touch(offer.id, undefined, offer);
  }

  #touch(id: PackageId, installed: InstalledPackage | undefined, offer: O | undefined): Build<O> {
    const meta = installed?.meta ?? offer?.meta;
    if (meta === undefined) throw new Error(`the build ${id} is neither installed nor offered`);
    const { name } = meta;
    const variable = this.sat.addVariable();
    const build: Build<O> = { variable, id, meta, name, gives: givenBy(meta), installed, offer };
    this.#builds.push(build);
    this.#byId.set(id, build);
    for (const other of this.named(name)) {
      this.sat.add([no(variable), no(other.variable)], { kind: "one-build", build: other, other: build });
    }
    getOrInsert(this.#byName, name, () => []).push(build);
    for (const text of build.gives) {
      getOrInsert(this.#givers, text, () => []).push(build);
      for (const refuser of this.#refusers.get(text) ?? []) this.#conflict(refuser, build, text);
    }
    if (this.#removed.has(name)) this.sat.add([no(variable)], { kind: "removed", name });
    if (installed !== undefined) this.#keep(build, installed);
    return build;
  }

  /** What holds an installed package in its place. */
  #keep(build: Build<O>, installed: InstalledPackage): void {
    const removed = this.#removed.has(build.name);
    const because =
      installed.pinned === true
        ? "pinned"
        : installed.meta.essential === true && this.#problem.allowEssential !== true
          ? "essential"
          : removed || this.#cascade.has(build.id)
            ? undefined
            : this.#strict
              ? "dependent"
              : installed.explicit
                ? "explicit"
                : undefined;
    if (because === undefined) return;
    const successors = because === "pinned" || !this.#mayAdd ? [] : this.successors(build.name);
    // What has lived beside it so far takes nothing's place.
    const candidates = [build, ...successors.filter((other) => other.installed === undefined)];
    this.sat.add(
      candidates.map(({ variable }) => yes(variable)),
      { kind: "stays", build, because },
    );
    this.#successions.set(build.variable, { guard: undefined, candidates });
  }

  /** Builds that can stand in the place of a package: those of its name, then those that say to replace it. */
  successors(name: string): Build<O>[] {
    const { offers } = this.#problem;
    const replacing = [...offers.replacing(name)].filter((offer) => offer.meta.name !== name && this.isEligible(offer));
    return [...this.eligible(name), ...replacing.sort(better)].map((offer) => this.touchOffer(offer));
  }

  /** Builds of a name that may be chosen, the newest first: those of the highest priority only. */
  eligible(name: string): readonly O[] {
    return getOrInsert(this.#eligible, name, () => {
      const all = [...this.#problem.offers.providing(nameText(name))].filter(({ meta }) => meta.name === name);
      const highest = Math.max(...all.map(({ priority }) => priority));
      return all.filter(({ priority }) => priority === highest).sort(better);
    });
  }

  isEligible(offer: O): boolean {
    return this.eligible(offer.meta.name).some(({ id }) => id === offer.id);
  }

  /** Builds that give a capability: installed ones first (explicit before others), then offers, the preferred first. */
  candidates(text: CapabilityText): readonly Build<O>[] {
    const known = this.#candidates.get(text);
    if (known !== undefined) return known;
    const installed = [...this.#problem.installed.providing(text)].sort(
      (a, b) => Number(b.explicit) - Number(a.explicit) || compareText(a.meta.name, b.meta.name),
    );
    const offers = this.#mayAdd
      ? [...this.#problem.offers.providing(text)].filter((offer) => this.isEligible(offer)).sort(betterFor(text))
      : [];
    const found = new Set([
      ...installed.map((item) => this.touchInstalled(item)),
      ...offers.map((offer) => this.touchOffer(offer)),
    ]);
    const list = [...found];
    this.#candidates.set(text, list);
    return list;
  }

  /** A new build comes: its needs, what it and others refuse, and what it takes the place of. */
  #arrival(build: Build<O>): Requirement<O>[] {
    const { installed } = this.#problem;
    for (const name of build.meta.replaces ?? []) {
      const item = installed.byName(name);
      // While the old name is offered, it is no rename.
      if (item === undefined || name === build.name || this.eligible(name).length > 0) continue;
      const old = this.touchInstalled(item);
      this.sat.add([no(build.variable), no(old.variable)], { kind: "replaces", build, other: old });
    }
    const needs = [...neededBy(build.meta)].filter((text) => !build.gives.has(text));
    const requirements = needs.map((text) => this.#need(build, text));
    for (const text of refusedBy(build.meta)) {
      for (const item of inOrder(installed.providing(text))) this.touchInstalled(item);
      for (const other of this.#givers.get(text) ?? []) this.#conflict(build, other, text);
      getOrInsert(this.#refusers, text, () => []).push(build);
    }
    for (const text of build.gives) {
      for (const item of inOrder(installed.refusing(text))) this.#conflict(this.touchInstalled(item), build, text);
    }
    return requirements;
  }

  /** An installed build leaves: whoever needs something of it needs another that gives it. */
  #departure(build: Build<O>): Requirement<O>[] {
    const { installed } = this.#problem;
    return [...build.gives].flatMap((text) =>
      inOrder(installed.needing(text))
        .map((item) => this.touchInstalled(item))
        .filter((other) => other !== build && !other.gives.has(text))
        .map((other) => this.#need(other, text)),
    );
  }

  #need(build: Build<O>, text: CapabilityText): Requirement<O> {
    const candidates = this.candidates(text);
    this.sat.add([no(build.variable), ...candidates.map(({ variable }) => yes(variable))], {
      kind: "needs",
      build,
      capability: text,
      candidates,
    });
    return { guard: build, candidates };
  }

  #conflict(build: Build<O>, other: Build<O>, text: CapabilityText): void {
    // A package may give what it refuses in others, and never refuses another build of itself so.
    if (build.name === other.name) return;
    this.sat.add([no(build.variable), no(other.variable)], { kind: "conflict", build, other, capability: text });
  }
}

/** The search must not depend on the order in which a source answers. */
function inOrder(items: Iterable<InstalledPackage>): InstalledPackage[] {
  return [...items].sort((a, b) => compareText(a.meta.name, b.meta.name));
}

/** The order of offers: priority, then the newest, then names. */
export function better(a: Offer, b: Offer): number {
  return (
    b.priority - a.priority ||
    compareRelease(a.meta, b.meta) ||
    compareText(a.meta.name, b.meta.name) ||
    compareText(a.collection, b.collection) ||
    compareText(a.id, b.id)
  );
}

/**
 * The same, but what has the name that is asked for comes before others that only give it; of a choice `a | b` (as Debian's
 * packages have them) the names in their order.
 */
function betterFor(text: CapabilityText): (a: Offer, b: Offer) => number {
  const named = text.startsWith("name(") ? text.slice("name(".length, -1).split(" | ") : [];
  const order = new Map(named.map((name, i) => [name, i]));
  const rank = (offer: Offer) => order.get(offer.meta.name) ?? order.size;
  return (a, b) => rank(a) - rank(b) || better(a, b);
}

/** Installed packages that need these, directly or through others, whoever else gives what they need. */
function dependentsOf<O extends Offer>({ installed }: Problem<O>, names: readonly string[]): Set<PackageId> {
  const found = new Set<PackageId>();
  const queue = names.flatMap((name) => installed.byName(name) ?? []);
  for (let item = queue.pop(); item !== undefined; item = queue.pop()) {
    if (found.has(item.id)) continue;
    found.add(item.id);
    for (const text of givenBy(item.meta)) queue.push(...installed.needing(text));
  }
  return found;
}
