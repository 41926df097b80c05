// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Looks for collisions of a plan before anything is fetched, by the lists of files of the collections: the same merge, and so the same
 * rule and the same words, as after unpacking. Lists are not trusted, and not all packages have one: what is found here is refused, and
 * what is not found here is still looked for when the stones are here.
 */
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { equalBytes, fromHex, hex } from "#base/bytes";
import { Failure } from "#base/errors";
import type { Catalogue } from "#collections/catalogue";
import type { CollectionOffer } from "#collections/model";
import { LOCAL } from "#moss/local-stones";
import type { Plan, PlannedPackage } from "#moss/plan";
import type { ReadTransaction } from "#moss-db/index";
import { StoneReader } from "#stone/reader";
import type { FileList } from "#stone/repository";
import { assetName, assetPath } from "#store/names";
import { toRecord } from "#store/unpack";
import { encodeXattrs, xattrsDigest } from "#store/xattrs";
import { xxh3_128 } from "#sys/xxh3";
import { GENERATED, generatedRecord } from "#transition/os-release";
import type { MossRoot } from "#transition/root";
import type { StateRecord } from "#transition/schema";
import { TreeSource } from "#transition/source";
import { type FileNode, type PackageFiles, type TreeRecord } from "#tree/entry";
import { changeTree, emptyTree } from "#tree/merge";
import { Tree } from "#tree/tree";

/** Everything would have to be merged from nothing, which is not done twice: it is seen after unpacking. */
class Undecided extends Error {}

interface Listed {
  readonly name: string;
  readonly list: FileList;
}

/** Of a stone that was given by its path. What is wrong with it is told when it is unpacked. */
function listOfStone({ url }: CollectionOffer): FileList | undefined {
  return unlessRefused(() => {
    using reader = StoneReader.open(fileURLToPath(url), { expect: "binary" });
    const sizes = new Map(reader.index().map(({ digest, start, end }) => [hex(digest), end - start]));
    return { entries: reader.layout(), sizes };
  });
}

/** Bodies by their XXH3-128, with what stands for their SHA-256. */
type Bodies = Map<string, { sha256: string; readonly size: number }>;

function recordsOf({ name, list }: Listed, bodies: Bodies): TreeRecord[] {
  const digestOf = (xattrs: Parameters<typeof encodeXattrs>[0]) => xattrsDigest(encodeXattrs(xattrs));
  return list.entries.flatMap((entry) => toRecord(entry, bodies, digestOf, name) ?? []);
}

/** Bytes of a file of the store above which it is not read for this: it counts as the same. */
const LARGE = 2 ** 28;

/**
 * Has a file of the tree this XXH3-128? Lists know that of a body, trees its SHA-256. The file is read from the store; one that cannot
 * be read counts as the same, so that nothing is refused that unpacking would not refuse.
 */
function hasDigest(root: MossRoot, file: FileNode, digest: string): boolean {
  const path = `${root.store}/${assetPath(assetName(file))}`;
  try {
    if (statSync(path).size !== file.size || file.size > LARGE) return true;
    return equalBytes(xxh3_128(readFileSync(path)), fromHex(digest));
  } catch {
    return true;
  }
}

function bodiesOf(listed: readonly Listed[]): Bodies {
  const bodies: Bodies = new Map();
  // No SHA-256 is made of one digest twice.
  for (const { list } of listed) {
    for (const [digest, size] of list.sizes) bodies.set(digest, { sha256: digest + digest, size });
  }
  return bodies;
}

/** As the merge does: what leads elsewhere does so before anything is looked up through it. */
function linksOf(listed: Listed, bodies: Bodies): TreeRecord[] {
  const depth = ({ path }: TreeRecord) => path.split("/").length;
  return recordsOf(listed, bodies)
    .filter(({ kind }) => kind === "symlink")
    .sort((a, b) => depth(a) - depth(b));
}

/**
 * Gives bodies that stand in the tree already, and stay, the SHA-256 that they have there. The tree is changed as the merge will change
 * it, in its order, since a symlink that leaves must not be followed. A path of which that fails is none of this part's business: the
 * merge fails there too, or leaves everything undecided.
 */
function recognise(
  root: MossRoot,
  tree: Tree,
  removed: readonly PackageFiles[],
  listed: readonly Listed[],
  bodies: Bodies,
): void {
  for (const { name, records } of removed) tree.remove(name, records);
  for (const item of listed)
    for (const record of linksOf(item, bodies)) unlessRefused(() => tree.place(item.name, record));
  for (const { list } of listed) {
    for (const entry of list.entries) {
      if (entry.kind !== "regular") continue;
      const digest = hex(entry.digest);
      const body = bodies.get(digest);
      const present = unlessRefused(() => tree.lookup(entry.path));
      if (body === undefined || present?.kind !== "file" || body.sha256 === present.sha256) continue;
      if (present.size !== body.size || present.mode !== entry.mode) continue;
      if (present.uid === entry.uid && present.gid === entry.gid && hasDigest(root, present, digest)) {
        body.sha256 = present.sha256;
      }
    }
  }
}

function unlessRefused<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}

/** What leaves: packages of the plan, older builds of what comes, and what moss itself makes of others' files. */
function leaving(root: MossRoot, active: StateRecord, plan: Plan, coming: readonly PlannedPackage[]): PackageFiles[] {
  const replaced = coming.flatMap(({ name }) => root.find(active, name) ?? []);
  const gone = new Map([...plan.outgoing, ...replaced].map(({ id, name }) => [id, name]));
  const own = generatedRecord(active.osRelease);
  const files = [...gone].map(([id, name]) => ({ name, records: root.files(id) }));
  return own === undefined ? files : [...files, { name: GENERATED, records: [own] }];
}

/**
 * Refuses a plan of which the lists say that its packages cannot be installed together, or not beside what stays. Throws
 * tree.collision and tree.path.
 */
export function refuseCollisions(
  root: MossRoot,
  catalogue: Catalogue,
  plan: Plan,
  active: StateRecord | undefined,
  tx: ReadTransaction | undefined,
): void {
  const coming = plan.incoming.filter(({ kind }) => kind !== "mark");
  const listed = coming.flatMap(({ id, name, offer, collection }): Listed[] => {
    const list = offer?.collection === LOCAL ? listOfStone(offer) : catalogue.files(id, collection);
    return list === undefined ? [] : [{ name, list }];
  });
  if (listed.length === 0) return;
  const bodies = bodiesOf(listed);
  const filesOf = () => listed.map((item) => ({ name: item.name, records: recordsOf(item, bodies) }));
  if (active === undefined || tx === undefined) {
    const { key, content, links, nodes } = emptyTree();
    const source = { node: (wanted: string) => nodes.get(wanted) };
    const added = filesOf();
    changeTree({ source, base: { key, content, links }, removed: [], added, all: () => added });
    return;
  }
  const source = new TreeSource(tx);
  const removed = leaving(root, active, plan, coming);
  recognise(root, new Tree(source, active.tree), removed, listed, bodies);
  try {
    changeTree({
      source,
      base: { ...active.tree, links: active.links },
      removed,
      added: filesOf(),
      all: () => {
        throw new Undecided();
      },
    });
  } catch (error) {
    if (!(error instanceof Undecided)) throw error;
  }
}
