// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Imports Debian packages as stones: resolve, fetch, scan, plan, write, index. Silent: events and a report. */
import { mkdirSync, mkdtempSync, rmSync, unlinkSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { Failure } from "#base/errors";
import { mapLimited } from "#base/parallel";
import { Apt, type AptEvent } from "#deb/apt";
import { DebArchive } from "#deb/archive";
import type { AptPackage } from "#deb/available";
import { findAsked, type Reason, resolveClosure } from "#deb/closure";
import type { EmittedStone } from "#deb/emit";
import { hashFile } from "#deb/hash-file";
import { machineName } from "#deb/machine";
import { planSet } from "#deb/plan";
import type { PackagePlan } from "#deb/plan-model";
import { JobPool } from "#deb/pool";
import { CollectionFolder } from "#deb/releases";
import type { PackageScan } from "#deb/scan-model";
import { type Related, RelatedSet } from "#deb/set";
import { indexFolder } from "#stone/repository";
import type { Profile } from "#stone/writer";
import { syncFileSystem } from "#sys/sync";

export type ImportEvent =
  | AptEvent
  | { readonly type: "resolved"; readonly packages: number }
  | { readonly type: "scanned"; readonly name: string; readonly done: number; readonly total: number }
  | { readonly type: "planned"; readonly packages: number }
  | {
      readonly type: "written";
      readonly name: string;
      readonly done: number;
      readonly total: number;
      readonly size: number;
    }
  | { readonly type: "indexed"; readonly packages: number };

export interface ImportOptions {
  /** Names of Debian packages, and paths of `.deb` files (words with a slash or ending in `.deb`). */
  readonly words: readonly string[];
  /** Folder of the collection; made where it is missing. */
  readonly outDir: string;
  /** Folder for apt's private state and downloads. */
  readonly cache: string;
  readonly profile?: Profile;
  readonly jobs?: number;
  readonly recommends?: boolean;
  /** Takes Debian's essential packages too; true where absent and anything came from apt. */
  readonly essential?: boolean;
  /** Reports unsatisfied relations instead of failing. */
  readonly allowMissing?: boolean;
  /** Writes no index. */
  readonly noIndex?: boolean;
  /** Hours after which apt's lists are fetched again. */
  readonly maxAge?: number;
  /** The machine as ELF names it. */
  readonly machine?: string;
  readonly onEvent?: (event: ImportEvent) => void;
}

export interface ImportedPackage {
  readonly plan: PackagePlan;
  readonly scan: Pick<PackageScan, "file" | "sha256">;
  readonly stone: EmittedStone;
  readonly reason: Reason;
}

export interface ImportResult {
  readonly packages: readonly ImportedPackage[];
  /** Bytes of all stones. */
  readonly size: number;
}

/** A package of the set: where its .deb is comes after resolving. */
interface Candidate extends Related {
  readonly local?: string;
  readonly apt?: AptPackage;
}

function isFile(word: string): boolean {
  return word.includes("/") || word.endsWith(".deb");
}

function openLocal(path: string): Candidate {
  using deb = DebArchive.open(path);
  const relations: Record<string, string> = {};
  for (const field of ["pre-depends", "depends", "recommends", "conflicts", "breaks", "replaces", "provides"]) {
    const value = deb.control.get(field);
    if (value !== undefined) relations[field] = value.replaceAll("\n", " ");
  }
  return {
    name: deb.field("package"),
    version: deb.field("version"),
    essential: deb.field("essential") === "yes",
    relations,
    local: path,
  };
}

/** Finds the set and its files. apt is only asked where the files at hand do not satisfy themselves. */
async function collect(options: ImportOptions, emit: (event: ImportEvent) => void) {
  const local = options.words.filter(isFile).map(openLocal);
  const names = options.words.filter((word) => !isFile(word));
  if (local.length + names.length === 0)
    throw new Failure("usage", "Cannot import: no package given, expected names or files");
  const available = new RelatedSet<Candidate>(local);
  const closureOptions = {
    recommends: options.recommends === true,
    essential: options.essential ?? names.length > 0,
    allowMissing: options.allowMissing === true,
  };
  if (names.length === 0) {
    try {
      return {
        ...resolveClosure(available, local, { ...closureOptions, allowMissing: false }),
        paths: new Map<string, string>(),
      };
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "deb.unsatisfied") throw error;
      if (options.allowMissing === true)
        return { ...resolveClosure(available, local, closureOptions), paths: new Map<string, string>() };
    }
  }
  const apt = new Apt({
    cache: options.cache,
    onEvent: emit,
    ...(options.maxAge === undefined ? {} : { maxAge: options.maxAge }),
  });
  for (const item of await apt.available()) {
    const { name, version, essential, relations, rank } = item;
    available.add({ name, version, essential, relations, rank, apt: item });
  }
  const found = resolveClosure(available, [...local, ...findAsked(available, names)], closureOptions);
  const remote = found.set
    .all()
    .map((item) => item.apt)
    .filter((item) => item !== undefined);
  emit({ type: "resolved", packages: found.set.all().length });
  return { ...found, paths: await apt.fetch(remote) };
}

