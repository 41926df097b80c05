// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Which packages a build root is made of: what is asked for, and all that these need, out of layered collections. */
import { join } from "node:path";
import { Failure } from "#base/errors";
import { compareText } from "#base/order";
import type { CollectionOffer } from "#collections/model";
import { type CapabilityText, formatCapability, parseCapability } from "#model/dependency";
import type { PackageOffer } from "#model/package";
import { installedOf } from "#solver/installed";
import type { Incoming, OfferSource, Reason } from "#solver/model";
import { solve } from "#solver/solve";
import { sha256Hex } from "#sys/sha256";
import { keptFor } from "../cache/results";
import type { Family } from "../macros/model";
import type { RootFacts } from "../macros/tuning";
import type { RootDependency } from "../plan/root";

/** A package of a collection; the address of its stone is absolute. */
export interface RootOffer {
  readonly offer: PackageOffer;
  /** As the profile calls it. */
  readonly collection: string;
  readonly priority: number;
}

/** What the collections of a profile offer; a `Catalogue` is such a source. */
export interface OffersSource extends OfferSource<CollectionOffer> {
  /** The preferred build of each name. */
  best(): Iterable<CollectionOffer>;
}

/** A folder for what is made of offers, and words that change whenever the offers do. */
export interface OffersVersion {
  readonly folder: string;
  readonly version: string;
  /** The program that makes it, where that is not this executable. */
  readonly program?: string;
}

/** What the collections of a profile offer, by what it gives. */
export class Offers {
  readonly source: OffersSource;
  readonly version: OffersVersion | undefined;
  readonly #names: ReadonlyMap<string, string>;

  /** `names` says what the profile calls the collections of the source, where that differs. */
  constructor(source: OffersSource, names: ReadonlyMap<string, string> = new Map(), version?: OffersVersion) {
    this.source = source;
    this.version = version;
    this.#names = names;
  }

  toRoot({ id, meta, size, url, collection, priority }: CollectionOffer): RootOffer {
    return { offer: { id, meta, size, uri: url }, collection: this.#names.get(collection) ?? collection, priority };
  }

  /** The packages that give a capability, the one to prefer first. */
  providers(text: CapabilityText): readonly RootOffer[] {
    return [...this.source.providing(text)].map((item) => this.toRoot(item));
  }

  all(): readonly RootOffer[] {
    return [...this.source.best()].map((item) => this.toRoot(item));
  }

  gives(text: CapabilityText): boolean {
    return !this.source.providing(text)[Symbol.iterator]().next().done;
  }
}

export interface ResolvedPackage extends RootOffer {
  /** True where the root was asked for it, not only needed by another. */
  readonly asked: boolean;
  /** Why it is there: the dependency asked for, or the package that needs it. */
  readonly reason: string;
}

/**
 * The packages of a root, by name. A package that is in already is preferred over others that give the same. Throws
 * `solver.unsatisfied` and `solver.conflict` with the chain of needs.
 */
export function resolveRoot(wanted: readonly RootDependency[], offers: Offers): ResolvedPackage[] {
  if (offers.version === undefined) return resolveNow(wanted, offers);
  const { folder, version, program } = offers.version;
  const question = JSON.stringify(wanted);
  // Sixteen files, each with its last answer: builds of a few recipes find theirs, and there are never more.
  const file = join(folder, "resolved", sha256Hex(question).slice(0, 1));
  return keptFor(file, [version, question], () => resolveNow(wanted, offers), program);
}

function resolveNow(wanted: readonly RootDependency[], offers: Offers): ResolvedPackage[] {
  const reasonsOf = ({ reasons }: RootDependency) => reasons.map((reason) => reason.text).join(", ");
  try {
    const solution = solve({
      installed: installedOf([]),
      offers: offers.source,
      purpose: "make the build root",
      jobs: wanted.map((item) => ({
        kind: "install",
        capability: formatCapability(parseCapability(item.dependency)),
        by: reasonsOf(item),
      })),
    });
    // One name for each job, in their order; of several jobs that one package meets the first is told.
    const asked = new Map<string | undefined, string>();
    for (const [i, item] of wanted.entries()) {
      const name = solution.satisfied[i];
      if (!asked.has(name)) asked.set(name, `${item.dependency} (${reasonsOf(item)})`);
    }
    return solution.incoming
      .flatMap((item) => resolved(offers, item, asked.get(item.meta.name)))
      .sort((a, b) => compareText(a.offer.meta.name, b.offer.meta.name));
  } catch (error) {
    throw error instanceof Failure ? inBuildRoot(error) : error;
  }
}

function resolved(
  offers: Offers,
  { offer, reason }: Incoming<CollectionOffer>,
  asked: string | undefined,
): ResolvedPackage[] {
  if (offer === undefined) return [];
  return [{ ...offers.toRoot(offer), asked: asked !== undefined, reason: asked ?? needer(reason) }];
}

function needer(reason: Reason): string {
  return reason.kind === "needed" ? reason.by : "";
}

function inBuildRoot(failure: Failure): Failure {
  const { code, message, cause } = failure;
  if (code !== "package.unknown" && code !== "solver.unsatisfied") return failure;
  const near = failure.hint?.startsWith("Is ") === true ? `${failure.hint} ` : "";
  return new Failure("solver.unsatisfied", message, {
    hint: `${near}Add a collection that has it to the profile (boulder profile list), or change the dependency.`,
    cause,
  });
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
