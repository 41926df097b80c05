// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Imports Debian packages as stones: resolve, fetch, scan, plan, write, index. Silent: events and a report. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, unlinkSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { Failure } from "#base/errors";
import { compareText } from "#base/order";
import { mapLimited } from "#base/parallel";
import type { AptEvent } from "#deb/apt";
import type { Reason } from "#deb/closure";
import { type Candidate, type Collected, collect } from "#deb/collect";
import { debStoneName, type EmittedStone, metaOf } from "#deb/emit";
import { KeptWork } from "#deb/kept";
import { machineName } from "#deb/machine";
import { planSet } from "#deb/plan";
import type { PackagePlan } from "#deb/plan-model";
import { JobPool } from "#deb/pool";
import { CollectionFolder } from "#deb/releases";
import type { PackageScan } from "#deb/scan-model";
import { RelatedSet, type ScanSet } from "#deb/set";
import { indexFolder } from "#stone/repository";
import type { Profile } from "#stone/writer";
import { FileLock, lockOwner } from "#sys/lock";
import { hashFile } from "#sys/sha256";
import { syncFileSystem } from "#sys/sync";

/** In the folder of a collection: the lock, and how folders for unfinished work are called. */
const LOCK = ".moss-deb.lock";
const SCRATCH = ".moss-deb-";

export type ImportEvent =
  | AptEvent
  | { readonly type: "resolved"; readonly packages: number }
  | ({ readonly type: "scanned"; readonly name: string } & Share)
  | { readonly type: "planned"; readonly packages: number }
  | ({ readonly type: "written"; readonly name: string; readonly size: number } & Share)
  | { readonly type: "indexed"; readonly packages: number };