/** Runs an import to its end. Throws `deb.*`, `stone.*`, `io`. */
export async function importDebs(options: ImportOptions): Promise<ImportResult> {
  const emit = options.onEvent ?? (() => undefined);
  const machine = options.machine ?? machineName();
  const { set, reasons, paths } = await collect(options, emit);
  const items = set.all();
  const pathOf = (item: Candidate) => item.local ?? paths.get(item.name) ?? "";
  mkdirSync(options.outDir, { recursive: true });
  const collection = new CollectionFolder(options.outDir);
  const folder = mkdtempSync(join(options.outDir, ".moss-deb-"));
  try {
    using pool = new JobPool(Math.min(options.jobs ?? availableParallelism(), items.length));
    let done = 0;
    const python = set.get("python3")?.version.match(/^\d+\.\d+/)?.[0];
    const scanOptions = { folder, machine, present: python === undefined ? [] : [`/usr/bin/python${python}`] };
    const scans = await mapLimited(items, pool.size, async (item) => {
      const path = pathOf(item);
      const sha256 = item.apt?.sha256 ?? hashFile(path);
      const scan = await pool.run({ kind: "scan", path, sha256, options: scanOptions });
      emit({ type: "scanned", name: item.name, done: ++done, total: items.length });
      return item.local === undefined ? scan : { ...scan, file: basename(item.local) };
    });
    const scanned = new RelatedSet(scans);
    const plans = planSet(scanned, {
      architecture: machine,
      release: (scan) => collection.release(scan),
      allowMissing: options.allowMissing === true,
    });
    emit({ type: "planned", packages: plans.length });
    done = 0;
    const byName = new Map(items.map((item) => [item.name, item]));
    // The largest first: the last to end is then a small one.
    const weight = (plan: PackagePlan) =>
      scanned.get(plan.name)?.files.reduce((sum, file) => sum + (file.size ?? 0), 0) ?? 0;
    const order = plans.map((plan) => ({ plan, weight: weight(plan) })).sort((a, b) => b.weight - a.weight);
    const packages = await mapLimited(order, pool.size, async ({ plan }): Promise<ImportedPackage> => {
      const item = byName.get(plan.name);
      const scan = scanned.get(plan.name);
      if (item === undefined || scan === undefined) throw new Error(`no package ${plan.name} in its own set`);
      const emitOptions = { outDir: options.outDir, profile: options.profile ?? "default", folder };
      const stone = await pool.run({ kind: "emit", path: pathOf(item), plan, options: emitOptions });
      emit({ type: "written", name: plan.name, done: ++done, total: plans.length, size: stone.size });
      const reason = reasons.get(plan.name) ?? { kind: "asked" };
      return { plan, scan: { file: scan.file, sha256: scan.sha256 }, stone, reason };
    });
    for (const { plan, stone } of packages) {
      for (const file of collection.others(plan.name, stone.file)) unlinkSync(join(options.outDir, file));
    }
    syncFileSystem(options.outDir);
    if (options.noIndex !== true) emit({ type: "indexed", packages: (await indexFolder(options.outDir)).length });
    packages.sort((a, b) => (a.plan.name < b.plan.name ? -1 : 1));
    return { packages, size: packages.reduce((sum, item) => sum + item.stone.size, 0) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
