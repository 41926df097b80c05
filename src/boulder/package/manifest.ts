// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The manifests of a build, and how they differ from those that a recipe's folder holds. A difference is no error of
 * the build but a change that its author has to see: of providers, dependencies and files.
 */
import { readFileSync, statSync } from "node:fs";
import { Failure } from "#base/errors";
import { compareText, uniqueSorted } from "#base/order";
import type { EmittedPackage } from "#boulder/package/emit";
import type { Recipe } from "#boulder/recipe/model";
import { type CapabilityText, capability, formatCapability, KINDS, parseCapability } from "#model/dependency";
import { type ManifestPackage, readManifest, writeManifests } from "#stone/manifest";
import { parseReport } from "#stone/manifest-report";

/** Kinds from this number up are ours: a manifest of another writer has none of them. */
const FIRST_OWN_KIND = 64;

/** What two manifests are compared by; absent where a manifest does not say. */
export interface PackageFacts {
  readonly provides: readonly string[];
  readonly depends: readonly string[];
  readonly conflicts?: readonly string[];
  readonly buildDepends: readonly string[];
  readonly files?: readonly string[];
}

export interface ManifestFacts {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly packages: ReadonlyMap<string, PackageFacts>;
}

export interface Difference {
  /** Undefined for the source as a whole. */
  readonly package: string | undefined;
  readonly field: "package" | "name" | "version" | "release" | keyof PackageFacts;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

/** The packages of a build as the writer of manifests takes them. */
function manifestPackages(recipe: Recipe, packages: readonly EmittedPackage[]): ManifestPackage[] {
  const buildDepends = uniqueSorted([...recipe.build.builddeps, ...recipe.build.checkdeps].map((item) => item.text));
  return packages.map(({ meta, entries }) => {
    // Sizes change with every compiler and say nothing about what the package promises.
    const { installedSize: _, ...promised } = meta;
    return {
      meta: promised,
      buildDepends,
      // Package names stand bare in the report.
      depends: meta.depends.map((item) => (item.kind === "name" ? item.name : formatCapability(item))),
      files: entries.map((entry) => entry.path),
    };
  });
}

/** Writes both manifests; gives their paths, or undefined where only debug packages were built. */
export function writeBuildManifests(folder: string, recipe: Recipe, packages: readonly EmittedPackage[]) {
  return writeManifests(folder, manifestPackages(recipe, packages));
}

function canonical(text: string): CapabilityText {
  try {
    return formatCapability(parseCapability(text));
  } catch {
    // A kind that we do not know is compared as it is written.
    return text;
  }
}

const canonicals = (texts: readonly string[]) => uniqueSorted(texts.map(canonical));

/** What a build promises, for comparison. */
export function factsOf(recipe: Recipe, packages: readonly EmittedPackage[]): ManifestFacts {
  const facts = manifestPackages(recipe, packages)
    .filter(({ meta }) => !meta.name.endsWith("-dbginfo"))
    .map(({ meta, buildDepends, files }): [string, PackageFacts] => [
      meta.name,
      {
        provides: meta.provides.map(formatCapability),
        depends: meta.depends.map(formatCapability),
        conflicts: meta.conflicts.map(formatCapability),
        buildDepends: canonicals(buildDepends),
        files: files.map((file) => `/usr/${file}`),
      },
    ]);
  return { name: recipe.name, version: recipe.version, release: `${recipe.release}`, packages: new Map(facts) };
}

/** Reads a manifest of either form, by its name. Throws `format.invalid` or what reading stones throws. */
export function readFacts(path: string): ManifestFacts {
  return path.endsWith(".jsonc") ? readReportFacts(path) : readBinaryFacts(path);
}

function readReportFacts(path: string): ManifestFacts {
  const report = parseReport(readFileSync(path, "utf8"), path);
  const packages = report.packages.map((item): [string, PackageFacts] => [
    item.name,
    {
      provides: canonicals(item.provides),
      depends: canonicals(item.depends),
      buildDepends: canonicals(item.buildDepends),
      files: item.files,
    },
  ]);
  return {
    name: report.sourceName,
    version: report.sourceVersion,
    release: report.sourceRelease,
    packages: new Map(packages),
  };
}

/** A binary manifest has no files; those of the report beside it are taken where there is one. */
function readBinaryFacts(path: string): ManifestFacts {
  const entries = readManifest(path);
  const first = entries[0]?.meta;
  if (first === undefined)
    throw new Failure("format.invalid", `Cannot read "${path}": no package, expected one or more`);
  const report = path.replace(/\.bin$/, ".jsonc");
  const beside = report !== path && statSync(report, { throwIfNoEntry: false }) !== undefined;
  const files = beside ? readReportFacts(report).packages : undefined;
  const packages = entries.map(({ meta, buildDepends }): [string, PackageFacts] => {
    const self = formatCapability(capability("name", meta.name));
    const listed = files?.get(meta.name)?.files;
    return [
      meta.name,
      {
        provides: meta.provides.map(formatCapability).filter((text) => text !== self),
        depends: meta.depends.map(formatCapability),
        conflicts: meta.conflicts.map(formatCapability),
        buildDepends: buildDepends.map(formatCapability),
        ...(listed === undefined ? {} : { files: listed }),
      },
    ];
  });
  return { name: first.sourceId, version: first.version, release: `${first.release}`, packages: new Map(packages) };
}

function isOwn(text: string): boolean {
  const kind = text.slice(0, Math.max(0, text.indexOf("(")));
  return Object.hasOwn(KINDS, kind) && KINDS[kind as keyof typeof KINDS] >= FIRST_OWN_KIND;
}

const FIELDS = ["provides", "depends", "conflicts", "buildDepends", "files"] as const satisfies (keyof PackageFacts)[];

/**
 * How `built` differs from `recorded`, package by package in the order of their names; nothing where they agree. Fields
 * that one side does not say are not compared, nor our own kinds of capability where the recorded one knows none of them.
 */
export function compareManifests(recorded: ManifestFacts, built: ManifestFacts): Difference[] {
  const out: Difference[] = [];
  for (const field of ["name", "version", "release"] as const) {
    if (recorded[field] !== built[field]) {
      out.push({ package: undefined, field, removed: [recorded[field]], added: [built[field]] });
    }
  }
  const knowsOurs = [...recorded.packages.values()].some((facts) =>
    [...facts.provides, ...facts.depends].some((text) => isOwn(text)),
  );
  const relevant = (items: readonly string[]) => (knowsOurs ? items : items.filter((text) => !isOwn(text)));
  for (const name of uniqueSorted([...recorded.packages.keys(), ...built.packages.keys()])) {
    const before = recorded.packages.get(name);
    const after = built.packages.get(name);
    if (before === undefined || after === undefined) {
      const names = (facts: PackageFacts | undefined) => (facts === undefined ? [] : [name]);
      out.push({ package: name, field: "package", removed: names(before), added: names(after) });
      continue;
    }
    for (const field of FIELDS) {
      const [old, now] = [before[field], after[field]];
      if (old === undefined || now === undefined) continue;
      const was = new Set(relevant(old));
      const is = new Set(relevant(now));
      const removed = [...was].filter((item) => !is.has(item)).sort(compareText);
      const added = [...is].filter((item) => !was.has(item)).sort(compareText);
      if (removed.length + added.length > 0) out.push({ package: name, field, removed, added });
    }
  }
  return out;
}

/** The difference as lines: a heading for each package and field, then `-` and `+`. */
export function formatDifferences(differences: readonly Difference[]): string[] {
  return differences.flatMap((item) => [
    `${item.package ?? "source"}: ${item.field === "buildDepends" ? "build-depends" : item.field}`,
    ...item.removed.map((text) => `  - ${text}`),
    ...item.added.map((text) => `  + ${text}`),
  ]);
}

/** Throws `manifest.differs` with the difference in its message, where a build is not what a committed manifest says. */
export function verifyManifest(path: string, recipe: Recipe, packages: readonly EmittedPackage[]): void {
  const differences = compareManifests(readFacts(path), factsOf(recipe, packages));
  if (differences.length === 0) return;
  const lines = formatDifferences(differences).join("\n");
  throw new Failure("manifest.differs", `Cannot confirm the manifest "${path}": the build differs\n${lines}`, {
    hint: "Commit the new manifest where the change is meant.",
  });
}
