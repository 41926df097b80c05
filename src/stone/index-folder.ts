// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Makes the index of a folder of stones: the newest release of each package. Unchanged stones are not hashed again. */
import { readdirSync, statSync, utimesSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { errnoCode, Failure } from "#base/errors";
import { compareText } from "#base/order";
import { compareRelease, type PackageMeta, type PackageOffer } from "#model/package";
import { type Collision, CollisionFinder } from "#stone/collisions";
import type { Profile } from "#stone/compression";
import { FileListEncoder } from "#stone/file-list";
import { type FileListsRef, FileListsWriter, listsBeside } from "#stone/file-lists";
import { stoneFailure } from "#stone/format";
import { type FileStamp, HashCache } from "#stone/hash-cache";
import { bodiesInOrder } from "#stone/index-records";
import { sweepFiles } from "#stone/leftovers";
import { StoneReader } from "#stone/reader";
import { writeIndex } from "#stone/repository-index";
import { Sha256 } from "#sys/sha256";

export type IndexEvent =
  | { readonly type: "found"; readonly stones: number; readonly bytes: number }
  /** One stone has been read; `cached` where its hash was known. */
  | {
      readonly type: "read";
      readonly path: string;
      readonly done: number;
      readonly bytes: number;
      readonly cached: boolean;
    }
  /** An older release of a package, left out. */
  | { readonly type: "older"; readonly path: string; readonly newer: string }
  /** A stone that cannot be used; there will be no index, but the others are looked at first. */
  | { readonly type: "bad"; readonly path: string; readonly problem: string }
  /** A warning: these packages cannot be installed together. */
  | ({ readonly type: "collision" } & Collision);

export interface IndexOptions {
  /** Path of the index; `stone.index` in the folder where absent. */
  readonly out?: string;
  readonly profile?: Profile;
  /** Whether paths of different packages are compared; true where absent. */
  readonly collisions?: boolean;
  readonly onEvent?: (event: IndexEvent) => void;
}

interface Stone {
  /** Relative to the folder. */
  readonly file: string;
  readonly stamp: FileStamp;
}

const AT_ONCE = 4;
const CHUNK = 1024 * 1024;

/**
 * Every `*.stone` below a folder, sorted. Links to folders are not followed, hidden folders not entered. Throws `io`
 * where the folder cannot be read.
 */
function findStones(root: string): Stone[] {
  try {
    return walkStones(root);
  } catch (cause) {
    const found = errnoCode(cause);
    if (found === undefined) throw cause;
    throw new Failure("io", `Cannot index "${root}": ${found}, expected a folder that can be read`, { cause });
  }
}

function walkStones(root: string): Stone[] {
  const stones: Stone[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const file = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!entry.name.startsWith(".")) walk(file);
      } else if (entry.name.endsWith(".stone")) {
        // A link to nothing is no stone; neither is a file that has just been taken away.
        const stat = statSync(join(root, file), { bigint: true, throwIfNoEntry: false });
        if (stat?.isFile() === true) stones.push({ file, stamp: stat });
      } else if (entry.name.endsWith(".part")) sweepFiles(join(root, folder), [entry.name]);
    }
  };
  walk("");
  return stones.sort((a, b) => compareText(a.file, b.file));
}

/** SHA-256 of a file; reading happens on the runtime's threads while other files are hashed here. */
async function hashFile(path: string): Promise<string> {
  await using file = await open(path, "r");
  const hash = new Sha256();
  const buffer = new Uint8Array(CHUNK);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK, null);
    if (bytesRead === 0) return hash.hex();
    hash.update(buffer.subarray(0, bytesRead));
  }
}

/** A relative URL for a path relative to the index. */
function uriOf(path: string): string {
  const encoded = path.split("/").map((part) => encodeURI(part).replaceAll("?", "%3F").replaceAll("#", "%23"));
  // A colon in the first part would read as the scheme of a URL.
  return (encoded[0] ?? "").includes(":") ? `./${encoded.join("/")}` : encoded.join("/");
}

function readOffer(path: string, id: string, uri: string, size: number): PackageOffer {
  using reader = StoneReader.open(path, { expect: "binary" });
  return { id, meta: sizedMeta(reader, path), uri, size };
}

/** What a stone says of its package, with the bytes of its files, which not all say. Throws `stone.*`. */
export function sizedMeta(reader: StoneReader, path: string): PackageMeta {
  const meta = reader.meta();
  if (meta.installedSize !== undefined) return meta;
  const installedSize = bodiesInOrder(reader.index(), path).reduce((sum, body) => sum + body.end - body.start, 0);
  return { ...meta, installedSize };
}

/** The newest of each name. Throws `stone.meta` where one release of a name is there twice. */
function newest(offers: readonly PackageOffer[], index: string, onEvent: (event: IndexEvent) => void): PackageOffer[] {
  const byName = new Map<string, PackageOffer>();
  const twice: string[] = [];
  for (const offer of offers) {
    const other = byName.get(offer.meta.name);
    const order = other === undefined ? -1 : compareRelease(offer.meta, other.meta);
    if (order === 0 && other !== undefined) {
      const { name, release } = offer.meta;
      twice.push(`release ${release} of "${name}" is in "${other.uri}" and in "${offer.uri}", expected it once`);
      continue;
    }
    if (order < 0) byName.set(offer.meta.name, offer);
    if (other !== undefined) {
      const [older, newer] = order < 0 ? [other, offer] : [offer, other];
      onEvent({ type: "older", path: older.uri, newer: newer.uri });
    }
  }
  const [first, ...more] = twice;
  if (first !== undefined) {
    const hint = ["Remove one of the two files.", ...more.slice(0, 20)].join("\n");
    throw stoneFailure("stone.meta", index, more.length === 0 ? first : `${first} (and ${more.length} more)`, { hint });
  }
  return [...byName.values()].sort((a, b) => compareText(a.meta.name, b.meta.name));
}

