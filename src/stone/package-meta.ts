// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From meta records to a package and back. */
import { compareText, uniqueSorted } from "#base/order";
import { type Capability, formatCapability, KINDS, kindOf } from "#model/dependency";
import type { PackageMeta } from "#model/package";
import { META_TAGS, type MetaTag, stoneFailure } from "#stone/format";
import type { MetaRecord } from "#stone/meta-records";
import { nameProblem } from "#stone/paths";

/** What a repository index says of a package besides its metadata. */
export interface OfferFields {
  readonly uri?: string;
  readonly hash?: string;
  readonly size?: number;
}

/** Everything that one meta payload says. */
export interface MetaFields {
  readonly meta: PackageMeta;
  /** Only in build manifests. */
  readonly buildDepends: readonly Capability[];
}

class Records {
  readonly #all: readonly MetaRecord[];
  readonly #name: string;

  constructor(all: readonly MetaRecord[], name: string) {
    this.#all = all;
    this.#name = name;
  }

  /** Of a field that stands there several times the first counts. A walk: packages have few records, and indexes many packages. */
  #first(tag: MetaTag): MetaRecord | undefined {
    const number = META_TAGS[tag];
    for (const record of this.#all) if (record.tag === number) return record;
    return undefined;
  }

  #bad(tag: MetaTag, found: string): Error {
    return stoneFailure("stone.meta", this.#name, `${found}, expected the metadata field "${tag}"`);
  }

  text(tag: MetaTag): string | undefined {
    const record = this.#first(tag);
    if (record === undefined) return undefined;
    if (record.type !== "string") throw this.#bad(tag, `a field of type ${record.type}`);
    return record.value;
  }

  number(tag: MetaTag): number | undefined {
    const record = this.#first(tag);
    if (record === undefined) return undefined;
    if (typeof record.value !== "bigint") throw this.#bad(tag, `a field of type ${record.type}`);
    if (record.value < 0n || record.value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw this.#bad(tag, `the number ${record.value}`);
    }
    return Number(record.value);
  }

  mustText(tag: MetaTag): string {
    const text = this.text(tag);
    if (text === undefined) throw this.#bad(tag, "nothing");
    return text;
  }

  mustNumber(tag: MetaTag): number {
    const number = this.number(tag);
    if (number === undefined) throw this.#bad(tag, "nothing");
    return number;
  }

