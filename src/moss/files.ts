// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The files of packages: of installed ones from the database, of others from their stones, where these are on this machine, or from the
 * lists of files of their collections.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hex } from "#base/bytes";
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import { compareText, getOrInsert } from "#base/order";
import type { Catalogue } from "#collections/catalogue";
import type { CollectionOffer } from "#collections/model";
import type { LayoutEntry } from "#model/layout";
import { stoneFileName } from "#model/package";
import type { Moss } from "#moss/moss";
import { downloadPath } from "#moss/plan";
import { isStonePath } from "#moss/words";
import { StoneReader } from "#stone/reader";
import type { FileList } from "#stone/repository";
import { hashFile } from "#sys/sha256";
import { belowUsr } from "#transition/root-paths";

export interface PackageFile {
  readonly kind: "file" | "symlink" | "directory" | "special";
  /** Relative to /usr. */
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** Absent for symlinks. */
  readonly mode?: number;
  readonly target?: string;
  readonly size?: number;
  /** Known of installed files. */
  readonly sha256?: string;
  /** What stones say of their files' bytes: XXH3-128. */
  readonly xxh128?: string;
}

export interface FilesOfPackage {
  readonly name: string;
  readonly installed: boolean;
  /** Sorted by path. */
  readonly files: readonly PackageFile[];
}

/**
 * The files of the package that a word names: the installed one, the preferred offer, or the stone at a path. Throws
 * package.unknown where no package has this name, or its stone would have to be fetched first, and what reading a stone throws.
 */
export async function filesOf(moss: Moss, word: string): Promise<FilesOfPackage> {
  if (isStonePath(word)) return filesOfStone(word);
  const { root } = moss;
  const active = root.active();
  const found = root.find(active, word);
  if (found !== undefined) return { name: found.name, installed: true, files: root.files(found.id) };
  const catalogue = await moss.catalogue();
  const [offer] = catalogue.byName(word);
  if (offer !== undefined) return filesOfOffer(moss, catalogue, offer);
  const near = nearest(word, [...root.packages(active).map(({ name }) => name), ...catalogue.names()]);
  throw new Failure(
    "package.unknown",
    `Cannot list the files of "${word}": no package has this name`,
    near === undefined ? {} : { hint: `Did you mean "${near}"?` },
  );
}

/** Of a stone on this machine that is the one that the index names, else of the list of its collection. */
function filesOfOffer(
  { root }: Moss,
  catalogue: Catalogue,
  { id, url, meta, collection }: CollectionOffer,
): FilesOfPackage {
  const path = url.startsWith("file:") ? fileURLToPath(url) : downloadPath(root.cache, id);
  if (existsSync(path) && hashFile(path) === id) return filesOfStone(path);
  const list = catalogue.files(id, collection);
  if (list !== undefined) return { name: meta.name, installed: false, files: sorted(list.entries, list.sizes) };
  const problem = "it is not installed, its stone is not on this machine, and its collection has no list of its files";
  throw new Failure("package.unknown", `Cannot list the files of "${meta.name}": ${problem}`, {
    hint: `"moss fetch ${meta.name}", then "moss files ./${stoneFileName(meta)}".`,
  });
}

/** A file of a package that is not installed. */
export interface ListedFile {
  readonly offer: CollectionOffer;
  readonly entry: LayoutEntry;
}

/** Packages that would put something at each of these paths, the preferred first. By the lists of files of the collections. */
export function listedAt(catalogue: Catalogue, paths: readonly string[]): Map<string, ListedFile[]> {
  const found = new Map<string, ListedFile[]>();
  const wanted = new Map<string, string[]>();
  for (const path of paths) {
    const inside = belowUsr(path);
    if (inside !== undefined) getOrInsert(wanted, inside, () => []).push(path);
  }
  if (wanted.size === 0) return found;
  const take = ({ entries }: FileList) => {
    const some = entries.filter(({ path }) => wanted.has(path));
    return some.length === 0 ? undefined : some;
  };
  for (const { offer, found: entries } of catalogue.listing([...wanted.keys()], take)) {
    for (const entry of entries) {
      for (const path of wanted.get(entry.path) ?? []) getOrInsert(found, path, () => []).push({ offer, entry });
    }
  }
  return found;
}

function sorted(entries: readonly LayoutEntry[], sizes: ReadonlyMap<string, number>): PackageFile[] {
  return entries.map((entry) => fileOf(entry, sizes)).sort((a, b) => compareText(a.path, b.path));
}

function filesOfStone(path: string): FilesOfPackage {
  using reader = StoneReader.open(path, { expect: "binary" });
  const sizes = new Map(reader.index().map(({ digest, start, end }) => [hex(digest), end - start]));
  return { name: reader.meta().name, installed: false, files: sorted(reader.layout(), sizes) };
}

function fileOf(entry: LayoutEntry, sizes: ReadonlyMap<string, number>): PackageFile {
  const { path, uid, gid, mode } = entry;
  if (entry.kind === "symlink") return { kind: "symlink", path, uid, gid, target: entry.target };
  if (entry.kind === "directory") return { kind: "directory", path, uid, gid, mode };
  if (entry.kind !== "regular") return { kind: "special", path, uid, gid, mode };
  const xxh128 = hex(entry.digest);
  return { kind: "file", path, uid, gid, mode, xxh128, size: sizes.get(xxh128) ?? 0 };
}
