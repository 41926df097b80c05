// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From what is wanted to what changes: which packages leave the live state and which come, and the tree that results. */
import { readFileSync } from "node:fs";
import { Failure } from "#base/errors";
import type { PackageId, PackageMeta } from "#model/package";
import type { ReadTransaction } from "#moss-db/index";
import { decodeFiles } from "#store/files";
import { assetName, assetPath } from "#store/names";
import type { Unpacked } from "#store/unpack";
import { sha256Hex } from "#sys/sha256";
import { GENERATED, generatedRecord, OS_INFO, OS_RELEASE, renderOsRelease } from "#transition/os-release";
import { checkPromise } from "#transition/promise";
import { FILES, PACKAGES, type PackageRecord, type StatePackage, type StateRecord } from "#transition/schema";
import { Selected } from "#transition/selections";
import type { TreeSource } from "#transition/source";
import type { PackageFiles, TreeRecord } from "#tree/entry";
import { changeTree, emptyTree, type MergedTree } from "#tree/merge";
import { Tree } from "#tree/tree";

/** A package that a state is to have. */
export interface Selection {
  readonly id: PackageId;
  /** True where the user asked for it. */
  readonly explicit: boolean;
  readonly reason?: string;
  /** What the plan took the package for; it is refused where its stone says otherwise. */
  readonly promised?: PackageMeta;
}

/** What is wanted: the whole list of packages, or a change of the live state's. */
export type Wanted =
  | { readonly selections: readonly Selection[] }
  | { readonly add: readonly Selection[]; readonly remove: readonly PackageId[] };

export interface PackageChange {
  readonly removed: readonly StatePackage[];
  /** New packages, and those whose flags change. */
  readonly added: readonly StatePackage[];
}

/** A package as another database has it. Its records have not been decoded. */
export type KnownPackage = PackageRecord & Pick<Unpacked, "encoded" | "attributes">;

/** Packages that the database does not know yet. */
export type Arrived = ReadonlyMap<PackageId, Unpacked | KnownPackage>;

function toStatePackage(tx: ReadTransaction, arrived: Arrived, selection: Selection): StatePackage {
  const { id, explicit, reason, promised } = selection;
  const meta = arrived.get(id)?.meta ?? tx.bucket(PACKAGES).get(id)?.meta;
  if (meta === undefined) {
    throw new Failure("package.unknown", `Cannot select the package "${id}": neither its stone nor its files are here`);
  }
  if (promised !== undefined) checkPromise(promised, meta);
  const { name, version, release, buildRelease, summary } = meta;
  const item = { id, name, version, release, buildRelease, summary, explicit };
  return reason === undefined ? item : { ...item, reason };
}

/** The packages that leave and come. Throws solver.conflict for two packages of one name. */
export function changeOf(
  tx: ReadTransaction,
  active: StateRecord | undefined,
  wanted: Wanted,
  arrived: Arrived,
): PackageChange {
  const selected = new Selected(tx, active);
  const presentOf = (id: PackageId) => {
    const name = nameOf(tx, arrived, id);
    const item = name === undefined ? undefined : selected.find(name);
    return item?.id === id ? item : undefined;
  };
  const removed = new Map<PackageId, StatePackage>();
  const target = "selections" in wanted ? wanted.selections : wanted.add;
  if ("selections" in wanted) {
    const ids = new Set(wanted.selections.map(({ id }) => id));
    for (const item of selected.all()) if (!ids.has(item.id)) removed.set(item.id, item);
  } else {
    for (const id of wanted.remove) {
      const item = presentOf(id);
      if (item !== undefined) removed.set(id, item);
    }
  }
  const added: StatePackage[] = [];
  const names = new Map<string, PackageId>();
  for (const selection of target) {
    const present = presentOf(selection.id);
    const item = present === undefined ? toStatePackage(tx, arrived, selection) : withFlags(present, selection);
    const other = names.get(item.name);
    if (other !== undefined && other !== item.id) throw twice(item.name);
    names.set(item.name, item.id);
    if (present !== undefined && !removed.has(item.id) && JSON.stringify(present) === JSON.stringify(item)) continue;
    const old = selected.find(item.name);
    if (old !== undefined && old.id !== item.id) removed.set(old.id, old);
    added.push(item);
  }
  return { removed: [...removed.values()].filter(({ id }) => !added.some((item) => item.id === id)), added };
}

function nameOf(tx: ReadTransaction, arrived: Arrived, id: PackageId): string | undefined {
  return (arrived.get(id)?.meta ?? tx.bucket(PACKAGES).get(id)?.meta)?.name;
}

/** An installed package with the flags that are wanted now; where no reason is given, the old one goes. */
function withFlags(present: StatePackage, { explicit, reason }: Selection): StatePackage {
  const { id, name, version, release, buildRelease, summary } = present;
  const item = { id, name, version, release, buildRelease, summary, explicit };
  return reason === undefined ? item : { ...item, reason };
}

