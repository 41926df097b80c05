// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Looking for packages: by words, by what they give, by their files. */
import { compareText, getOrInsert } from "#base/order";
import type { CollectionOffer } from "#collections/model";
import { type CapabilityText, capability, formatCapability, type Kind, parseCapability } from "#model/dependency";
import type { PackageMeta } from "#model/package";
import { listedAt } from "#moss/files";
import type { Moss } from "#moss/moss";
import { capabilitiesOfPath } from "#moss/words";
import { givenBy } from "#solver/installed";
import type { FileList } from "#stone/repository";

export interface Hit {
  readonly name: string;
  readonly meta: PackageMeta;
  readonly installed: boolean;
  /** Absent where only the installed package is known. */
  readonly collection?: string;
  /** Where the words stand, or what it gives. */
  readonly where: "name" | "summary" | "description" | "gives" | "files";
}

export interface SearchOptions {
  /** Looks only at what is installed. */
  readonly installed?: boolean;
  /** Looks for packages that give `kind(word)`. */
  readonly kind?: Kind;
}

function hitOf({ meta, collection }: CollectionOffer, where: Hit["where"], installed: ReadonlySet<string>): Hit {
  return { name: meta.name, meta, installed: installed.has(meta.name), collection, where };
}

/** Packages with all the words, names first; or that give a capability or a path. */
export async function search(moss: Moss, words: readonly string[], options: SearchOptions = {}): Promise<Hit[]> {
  const capabilities = capabilitiesOf(words, options.kind);
  const active = moss.root.active();
  const packages = moss.root.packages(active);
  if (options.installed === true) {
    const metas = packages.flatMap(({ id }) => moss.root.package(id)?.meta ?? []);
    return capabilities === undefined ? searchMetas(metas, words) : givers(metas, capabilities);
  }
  const names = new Set(packages.map(({ name }) => name));
  const catalogue = await moss.catalogue();
  if (capabilities === undefined) {
    return catalogue.search(words).map(({ offer, where }) => hitOf(offer, where, names));
  }
  const seen = new Set<string>();
  const hits: Hit[] = [];
  for (const offer of capabilities.flatMap((text) => catalogue.providing(text))) {
    if (!seen.has(offer.meta.name)) hits.push(hitOf(offer, "gives", names));
    seen.add(offer.meta.name);
  }
  const [path = ""] = words;
  for (const { offer } of options.kind === undefined && path.startsWith("/")
    ? (listedAt(catalogue, [path]).get(path) ?? [])
    : []) {
    if (!seen.has(offer.meta.name)) hits.push(hitOf(offer, "files", names));
    seen.add(offer.meta.name);
  }
  const rest = packages.filter(({ name }) => !seen.has(name)).flatMap(({ id }) => moss.root.package(id)?.meta ?? []);
  return [...hits, ...givers(rest, capabilities)];
}

/** Undefined where plain words are looked for. Throws `dependency.invalid`. */
function capabilitiesOf(words: readonly string[], kind: Kind | undefined): CapabilityText[] | undefined {
  const [word, ...more] = words;
  if (kind !== undefined) return words.map((name) => formatCapability(capability(kind, name)));
  if (word === undefined || more.length > 0) return undefined;
  if (/^[a-z0-9]+\(.+\)$/.test(word)) return [formatCapability(parseCapability(word))];
  return word.startsWith("/") ? capabilitiesOfPath(word) : undefined;
}

function givers(metas: readonly PackageMeta[], capabilities: readonly CapabilityText[]): Hit[] {
  return metas
    .filter((meta) => capabilities.some((text) => givenBy(meta).has(text)))
    .map((meta) => ({ name: meta.name, meta, installed: true, where: "gives" }));
}

function searchMetas(metas: readonly PackageMeta[], words: readonly string[]): Hit[] {
  const wanted = words.map((word) => word.toLowerCase());
  const order = ["name", "summary", "description"] as const;
  return order.flatMap((where) => {
    const earlier = order.slice(0, order.indexOf(where));
    const has = (meta: PackageMeta, fields: readonly (typeof order)[number][]) =>
      wanted.every((word) => fields.some((field) => meta[field].toLowerCase().includes(word)));
    return metas
      .filter((meta) => has(meta, [...earlier, where]) && !has(meta, earlier))
      .sort((a, b) => compareText(a.name, b.name))
      .map((meta): Hit => ({ name: meta.name, meta, installed: true, where }));
  });
}

/** A path in which a text stands, relative to /usr. */
export interface FoundFile {
  readonly path: string;
  readonly owners: readonly string[];
  readonly installed: boolean;
}

/**
 * Paths in which a text stands, with their owners: of the live state, and, unless only installed ones are asked for, of packages that
 * are not installed, by the lists of files of the collections.
 */
export async function searchFiles(moss: Moss, text: string, options: SearchOptions = {}): Promise<FoundFile[]> {
  const active = moss.root.active();
  const wanted = text.replace(/^\/(usr\/)?/, "");
  const live = active === undefined ? [] : moss.root.listing(active);
  const here = live
    .filter(({ path, entry }) => entry.kind !== "directory" && path.includes(wanted))
    .map(({ path, entry }): FoundFile => ({ path, owners: entry.owners, installed: true }));
  if (options.installed === true) return here;
  const names = new Set(moss.root.packages(active).map(({ name }) => name));
  const owners = new Map<string, string[]>();
  const take = ({ entries }: FileList) => {
    const paths = entries.flatMap(({ path, kind }) => (kind !== "directory" && path.includes(wanted) ? [path] : []));
    return paths.length === 0 ? undefined : paths;
  };
  for (const { offer, found } of (await moss.catalogue()).listing([wanted], take)) {
    if (names.has(offer.meta.name)) continue;
    for (const path of found) getOrInsert(owners, path, () => []).push(offer.meta.name);
  }
  const offered = [...owners].sort(([a], [b]) => compareText(a, b));
  return [
    ...here,
    ...offered.map(([path, list]): FoundFile => ({ path, owners: list.sort(compareText), installed: false })),
  ];
}
