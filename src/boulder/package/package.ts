// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Packaging of a build: what was installed goes to its packages by the rules, is compressed, stripped and split, looked
 * into, and written as stones. The install folder is only read.
 */
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { Failure } from "#base/errors";
import { compareText, getOrInsert } from "#base/order";
import { mapLimited } from "#base/parallel";
import { analyseFiles } from "#boulder/package/analyse";
import { unresolvedOf } from "#boulder/package/closure";
import { Collector, definitionsOf } from "#boulder/package/collect";
import { emitPackage } from "#boulder/package/emit";
import { evidenceOf, evidencePath, writeEvidence } from "#boulder/package/evidence";
import type { CollectedFile, OnEvent, PackagingResult } from "#boulder/package/model";
import { type MergedPackage, mergePackages } from "#boulder/package/packages";
import { type PrepareOptions, prepareFiles } from "#boulder/package/prepare";
import { type BuildSearchPath, buildSearchPaths, refuseSearchPaths } from "#boulder/package/search-paths";
import { Staging } from "#boulder/package/staging";
import { surroundingsOf } from "#boulder/package/surroundings";
import type { PackageDefinition, Recipe } from "#boulder/recipe/model";
import type { PackageFile } from "#capabilities/file";
import { type AnalysedFile, type Settled, settle } from "#capabilities/settle";
import { type CapabilityText, formatCapability } from "#model/dependency";
import type { Profile } from "#stone/writer";

export type { PackagedFile, PackagingResult } from "#boulder/package/model";