function twice(name: string): Failure {
  return new Failure(
    "solver.conflict",
    `Cannot select the package "${name}" twice: a state has one build of a package`,
  );
}

/** A generated os-release that is not in the store yet. */
export interface FreshFile {
  readonly node: TreeRecord & { readonly kind: "file" };
  readonly text: string;
}

export interface MergedState {
  readonly tree: MergedTree;
  readonly osRelease: string;
  readonly fresh?: FreshFile;
}

/** What a state must not get from packages: moss writes these itself. */
const RESERVED = new Set([".stateID", "lib/system-model.kdl"]);

/** The tree of the live state after a change; its files lie in `stores`. Throws tree.collision and tree.path. */
export function mergeState(
  tx: ReadTransaction,
  source: TreeSource,
  stores: readonly string[],
  active: StateRecord | undefined,
  change: PackageChange,
  arrived: Arrived,
): MergedState {
  const filesOf = ({ id, name }: StatePackage): PackageFiles => ({ name, records: recordsOf(tx, arrived, id) });
  // Only flags of a package change where it was there before.
  const selected = new Selected(tx, active);
  const added = change.added.filter(({ id, name }) => selected.find(name)?.id !== id).map(filesOf);
  const removed = change.removed.map(filesOf);
  refuseReserved(added);
  const all = () => {
    const gone = new Set(change.removed.map(({ id }) => id));
    const kept = selected.all().filter(({ id }) => !gone.has(id));
    return [...kept.map(filesOf), ...added];
  };
  const base = active ?? { tree: emptyTree(), links: [] };
  if (active === undefined) source.know(emptyTree().nodes);
  const start = { source, base: { ...base.tree, links: base.links } };
  const old = active === undefined ? undefined : generatedRecord(active.osRelease);
  const generated = old === undefined ? [] : [{ name: GENERATED, records: [old] }];
  if (active !== undefined && ![...added, ...removed].some(touchesOsRelease)) {
    const tree = changeTree({ ...start, removed, added, all: () => [...all(), ...generated] });
    source.know(tree.nodes);
    return { tree, osRelease: active.osRelease };
  }
  const without = changeTree({ ...start, removed: [...removed, ...generated], added, all });
  source.know(without.nodes);
  return addOsRelease(source, stores, without, all);
}

function recordsOf(tx: ReadTransaction, arrived: Arrived, id: PackageId): readonly TreeRecord[] {
  const here = arrived.get(id);
  if (here !== undefined && "records" in here) return here.records;
  const encoded = here?.encoded ?? tx.bucket(FILES).get(id);
  return encoded === undefined ? [] : decodeFiles(encoded);
}

function refuseReserved(added: readonly PackageFiles[]): void {
  for (const { name, records } of added) {
    const bad = records.find(({ path }) => RESERVED.has(path));
    if (bad === undefined) continue;
    throw new Failure("tree.collision", `Cannot place "usr/${bad.path}" of "${name}": moss itself writes this file`);
  }
}

/** May a package change what moss writes as os-release, or whether it does? */
function touchesOsRelease({ records }: PackageFiles): boolean {
  return records.some(({ path }) => path === OS_INFO || path === OS_RELEASE);
}

/** What moss writes as os-release of a tree that has none of a package, from what the tree says of itself. */
export function writtenOsRelease(
  tree: Tree,
  stores: readonly string[],
): { readonly osRelease: string; readonly file: FreshFile } {
  const info = tree.lookup(OS_INFO);
  const name = info?.kind === "file" ? assetPath(assetName(info)) : undefined;
  const text = renderOsRelease(name === undefined ? undefined : readFirst(stores.map((store) => `${store}/${name}`)));
  const osRelease = `${sha256Hex(text)}:${Buffer.byteLength(text)}`;
  const node = generatedRecord(osRelease);
  if (node === undefined) throw new Error("a generated file has no record");
  return { osRelease, file: { node, text } };
}

function addOsRelease(
  source: TreeSource,
  stores: readonly string[],
  base: MergedTree,
  all: () => PackageFiles[],
): MergedState {
  const look = new Tree(source, base);
  if (look.lookup(OS_RELEASE) !== undefined) return { tree: base, osRelease: "package" };
  const { osRelease, file } = writtenOsRelease(look, stores);
  const files = { name: GENERATED, records: [file.node] };
  const merged = changeTree({ source, base, removed: [], added: [files], all: () => [...all(), files] });
  source.know(merged.nodes);
  // Nodes of both steps are new; those of the first that the second replaced are few.
  const nodes = new Map([...base.nodes, ...merged.nodes]);
  return {
    tree: { key: merged.key, content: merged.content, links: merged.links, nodes },
    osRelease,
    fresh: file,
  };
}

function readFirst(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    try {
      return readFileSync(path, "utf8");
    } catch {
      // It may lie in the next.
    }
  }
  return undefined;
}
