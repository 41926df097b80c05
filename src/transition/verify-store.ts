// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Whether the store has every file that the packages of a root need, each as its name says. Every inode is read once, by
 * several threads.
 */
import { edenGC } from "bun:jsc";
import { existsSync, lstatSync, readdirSync, type Stats } from "node:fs";
import { getOrInsert } from "#base/order";
import type { PackageId } from "#model/package";
import type { ReadTransaction } from "#moss-db/index";
import { checkFile, type FileCheck } from "#store/check";
import { decodeFiles } from "#store/files";
import { EPOCH } from "#store/further";
import { type FileToHash, hashAll } from "#store/hash-all";
import { assetName, assetPath, parseAssetName } from "#store/names";
import type { Listener } from "#transition/events";
import { generatedRecord } from "#transition/os-release";
import type { Problem } from "#transition/problems";
import { ATTRIBUTES, FILES, PACKAGES, STATES } from "#transition/schema";

/** A file that the store must have, and which packages bring it. */
export interface NeededAsset extends FileCheck {
  readonly packages: Set<PackageId>;
}

export interface StoreCheck {
  readonly problems: readonly Problem[];
  /** Names of the inodes' files that are right, by inode number. */
  readonly good: ReadonlyMap<number, string>;
  /** First inodes that are missing or no good, and a further inode of the same asset that is, where there is one. */
  readonly broken: ReadonlyMap<string, string | undefined>;
  readonly assets: number;
  readonly bytes: number;
  /** Files that nobody needs. */
  readonly unneeded: number;
}

/**
 * Everything that the packages (all, or those of these names) and generated files of a root need, by asset name. Packages with
 * damaged rows are left out.
 */
export function neededAssets(tx: ReadTransaction, names?: ReadonlySet<string>): Map<string, NeededAsset> {
  const needed = new Map<string, NeededAsset>();
  const add = (file: Omit<FileCheck, "attributes">, id?: PackageId) => {
    const asset = getOrInsert(needed, assetName(file), () => {
      const attributes = file.xattrs === undefined ? undefined : tx.bucket(ATTRIBUTES).get(file.xattrs);
      const { sha256, mode, uid, gid, size, xattrs } = file;
      return {
        sha256,
        mode,
        uid,
        gid,
        size,
        ...(xattrs === undefined ? {} : { xattrs }),
        ...(attributes === undefined ? {} : { attributes }),
        packages: new Set<PackageId>(),
      };
    });
    if (id !== undefined) asset.packages.add(id);
  };
  for (const id of tx.bucket(PACKAGES).keys()) {
    if (names?.has(tx.bucket(PACKAGES).get(id)?.meta.name ?? id) === false) continue;
    for (const record of filesOrNothing(tx, id)) if (record.kind === "file") add(record, id);
  }
  for (const { osRelease } of tx.bucket(STATES).values()) {
    const record = generatedRecord(osRelease);
    if (record !== undefined) add(record);
  }
  return needed;
}

function filesOrNothing(tx: ReadTransaction, id: PackageId) {
  try {
    const encoded = tx.bucket(FILES).get(id);
    return encoded === undefined ? [] : decodeFiles(encoded);
  } catch {
    return [];
  }
}

export interface StoreChecks {
  /** False reads no file. */
  readonly bytes: boolean;
  /** What an earlier check of the same command has read and found right, as `StoreCheck.good`: only looked at again. */
  readonly known?: ReadonlyMap<number, string>;
}

/** Files or entries after which what looking at them took is collected: left to itself the collector lets it grow to some hundred MB. */
export const SWEPT = 5000;

/** Checks the store. */
export function verifyStore(
  store: string,
  needed: ReadonlyMap<string, NeededAsset>,
  nameOf: (id: PackageId) => string,
  checks: StoreChecks,
  onEvent: Listener,
): StoreCheck {
  const problems: Problem[] = [];
  const good = new Map<number, string>();
  const broken = new Map<string, string | undefined>();
  const further = furtherInodes(store, needed);
  const filesOf = (name: string) => [name, ...(further.names.get(name) ?? [])];
  const contents = readContents(store, needed, filesOf, checks, onEvent);
  let looked = 0;
  for (const [name, asset] of needed) {
    if (++looked % SWEPT === 0) edenGC();
    const goodFurther: string[] = [];
    for (const file of filesOf(name)) {
      const path = `${store}/${assetPath(file)}`;
      const findings = checkFile(path, asset, checks.bytes && (contents.get(path) ?? true));
      if (findings.length === 0) {
        // What a writer has swept a moment later is in no tree that is looked at.
        good.set(lstatSync(path, { throwIfNoEntry: false })?.ino ?? 0, name);
        if (file !== name) goodFurther.push(file);
        continue;
      }
      const packages = [...asset.packages].map(nameOf).sort();
      problems.push(...findings.map((finding) => ({ where: "store" as const, name: file, packages, ...finding })));
      broken.set(file, undefined);
    }
    if (broken.has(name)) broken.set(name, goodFurther[0]);
  }
  const bytes = [...needed.values()].reduce((sum, { size }) => sum + size, 0);
  return { problems, good, broken, assets: needed.size, bytes, unneeded: further.unneeded };
}

/** SHA-256 of the store's files, by path; of those that are right in size, for of all others that is enough to know. */
function readContents(
  store: string,
  needed: ReadonlyMap<string, NeededAsset>,
  filesOf: (name: string) => readonly string[],
  { bytes, known }: StoreChecks,
  onEvent: Listener,
): ReadonlyMap<string, string> {
  const contents = new Map<string, string>();
  if (!bytes) return contents;
  const unread: FileToHash[] = [];
  let total = 0;
  let looked = 0;
  for (const [name, { sha256, size }] of needed) {
    if (++looked % SWEPT === 0) edenGC();
    for (const file of filesOf(name)) {
      const path = `${store}/${assetPath(file)}`;
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat?.isFile() !== true || stat.size !== size) continue;
      if (known?.get(stat.ino) === name && untouched(stat)) contents.set(path, sha256);
      else unread.push({ path, size, inode: stat.ino });
      total += size;
    }
  }
  // What is done is counted in whole KiB of each file.
  const report = (done: number) =>
    onEvent({ kind: "verify", what: "store", done: Math.min(done, total), total, unit: "bytes" });
  for (const [path, hash] of hashAll(unread, report)) contents.set(path, hash);
  return contents;
}

/** Nobody has written to the file since moss made it: whatever writes sets its time. */
function untouched(stat: Stats): boolean {
  return stat.mtimeMs === Number(EPOCH[2]) * 1000;
}

function furtherInodes(store: string, needed: ReadonlyMap<string, unknown>) {
  const names = new Map<string, string[]>();
  let unneeded = 0;
  for (const folder of existsSync(store) ? readdirSync(store) : []) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue;
    for (const file of readdirSync(`${store}/${folder}`)) {
      const parsed = parseAssetName(file);
      const name = parsed === undefined ? undefined : assetName(parsed);
      if (parsed === undefined || name === undefined || !needed.has(name)) unneeded += 1;
      else if (parsed.further > 0) getOrInsert(names, name, () => []).push(file);
    }
  }
  return { names, unneeded };
}