export interface PackagingOptions extends PrepareOptions {
  /** Templates of the macros, expanded for this recipe (`packageTemplates`). */
  readonly templates: readonly PackageDefinition[];
  /** Where stones are written. */
  readonly outFolder: string;
  /** The word in stones' names, `x86_64`. */
  readonly architecture: string;
  readonly buildRelease: number;
  /** The root that the build ran in, to see which libraries lie on search paths. */
  readonly root?: string;
  /** Folders whose libraries the root's loader finds by soname, besides those directly below /usr. */
  readonly libraryFolders?: readonly string[];
  /** Whether something that the build may depend on gives a capability; nothing is checked where left out. */
  readonly known?: (text: CapabilityText) => boolean;
  readonly profile?: Profile;
  readonly onEvent?: OnEvent;
  /** Ends the packaging, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** While one package ends, the next begins; more at once only cost memory, as each has several threads of its own. */
const PACKAGES_AT_ONCE = 2;
/** Each thread of an encoder holds tens of MiB. */
const THREADS_LIMIT = 8;

/** A package that only rules name: files went to it, but nothing describes it. */
function mergedOf(packages: ReadonlyMap<string, MergedPackage>, name: string): MergedPackage {
  const merged = packages.get(name);
  if (merged === undefined) throw new Error(`the package ${name} of a rule has no definition`);
  return merged;
}

function settledOf(settled: ReadonlyMap<string, Settled>, name: string): Settled {
  const one = settled.get(name);
  if (one === undefined) throw new Error(`the package ${name} was not settled`);
  return one;
}

/** Which packages there are, and the analysed files of each. Empty ones are there only where the recipe says so. */
function byPackage(files: readonly CollectedFile[], packages: ReadonlyMap<string, MergedPackage>) {
  const groups = new Map<string, CollectedFile[]>();
  for (const file of files) getOrInsert(groups, file.rule.package, () => []).push(file);
  for (const [name, merged] of packages) if (merged.empty) getOrInsert(groups, name, () => []);
  return new Map([...groups].sort(([a], [b]) => compareText(a, b)));
}

/** A build that gives no package at all was for nothing: mostly its install phase wrote elsewhere. */
function refuseNothing(recipe: Recipe, groups: ReadonlyMap<string, unknown>): void {
  if (groups.size > 0) return;
  throw new Failure("package.empty", `Cannot package "${recipe.name}": nothing was installed, expected files in /usr`, {
    hint: "Install below %(installroot). A package that is to hold no files says `empty: true` in the recipe.",
  });
}

/**
 * Makes the packages of a build. Throws `package.empty` (there are none), `package.path` (files outside /usr, names that
 * cannot be recorded), `package.strip`, `package.analysis`, `stone.write`.
 */
export async function packageInstall(options: PackagingOptions): Promise<PackagingResult> {
  const { recipe } = options;
  const onEvent = options.onEvent ?? (() => undefined);
  const definitions = definitionsOf(options.templates, recipe);
  const collector = new Collector(definitions);
  const merged = mergePackages(recipe, definitions);
  try {
    const files = await prepareFiles(options, collector, onEvent);
    onEvent({ type: "step", name: "analyse", files: files.length });
    const around = surroundingsOf(files, {
      libraryFolders: options.libraryFolders ?? [],
      machine: options.architecture === "x86" ? "386" : options.architecture,
      ...(options.root === undefined ? {} : { root: options.root }),
    });
    const inBuild: BuildSearchPath[] = [];
    const look = (file: PackageFile) => void inBuild.push(...buildSearchPaths(file));
    const analysed = new Map(analyseFiles(files, around, look).map((item) => [item.path, item]));
    if (!recipe.options.buildrpath) refuseSearchPaths(recipe.name, inBuild);
    const groups = byPackage(files, merged);
    refuseNothing(recipe, groups);
    const settled = settleAll(groups, analysed, merged, options.known);
    for (const [, one] of settled) {
      for (const { path, text } of one.problems) onEvent({ type: "warning", path, text });
    }
    onEvent({ type: "step", name: "emit", files: files.length });
    // Nothing before waits for long without giving signals a turn.
    await setImmediate();
    options.signal?.throwIfAborted();
    using staging = new Staging(options.outFolder);
    const threads = Math.min(options.jobs ?? availableParallelism(), THREADS_LIMIT);
    const packages = await mapLimited([...groups], PACKAGES_AT_ONCE, async ([name, members]) => {
      const emitted = await emitPackage(recipe, mergedOf(merged, name), members, settledOf(settled, name), {
        folder: staging.folder,
        architecture: options.architecture,
        buildRelease: options.buildRelease,
        threads,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        ...(options.profile === undefined ? {} : { profile: options.profile }),
      });
      return { ...emitted, file: staging.placeOf(emitted.file) };
    });
    const result: PackagingResult = {
      packages,
      files: files.map((file) => ({ path: file.path, package: file.rule.package, rule: file.rule })),
      settled,
      unresolved: options.known === undefined ? [] : unresolvedOf(settled, options.known),
    };
    writeEvidence(evidencePath(staging.folder, recipe, options.architecture), evidenceOf(recipe, result));
    options.signal?.throwIfAborted();
    staging.publish();
    for (const { name, file, size } of packages) onEvent({ type: "package", name, file, size });
    return result;
  } finally {
    rmSync(options.scratchFolder, { recursive: true, force: true });
  }
}

/** What every package gives and needs. What files only want is kept where this build or the caller's set gives it. */
function settleAll(
  groups: ReadonlyMap<string, readonly CollectedFile[]>,
  analysed: ReadonlyMap<string, AnalysedFile>,
  merged: ReadonlyMap<string, MergedPackage>,
  known: PackagingOptions["known"],
): Map<string, Settled> {
  const given = new Set<CapabilityText>();
  for (const { analysis } of analysed.values()) {
    for (const item of analysis.provides) given.add(formatCapability(item));
  }
  const settled = new Map<string, Settled>();
  for (const [name, files] of groups) {
    const description = mergedOf(merged, name);
    const members = files.flatMap((file) => analysed.get(file.path) ?? []);
    settled.set(
      name,
      settle(members, {
        name,
        stated: description.rundeps,
        dependsExclude: description.rundepsExclude,
        providesExclude: description.providesExclude,
        known: (item) => given.has(formatCapability(item)) || known?.(formatCapability(item)) === true,
      }),
    );
  }
  return settled;
}
