// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From what the files of a package say to what the package says: repeats, needs that it fills itself, exclusions. */
import { getOrInsert } from "#base/order";
import { distinct, type FileAnalysis } from "#capabilities/analyse";
import { type Capability, type CapabilityText, capability, formatCapability } from "#model/dependency";

/** One file of a package and what was found in it. */
export interface AnalysedFile {
  readonly path: string;
  readonly analysis: FileAnalysis;
}

/** Where a capability came from: a file and the handler that read it, or the recipe. */
export interface Source {
  readonly path: string;
  readonly handler: string;
}

/** Why a need that was found is not a dependency of the package. */
export type DropReason = "excluded" | "own" | "private library" | "nothing provides it";

/** What a written form is tested by. */
export interface TextTest {
  test(text: string): boolean;
}

export interface SettleOptions {
  readonly name: string;
  /** Dependencies that the recipe states. */
  readonly stated?: readonly Capability[];
  /** Patterns over the written form, not anchored. */
  readonly dependsExclude?: readonly TextTest[];
  readonly providesExclude?: readonly TextTest[];
  /** Whether anything known provides a capability; what a file only wants is kept where this is true. */
  readonly known?: (item: Capability) => boolean;
}

export interface Settled {
  readonly provides: readonly Capability[];
  readonly depends: readonly Capability[];
  /** Written form of each provider and dependency (also those dropped) to where it was found. */
  readonly sources: ReadonlyMap<CapabilityText, readonly Source[]>;
  readonly dropped: ReadonlyMap<CapabilityText, DropReason>;
  readonly problems: readonly { readonly path: string; readonly text: string }[];
}

/** A nested library's bare soname, `libx.so(x86_64)` of `soname(foo/libx.so(x86_64))`; undefined for other things. */
function privateName(item: Capability): string | undefined {
  const slash = item.name.lastIndexOf("/", item.name.indexOf("("));
  return item.kind === "soname" && slash > 0 ? item.name.slice(slash + 1) : undefined;
}

/** Settles what a package says. */
export function settle(files: Iterable<AnalysedFile>, options: SettleOptions): Settled {
  const { provides, needs, wants, sources, problems } = collect(files, options.stated ?? []);
  const certain = new Set(needs.map(formatCapability));
  const reasonToDrop = dropping(provides, certain, options);
  const dropped = new Map<CapabilityText, DropReason>();
  const depends = distinct([...needs, ...wants]).filter((item) => {
    const reason = reasonToDrop(item);
    if (reason !== undefined) dropped.set(formatCapability(item), reason);
    return reason === undefined;
  });
  return {
    provides: distinct(provides).filter((item) => !matches(options.providesExclude, formatCapability(item))),
    depends,
    sources,
    dropped,
    problems,
  };
}

/** All that the recipe states and the files say, as it stands there. */
function collect(files: Iterable<AnalysedFile>, stated: readonly Capability[]) {
  const sources = new Map<CapabilityText, Source[]>();
  const found = { provides: [] as Capability[], depends: [] as Capability[], wants: [] as Capability[] };
  const problems: { path: string; text: string }[] = [];
  const take = (kind: keyof typeof found, items: readonly Capability[], source: Source) => {
    for (const item of items) {
      found[kind].push(item);
      getOrInsert(sources, formatCapability(item), () => []).push(source);
    }
  };
  take("depends", stated, { path: "", handler: "recipe" });
  for (const { path, analysis } of files) {
    for (const finding of analysis.findings) {
      const source = { path, handler: finding.handler };
      for (const kind of ["provides", "depends", "wants"] as const) take(kind, finding[kind], source);
      for (const text of finding.problems) problems.push({ path, text });
    }
  }
  const { provides, depends: needs, wants } = found;
  return { provides, needs, wants, sources, problems };
}

/** Tells why a need is no dependency; undefined where it is one. What is not `certain` is one where something is known to give it. */
function dropping(provides: readonly Capability[], certain: ReadonlySet<CapabilityText>, options: SettleOptions) {
  const own = new Set([...provides, capability("name", options.name)].map(formatCapability));
  const inside = new Set(provides.map(privateName));
  return (item: Capability): DropReason | undefined => {
    const text = formatCapability(item);
    if (own.has(text)) return "own";
    if (matches(options.dependsExclude, text)) return "excluded";
    if (item.kind === "soname" && inside.has(item.name)) return "private library";
    return certain.has(text) || options.known?.(item) === true ? undefined : "nothing provides it";
  };
}

function matches(patterns: readonly TextTest[] | undefined, text: CapabilityText): boolean {
  return patterns?.some((pattern) => pattern.test(text)) === true;
}