/** What is wrong with a stone; what is no fault of the stone is thrown again. */
function badStone(error: unknown, path: string): Failure {
  if (error instanceof Failure) return error;
  const found = errnoCode(error);
  if (found === undefined) throw error;
  return new Failure("io", `Cannot read "${path}": ${found}, expected a stone that can be read`, { cause: error });
}

/** An index without a package that lies in the folder would be worse than none: whoever asks for it would hear that it is not there. */
function refusal(folder: string, stones: number, bad: readonly Failure[]): Failure {
  const [first] = bad;
  if (first !== undefined && bad.length === 1) return first;
  const message = `Cannot index "${folder}": ${bad.length} of ${stones} stones are no good, expected none`;
  return new Failure(first?.code ?? "io", message, {
    hint: "Remove them, or move them out of the folder; the index is as it was.",
  });
}

/**
 * Writes the lists of files, before the index that names them by their hash: whoever has an older index finds that they are not the
 * ones that it names, and does without until it has the new one.
 */
function writeLists(
  path: string,
  offers: readonly PackageOffer[],
  files: ReadonlyMap<PackageOffer, string>,
  profile: Profile = "default",
  finder?: CollisionFinder,
): FileListsRef {
  using lists = new FileListsWriter(path);
  using encoder = new FileListEncoder(profile);
  for (const offer of offers) {
    using reader = StoneReader.open(files.get(offer) ?? "");
    const entries = reader.layout();
    finder?.add(offer.meta, entries);
    lists.add(offer.id, encoder.encode(entries, reader.index(), reader.name));
  }
  return lists.finish();
}

interface ReadStones {
  /** In no order. */
  readonly offers: PackageOffer[];
  readonly files: ReadonlyMap<PackageOffer, string>;
  readonly bad: Failure[];
}

/** Reads stones, several at once, each whose hash is not known to its end. */
async function readStones(
  folder: string,
  stones: readonly Stone[],
  index: string,
  cache: HashCache,
  onEvent: (event: IndexEvent) => void,
): Promise<ReadStones> {
  const offers: PackageOffer[] = [];
  const files = new Map<PackageOffer, string>();
  const bad: Failure[] = [];
  let next = 0;
  const take = async (stone: Stone, path: string): Promise<void> => {
    const known = cache.get(stone.file, stone.stamp);
    const began = BigInt(Date.now()) * 1_000_000n;
    const hash = known ?? (await hashFile(path));
    if (known === undefined) cache.set(stone.file, stone.stamp, hash, began);
    const uri = uriOf(relative(dirname(index), resolve(path)));
    const offer = readOffer(path, hash, uri, Number(stone.stamp.size));
    offers.push(offer);
    files.set(offer, path);
    onEvent({ type: "read", path, done: offers.length, bytes: offer.size, cached: known !== undefined });
  };
  const worker = async (): Promise<void> => {
    for (let stone = stones[next++]; stone !== undefined; stone = stones[next++]) {
      const path = join(folder, stone.file);
      try {
        await take(stone, path);
      } catch (error) {
        const failure = badStone(error, path);
        bad.push(failure);
        onEvent({ type: "bad", path, problem: failure.message });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { offers, files, bad };
}

/**
 * Indexes every stone below `folder` and writes the lists of their files and the index, and removes what killed processes left of stones there; beside it
 * stands `<index>.hashes`, a cache that may be removed. Gives the packages in the index. Throws what reading a stone throws,
 * after all were read and the listener was told of each that is no good; `stone.meta` for one release twice, `stone.limit`
 * above 65,535 packages. The old index is then as it was.
 */
export async function indexFolder(folder: string, options: IndexOptions = {}): Promise<PackageOffer[]> {
  const { onEvent = () => {}, collisions = true } = options;
  const out = resolve(options.out ?? join(folder, "stone.index"));
  const stones = findStones(folder);
  onEvent({
    type: "found",
    stones: stones.length,
    bytes: stones.reduce((sum, { stamp }) => sum + Number(stamp.size), 0),
  });

  const cache = new HashCache(`${out}.hashes`);
  const { offers, files, bad } = await readStones(folder, stones, out, cache, onEvent);
  if (bad.length > 0) {
    cache.save(); // what was hashed need not be hashed again
    throw refusal(
      folder,
      stones.length,
      bad.sort((a, b) => compareText(a.message, b.message)),
    );
  }

  // Threads finish in any order; everything after this must not depend on it.
  offers.sort((a, b) => compareText(a.uri, b.uri));
  const kept = newest(offers, out, onEvent);
  const finder = collisions ? new CollisionFinder() : undefined;
  const lists = writeLists(listsBeside(out), kept, files, options.profile, finder);
  for (const collision of finder?.collisions() ?? []) onEvent({ type: "collision", ...collision });
  cache.save();
  writeIndex(out, kept, options.profile, lists);
  // Its rename gave the folder a time of its own, a little later. Touched now, it is younger than all that is there, and who
  // asks whether it is of now need not read it.
  const now = new Date();
  utimesSync(out, now, now);
  return kept;
}
