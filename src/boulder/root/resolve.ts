// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Which packages a build root is made of: what is asked for, and all that these need, out of layered collections. */
import { Failure } from "#base/errors";
import { compareText, getOrInsert } from "#base/order";
import { type CapabilityText, capability, formatCapability, parseCapability } from "#model/dependency";
import { compareRelease, type PackageOffer } from "#model/package";
import type { Family } from "../macros/model";
import type { RootFacts } from "../macros/tuning";
import type { RootDependency } from "../plan/root";

/** A package of a collection. */
export interface RootOffer {
  readonly offer: PackageOffer;
  readonly collection: string;
  readonly priority: number;
}

/** What the collections of a profile offer, by what it gives. */
export class Offers {
  readonly #byCapability = new Map<CapabilityText, RootOffer[]>();
  readonly #all: readonly RootOffer[];

  constructor(offers: readonly RootOffer[]) {
    this.#all = newest(offers);
    for (const item of this.#all) {
      const { meta } = item.offer;
      for (const text of new Set([
        formatCapability(capability("name", meta.name)),
        ...meta.provides.map(formatCapability),
      ])) {
        getOrInsert(this.#byCapability, text, () => []).push(item);
      }
    }
    for (const list of this.#byCapability.values()) list.sort(better);
  }

  /** The packages that give a capability, the one to prefer first. */
  providers(text: CapabilityText): readonly RootOffer[] {
    return this.#byCapability.get(text) ?? [];
  }

  all(): readonly RootOffer[] {
    return this.#all;
  }

  gives(text: CapabilityText): boolean {
    return this.#byCapability.has(text);
  }
}

/** Of each name only the best build: a collection of higher priority hides the others whatever their release. */
function newest(offers: readonly RootOffer[]): RootOffer[] {
  const best = new Map<string, RootOffer>();
  for (const item of offers) {
    const name = item.offer.meta.name;
    const other = best.get(name);
    if (other === undefined || better(item, other) < 0) best.set(name, item);
  }
  return [...best.values()];
}

function better(a: RootOffer, b: RootOffer): number {
  return (
    b.priority - a.priority ||
    compareRelease(a.offer.meta, b.offer.meta) ||
    compareText(a.offer.meta.name, b.offer.meta.name)
  );
}

export interface ResolvedPackage extends RootOffer {
  /** True where the root was asked for it, not only needed by another. */
  readonly asked: boolean;
  /** Why it is there: the dependency asked for, or the package that needs it. */
  readonly reason: string;
}

/**
 * The packages of a root, by name. A package that is in already is preferred over others that give the same. Throws
 * `solver.unsatisfied` with the chain of needs where nothing gives a capability.
 */
export function resolveRoot(wanted: readonly RootDependency[], offers: Offers): ResolvedPackage[] {
  const chosen = new Map<string, ResolvedPackage>();
  const given = new Set<CapabilityText>();
  const queue: { text: CapabilityText; asked: boolean; chain: readonly string[] }[] = wanted.map(
    ({ dependency, reasons }) => ({
      text: formatCapability(parseCapability(dependency)),
      asked: true,
      chain: [`${dependency} (${reasons.map((reason) => reason.text).join(", ")})`],
    }),
  );
  // What is asked for by name comes first, so that a later capability finds it there.
  queue.sort((a, b) => Number(b.text.startsWith("name(")) - Number(a.text.startsWith("name(")));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { text, asked, chain } = next;
    if (given.has(text)) continue;
    const [found] = offers.providers(text);
    if (found === undefined) throw unsatisfied(text, chain);
    const { meta } = found.offer;
    chosen.set(meta.name, { ...found, asked, reason: chain.at(-1) ?? "" });
    given.add(formatCapability(capability("name", meta.name)));
    for (const item of meta.provides) given.add(formatCapability(item));
    for (const item of meta.depends) {
      const needed = formatCapability(item);
      if (!given.has(needed)) queue.push({ text: needed, asked: false, chain: [...chain, meta.name] });
    }
  }
  const packages = [...chosen.values()].sort((a, b) => compareText(a.offer.meta.name, b.offer.meta.name));
  refuseConflicts(packages, given);
  return packages;
}

function unsatisfied(text: CapabilityText, chain: readonly string[]): Failure {
  const way = chain.length === 1 ? `${chain[0]} asks for it` : chain.join(" needs ");
  return new Failure("solver.unsatisfied", `Cannot make the build root: nothing gives ${text}; ${way}`, {
    hint: "Add a collection that has it to the profile (boulder profile list), or change the dependency.",
  });
}

function refuseConflicts(packages: readonly ResolvedPackage[], given: ReadonlySet<CapabilityText>): void {
  for (const { offer } of packages) {
    const own = new Set([
      formatCapability(capability("name", offer.meta.name)),
      ...offer.meta.provides.map(formatCapability),
    ]);
    for (const item of offer.meta.conflicts) {
      const text = formatCapability(item);
      if (!given.has(text) || own.has(text)) continue;
      const other = packages.find(
        (one) => one.offer.meta.name === item.name || one.offer.meta.provides.some((p) => formatCapability(p) === text),
      );
      const reason = other === undefined ? "" : ` (there because of ${other.reason})`;
      throw new Failure(
        "solver.conflict",
        `Cannot make the build root: ${offer.meta.name} conflicts with ${other?.offer.meta.name ?? text}${reason}`,
      );
    }
  }
}

/**
 * Versions of what flags may need, as the root has them: by capability, and `libc` for the C library. What the family
 * has under another name (`clang-19` for `clang`) is there by both.
 */
export function rootFacts(packages: readonly ResolvedPackage[], family: Pick<Family, "libc" | "names">): RootFacts {
  const { libc, names } = family;
  const facts = new Map<string, string>();
  for (const { offer } of packages) {
    const { meta } = offer;
    for (const item of meta.provides) {
      const text = formatCapability(item);
      if (item.kind === "binary") facts.set(text, meta.version);
      if (libc.includes(text)) facts.set("libc", meta.version);
    }
    if (libc.includes(meta.name)) facts.set("libc", meta.version);
  }
  for (const [general, here] of names) {
    const version = facts.get(here);
    if (version !== undefined && !facts.has(general)) facts.set(general, version);
  }
  return facts;
}