  texts(tag: MetaTag): string[] {
    const number = META_TAGS[tag];
    const out: string[] = [];
    for (const record of this.#all) if (record.tag === number && record.type === "string") out.push(record.value);
    return out;
  }

  /** Dependencies or providers; those of kinds that we do not know are left out, as they can match nothing. */
  capabilities(tag: MetaTag): Capability[] {
    const number = META_TAGS[tag];
    const out: Capability[] = [];
    for (const record of this.#all) {
      if (record.tag !== number || (record.type !== "dependency" && record.type !== "provider")) continue;
      const kind = kindOf(record.value.kindId);
      if (kind !== undefined && record.value.name !== "") out.push({ kind, name: record.value.name });
    }
    return out;
  }
}

/** Reads the fields of one meta payload. Throws `stone.meta` where one is missing or of the wrong kind. */
export function metaFields(records: readonly MetaRecord[], name: string): MetaFields {
  const fields = new Records(records, name);
  const packageName = fields.mustText("name");
  const problem = nameProblem(packageName);
  if (problem !== undefined) {
    throw stoneFailure("stone.meta", name, `${problem} in the package name ${JSON.stringify(packageName)}`);
  }
  const installedSize = fields.number("installedSize");
  const replaces = fields.texts("replaces");
  const meta: PackageMeta = {
    name: packageName,
    version: fields.mustText("version"),
    release: fields.mustNumber("release"),
    buildRelease: fields.mustNumber("buildRelease"),
    architecture: fields.mustText("architecture"),
    summary: fields.mustText("summary"),
    description: fields.mustText("description"),
    homepage: fields.mustText("homepage"),
    sourceId: fields.mustText("sourceId"),
    licenses: fields.texts("license"),
    depends: fields.capabilities("depends"),
    provides: fields
      .capabilities("provides")
      .filter((provider) => provider.kind !== "name" || provider.name !== packageName),
    conflicts: fields.capabilities("conflicts"),
    ...(installedSize === undefined ? {} : { installedSize }),
    ...((fields.number("essential") ?? 0) === 0 ? {} : { essential: true }),
    ...(replaces.length === 0 ? {} : { replaces }),
  };
  return { meta, buildDepends: fields.capabilities("buildDepends") };
}

/** What an index adds to a package. Throws `stone.meta` for a field of the wrong kind. */
export function offerFields(records: readonly MetaRecord[], name: string): OfferFields {
  const fields = new Records(records, name);
  const uri = fields.text("packageUri");
  const hash = fields.text("packageHash");
  const size = fields.number("packageSize");
  return {
    ...(uri === undefined ? {} : { uri }),
    ...(hash === undefined ? {} : { hash }),
    ...(size === undefined ? {} : { size }),
  };
}

const text = (tag: MetaTag, value: string): MetaRecord => ({ tag: META_TAGS[tag], type: "string", value });
const number = (tag: MetaTag, value: number): MetaRecord => ({
  tag: META_TAGS[tag],
  type: "uint64",
  value: BigInt(value),
});

/** Sorted by their written form and without repeats, as every list of capabilities in a stone is. */
function capabilityRecords(tag: MetaTag, type: "dependency" | "provider", items: readonly Capability[]): MetaRecord[] {
  const byText = new Map(items.map((item) => [formatCapability(item), item]));
  return [...byText]
    .sort((a, b) => compareText(a[0], b[0]))
    .map(([, item]) => ({ tag: META_TAGS[tag], type, value: { kindId: KINDS[item.kind], name: item.name } }));
}

/** Build dependencies of a manifest: their order is the caller's (that of the recipe's texts). */
export function buildDependsRecords(items: readonly Capability[]): MetaRecord[] {
  return items.map((item) => ({
    tag: META_TAGS.buildDepends,
    type: "dependency",
    value: { kindId: KINDS[item.kind], name: item.name },
  }));
}

/** The records of a package, in the order in which the format's other writers put them; ours come last. */
export function metaRecords(meta: PackageMeta, offer: OfferFields = {}): MetaRecord[] {
  const self = (provider: Capability) => provider.kind === "name" && provider.name === meta.name;
  return [
    text("name", meta.name),
    text("version", meta.version),
    number("release", meta.release),
    number("buildRelease", meta.buildRelease),
    text("architecture", meta.architecture),
    text("summary", meta.summary),
    text("description", meta.description),
    text("sourceId", meta.sourceId),
    text("homepage", meta.homepage),
    ...(offer.uri === undefined ? [] : [text("packageUri", offer.uri)]),
    ...(offer.hash === undefined ? [] : [text("packageHash", offer.hash)]),
    ...(offer.size === undefined ? [] : [number("packageSize", offer.size)]),
    ...[...meta.licenses].sort(compareText).map((license) => text("license", license)),
    ...capabilityRecords("depends", "dependency", meta.depends),
    ...capabilityRecords(
      "provides",
      "provider",
      meta.provides.filter((provider) => !self(provider)),
    ),
    ...capabilityRecords("conflicts", "provider", meta.conflicts),
    ...(meta.installedSize === undefined ? [] : [number("installedSize", meta.installedSize)]),
    ...(meta.essential === true ? [{ tag: META_TAGS.essential, type: "uint8", value: 1n } as const] : []),
    ...uniqueSorted(meta.replaces ?? []).map((name) => text("replaces", name)),
  ];
}

/** What is wrong with metadata that is about to be written, or undefined. */
export function metaProblem(meta: PackageMeta): string | undefined {
  const problem = nameProblem(meta.name);
  if (problem !== undefined) return `${problem} in the package name ${JSON.stringify(meta.name)}`;
  for (const value of [meta.release, meta.buildRelease, meta.installedSize ?? 0]) {
    if (!Number.isSafeInteger(value) || value < 0) return `the number ${value}`;
  }
  const texts = [
    meta.version,
    meta.architecture,
    meta.summary,
    meta.description,
    meta.homepage,
    meta.sourceId,
    ...meta.licenses,
    ...(meta.replaces ?? []),
    ...[...meta.depends, ...meta.provides, ...meta.conflicts].map((item) => item.name),
  ];
  const nul = texts.find((value) => value.includes("\0") || !value.isWellFormed());
  return nul === undefined ? undefined : `a NUL or half a character in ${JSON.stringify(nul)}`;
}
