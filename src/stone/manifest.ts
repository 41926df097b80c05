// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Build manifests, kept with a recipe to see what a build changed: `manifest.<arch>.bin` for programs (a stone with one
 * meta payload a package) and `manifest.<arch>.jsonc` for people (`#stone/manifest-report`).
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { compareText, uniqueSorted } from "#base/order";
import { type Capability, parseCapability } from "#model/dependency";
import type { PackageMeta } from "#model/package";
import { RecordEncoder } from "#stone/compression";
import { MAX_PAYLOADS, stoneFailure } from "#stone/format";
import { encodeFileHeader } from "#stone/header";
import { formatReport, type ReportPackage } from "#stone/manifest-report";
import { encodeMeta } from "#stone/meta-records";
import { StoneOutput } from "#stone/output";
import { buildDependsRecords, metaFields, metaProblem, metaRecords } from "#stone/package-meta";
import { StoneReader } from "#stone/reader";
import { writeFileAtomic } from "#sys/sync";

export interface ManifestPackage {
  readonly meta: PackageMeta;
  /** As the recipe writes them, build and check dependencies together: bare names stay bare. */
  readonly buildDepends: readonly string[];
  /** As the report shows them; the written form of `meta.depends` where absent. */
  readonly depends?: readonly string[];
  /** Paths of all layout entries, below /usr. */
  readonly files: readonly string[];
}

/** What a binary manifest says of one package. */
export interface ManifestEntry {
  readonly meta: PackageMeta;
  readonly buildDepends: readonly Capability[];
}

export interface ManifestPaths {
  readonly binary: string;
  readonly report: string;
}

const DEBUG_SUFFIX = "-dbginfo";

/** The two files of an architecture; a slash in it (`emul32/x86_64`) becomes a dash. */
function manifestPaths(folder: string, architecture: string): ManifestPaths {
  const base = join(folder, `manifest.${architecture.replaceAll("/", "-")}`);
  return { binary: `${base}.bin`, report: `${base}.jsonc` };
}

/** Recipe texts as capabilities, in the order of the texts; what cannot be parsed is left out, as the format has it. */
function parsedInOrder(texts: readonly string[]): Capability[] {
  const items: Capability[] = [];
  for (const text of uniqueSorted(texts)) {
    try {
      items.push(parseCapability(text));
    } catch {
      // The report keeps the text; the binary form has no place for it.
    }
  }
  return items;
}

/** The packages that a manifest tells of, sorted by name; debug packages are not among them. */
function listed(packages: readonly ManifestPackage[]): ManifestPackage[] {
  return packages
    .filter(({ meta }) => !meta.name.endsWith(DEBUG_SUFFIX))
    .sort((a, b) => compareText(a.meta.name, b.meta.name));
}

/** Writes the binary manifest. Throws `stone.write` for metadata that the format cannot hold, `stone.limit`. */
export function writeManifest(path: string, packages: readonly ManifestPackage[]): void {
  const list = listed(packages);
  if (list.length > MAX_PAYLOADS) {
    throw stoneFailure("stone.limit", path, `${list.length} packages, expected at most ${MAX_PAYLOADS}`);
  }
  using output = new StoneOutput(path);
  using encoder = new RecordEncoder("default");
  output.write(encodeFileHeader("build-manifest", list.length));
  for (const { meta, buildDepends } of list) {
    const problem = metaProblem(meta);
    if (problem !== undefined) throw stoneFailure("stone.write", path, `${problem}, expected valid metadata`);
    // The build release is not part of what a recipe promises.
    const records = [...metaRecords({ ...meta, buildRelease: 0 }), ...buildDependsRecords(parsedInOrder(buildDepends))];
    for (const part of encoder.encode("meta", encodeMeta(records), records.length)) output.write(part);
  }
  output.finish(true);
}

/** Reads a binary manifest. Throws what `StoneReader.open` throws, `stone.meta` for a package without its fields. */
export function readManifest(path: string): ManifestEntry[] {
  using reader = StoneReader.open(path, { expect: "build-manifest" });
  return [...reader.metas()].map((records) => metaFields(records, reader.name));
}

/** Writes both manifests of a build into `folder`, which is made where it is missing. The packages share one source. */
export function writeManifests(folder: string, packages: readonly ManifestPackage[]): ManifestPaths | undefined {
  const list = listed(packages);
  const first = list[0]?.meta;
  if (first === undefined) return undefined;
  mkdirSync(folder, { recursive: true });
  const paths = manifestPaths(folder, first.architecture);
  writeManifest(paths.binary, list);
  const report = formatReport({
    sourceName: first.sourceId,
    sourceRelease: `${first.release}`,
    sourceVersion: first.version,
    packages: list.map(reportPackage),
  });
  writeFileAtomic(paths.report, report);
  return paths;
}

function reportPackage({ meta, buildDepends, depends, files }: ManifestPackage): ReportPackage {
  const written = (items: readonly Capability[]) => items.map(({ kind, name }) => `${kind}(${name})`);
  return {
    name: meta.name,
    buildDepends: uniqueSorted(buildDepends),
    depends: uniqueSorted(depends ?? written(meta.depends)),
    files: uniqueSorted(files.map((file) => `/usr/${file}`)),
    provides: uniqueSorted(written(meta.provides.filter((item) => item.kind !== "name" || item.name !== meta.name))),
  };
}
