// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a build root must hold, and why: the family's base, the toolchain, stated dependencies, those of macros. */
import { compareText, getOrInsert } from "#base/order";
import type { ImpliedDependency } from "../macros/expand";
import type { Family } from "../macros/model";
import type { Recipe, Upstream } from "../recipe/model";

export interface RootReason {
  readonly kind:
    | "base"
    | "toolchain"
    | "workload"
    | "emul32"
    | "mold"
    | "cache"
    | "builddep"
    | "checkdep"
    | "macro"
    | "upstream";
  /** For people: `toolchain gnu`, `%cmake`, `builddeps`. */
  readonly text: string;
  /** The recipe line that asks for it, where one does. */
  readonly line?: number;
}

export interface RootDependency {
  /** `kind(name)` or a package name. */
  readonly dependency: string;
  readonly reasons: readonly RootReason[];
}

export interface RootInput {
  readonly recipe: Recipe;
  readonly family: Family;
  readonly implied: readonly ImpliedDependency[];
  /** With the 32-bit side of the toolchain. */
  readonly emul32: boolean;
  /** With stages that record profiles. */
  readonly workload: boolean;
  /** With compiler caches. */
  readonly cache: boolean;
  /** Without what only checks need. */
  readonly noCheck: boolean;
}

/** Tools for archives that boulder does not unpack by itself. */
const ARCHIVE_TOOLS: readonly (readonly [RegExp, string])[] = [[/\.(?:7z|rpm|deb|lz|tlz)$/i, "binary(bsdtar-static)"]];

/** The dependencies of a root, sorted, each with all of its reasons. */
export function rootDependencies(input: RootInput): RootDependency[] {
  const { recipe, family } = input;
  const found = new Map<string, RootReason[]>();
  const add = (dependency: string, reason: RootReason) => {
    const name = family.names.get(dependency) ?? dependency;
    getOrInsert(found, name, () => []).push(reason);
  };
  const stated = (dependency: string, reason: RootReason) => getOrInsert(found, dependency, () => []).push(reason);
  const { toolchain, mold } = recipe.options;
  for (const item of family.base) stated(item, { kind: "base", text: "every build" });
  for (const item of family.toolchains[toolchain]) stated(item, { kind: "toolchain", text: `toolchain ${toolchain}` });
  if (input.workload) {
    for (const item of family.workload[toolchain]) stated(item, { kind: "workload", text: "workload" });
  }
  if (input.emul32) {
    for (const item of [...family.emul32.all, ...family.emul32[toolchain]])
      stated(item, { kind: "emul32", text: "emul32" });
  }
  if (mold) for (const item of family.mold) stated(item, { kind: "mold", text: "mold" });
  if (input.cache) for (const item of family.cache) stated(item, { kind: "cache", text: "compiler cache" });
  // A profile's dependencies count for every target: there is one root for all of them.
  for (const definition of [recipe.build, ...recipe.profiles.map((profile) => profile.build)]) {
    for (const { text, place } of definition.builddeps)
      stated(text, { kind: "builddep", text: "builddeps", line: place.line });
    if (input.noCheck) continue;
    for (const { text, place } of definition.checkdeps)
      stated(text, { kind: "checkdep", text: "checkdeps", line: place.line });
  }
  for (const { dependency, action, line } of input.implied) {
    add(dependency, { kind: "macro", text: action, ...(line === undefined ? {} : { line }) });
  }
  for (const upstream of recipe.upstreams) {
    for (const tool of archiveTools(upstream)) {
      add(tool, { kind: "upstream", text: upstream.fileName, line: upstream.place.line });
    }
  }
  return [...found]
    .sort(([a], [b]) => compareText(a, b))
    .map(([dependency, reasons]) => ({ dependency, reasons: unique(reasons) }));
}

function archiveTools(upstream: Upstream): string[] {
  if (upstream.kind !== "archive" || !upstream.unpack) return [];
  return ARCHIVE_TOOLS.filter(([pattern]) => pattern.test(upstream.fileName)).map(([, tool]) => tool);
}

function unique(reasons: readonly RootReason[]): RootReason[] {
  const seen = new Set<string>();
  return reasons.filter((reason) => {
    const key = `${reason.kind} ${reason.text} ${reason.line ?? ""}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