/** How far a piece of work is, in packages and in bytes: packages differ too much in size to tell how long the rest takes. */
interface Share {
  readonly done: number;
  readonly total: number;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

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

/** Locks the folder of a collection against other imports, and sweeps away what one that was killed has left. */
function claim(outDir: string): FileLock {
  mkdirSync(outDir, { recursive: true });
  const path = join(outDir, LOCK);
  const lock = FileLock.tryAcquire(path, "exclusive", `process ${process.pid}`);
  if (lock === undefined) {
    throw new Failure(
      "deb.busy",
      `Cannot import into "${outDir}": ${lockOwner(path)} imports there, expected a folder that nobody changes`,
    );
  }
  for (const name of readdirSync(outDir)) {
    if (name.startsWith(SCRATCH)) rmSync(join(outDir, name), { recursive: true, force: true });
  }
  return lock;
}

/** Runs an import to its end. Throws `deb.*`, `stone.*`, `io`. */
export async function importDebs(options: ImportOptions): Promise<ImportResult> {
  const emit = options.onEvent ?? (() => undefined);
  const machine = options.machine ?? machineName();
  const collected = await collect(options, emit);
  using _lock = claim(options.outDir);
  const folder = mkdtempSync(join(options.outDir, SCRATCH));
  try {
    const items = collected.set.all();
    const collection = new CollectionFolder(options.outDir);
    // Refuses a version that is too old before anything is read.
    for (const item of items) collection.release(item);
    using pool = new JobPool(Math.min(options.jobs ?? availableParallelism(), items.length));
    const kept = new KeptWork(options.cache);
    const context: Context = { options, machine, folder, pool, kept, emit };
    const scanned = await scanAll(collected, context);
    const plans = planSet(scanned, {
      architecture: machine,
      release: (scan) => collection.release(scan),
      allowMissing: options.allowMissing === true,
    });
    emit({ type: "planned", packages: plans.length });
    const packages = await writeAll(collected, scanned, plans, context);
    for (const name of readdirSync(folder)) {
      if (name.endsWith(".stone")) renameSync(join(folder, name), join(options.outDir, name));
    }
    for (const { plan, stone } of packages) {
      for (const file of collection.others(plan.name, stone.file)) unlinkSync(join(options.outDir, file));
    }
    syncFileSystem(options.outDir);
    if (options.noIndex !== true) emit({ type: "indexed", packages: (await indexFolder(options.outDir)).length });
    return { packages, size: packages.reduce((sum, item) => sum + item.stone.size, 0) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Context {
  readonly options: ImportOptions;
  readonly machine: string;
  readonly folder: string;
  readonly pool: JobPool;
  readonly kept: KeptWork;
  readonly emit: (event: ImportEvent) => void;
}

const debOf = ({ paths }: Collected, item: Candidate) => item.local ?? paths.get(item.name) ?? "";

/** Reads every package, or takes what an earlier import has read. */
async function scanAll(collected: Collected, context: Context): Promise<ScanSet> {
  const { machine, folder, pool, kept, emit } = context;
  const items = collected.set.all();
  const python = collected.set.get("python3")?.version.match(/^\d+\.\d+/)?.[0];
  const options = { folder, machine, present: python === undefined ? [] : [`/usr/bin/python${python}`] };
  const sizes = new Map(
    items.map((item) => [item, statSync(debOf(collected, item), { throwIfNoEntry: false })?.size ?? 0]),
  );
  const totalBytes = items.reduce((sum, item) => sum + (sizes.get(item) ?? 0), 0);
  let done = 0;
  let doneBytes = 0;
  const scans = await mapLimited(items, pool.size, async (item) => {
    const path = debOf(collected, item);
    const sha256 = item.apt?.sha256 ?? hashFile(path);
    let scan = kept.scan(sha256, options);
    if (scan === undefined) {
      scan = await pool.run({ kind: "scan", path, sha256, options });
      kept.keepScan(scan, options);
    }
    doneBytes += sizes.get(item) ?? 0;
    emit({ type: "scanned", name: item.name, done: ++done, total: items.length, doneBytes, totalBytes });
    return item.local === undefined ? scan : { ...scan, file: basename(item.local) };
  });
  return new RelatedSet(scans);
}

/**
 * Writes every stone, but those that are there already from the same plan. A new file is put into the collection at once;
 * one that takes the place of another waits in the scratch folder, so that an index never speaks of other bytes.
 */
async function writeAll(
  collected: Collected,
  scanned: ScanSet,
  plans: readonly PackagePlan[],
  { options, folder, pool, kept, emit }: Context,
): Promise<ImportedPackage[]> {
  const profile = options.profile ?? "default";
  // The largest first: the last to end is then a small one.
  const weight = (plan: PackagePlan) =>
    scanned.get(plan.name)?.files.reduce((sum, file) => sum + (file.size ?? 0), 0) ?? 0;
  const order = plans.map((plan) => ({ plan, weight: weight(plan) })).sort((a, b) => b.weight - a.weight);
  const totalBytes = order.reduce((sum, item) => sum + item.weight, 0);
  let done = 0;
  let doneBytes = 0;
  const packages = await mapLimited(order, pool.size, async ({ plan, weight: bytes }): Promise<ImportedPackage> => {
    const item = collected.set.get(plan.name);
    const scan = scanned.get(plan.name);
    if (item === undefined || scan === undefined) throw new Error(`no package ${plan.name} in its own set`);
    const meta = metaOf(plan);
    const file = debStoneName(meta);
    const path = join(options.outDir, file);
    const there = kept.stone(scan.sha256, plan, profile, path);
    let stone: EmittedStone;
    if (there !== undefined) stone = { ...there, file, meta };
    else {
      const deb = debOf(collected, item);
      stone = await pool.run({ kind: "emit", path: deb, plan, options: { outDir: folder, profile, folder } });
      if (!existsSync(path)) renameSync(join(folder, file), path);
      kept.keepStone(scan.sha256, plan, profile, stone);
    }
    doneBytes += bytes;
    const share = { done: ++done, total: plans.length, doneBytes, totalBytes };
    emit({ type: "written", name: plan.name, size: stone.size, ...share });
    const reason = collected.reasons.get(plan.name) ?? { kind: "asked" };
    return { plan, scan: { file: scan.file, sha256: scan.sha256 }, stone, reason };
  });
  return packages.sort((a, b) => compareText(a.plan.name, b.plan.name));
}
