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

export function settle(files: Iterable<AnalysedFile>, options: SettleOptions): Settled {
  const sources = new Map<CapabilityText, Source[]>();
  const note = (item: Capability, source: Source) =>
    getOrInsert(sources, formatCapability(item), () => []).push(source);
  const provides: Capability[] = [];
  const needs: Capability[] = [];
  const wants: Capability[] = [];
  const problems: { path: string; text: string }[] = [];
  for (const item of options.stated ?? []) {
    needs.push(item);
    note(item, { path: "", handler: "recipe" });
  }
  for (const { path, analysis } of files) {
    for (const finding of analysis.findings) {
      for (const [list, items] of [
        [provides, finding.provides],
        [needs, finding.depends],
        [wants, finding.wants],
      ] as const) {
        for (const item of items) {
          list.push(item);
          note(item, { path, handler: finding.handler });
        }
      }
      for (const text of finding.problems) problems.push({ path, text });
    }
  }
  const own = new Set(provides.map(formatCapability));
  own.add(formatCapability(capability("name", options.name)));
  const inside = new Set(provides.map(privateName));
  const dropped = new Map<CapabilityText, DropReason>();
  const depends: Capability[] = [];
  const certain = new Set(needs.map(formatCapability));
  for (const item of distinct([...needs, ...wants])) {
    const text = formatCapability(item);
    if (own.has(text)) dropped.set(text, "own");
    else if (options.dependsExclude?.some((pattern) => pattern.test(text)) === true) dropped.set(text, "excluded");
    else if (item.kind === "soname" && inside.has(item.name)) dropped.set(text, "private library");
    else if (!certain.has(text) && options.known?.(item) !== true) dropped.set(text, "nothing provides it");
    else depends.push(item);
  }
  return {
    provides: distinct(provides).filter(
      (item) => options.providesExclude?.some((pattern) => pattern.test(formatCapability(item))) !== true,
    ),
    depends,
    sources,
    dropped,
    problems,
  };
}
