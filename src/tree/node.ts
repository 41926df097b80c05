// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The encoded form of one directory of a tree.
 *
 * Two parts follow each other. The content part lists the entries, sorted by the bytes of their names, without owners:
 * version 1, count, then for each entry name, kind (bit 4: has attributes), mode (not of symlinks), uid, gid,
 * 32 bytes of attribute digest where it has any, and then SHA-256 and size of a file, target of a symlink, or content
 * hash of a directory. The meta part has a table of package names, a table of the sets of them that occur, and for each
 * entry the number of its set and, for a directory, its child's key.
 *
 * content = SHA-256(content part); key = SHA-256(content, meta part). Equal keys so mean equal subtrees with equal
 * owners, equal content hashes mean equal subtrees whoever owns them.
 *
 * A directory of more than SPLIT entries is stored in PARTS parts, each a node as above of the entries whose names have
 * the part's number for a hash, so that a change of one entry reads and writes one part. Its own node is an index:
 * content part version 2, count of all entries, content hash of each part; meta part the key of each. Whether a
 * directory is split depends on its count alone, so equal directories have equal hashes however they came to be.
 */
import { Failure } from "#base/errors";
import { compareText } from "#base/order";
import { Sha256, sha256Hex } from "#sys/sha256";
import { ByteReader, ByteWriter } from "#tree/bytes";
import type { Owners, TreeEntry } from "#tree/entry";

const VERSION = 1;
const INDEX_VERSION = 2;
/** The most entries of a directory that is one node. */
export const SPLIT = 256;
export const PARTS = 64;
const KINDS = ["file", "symlink", "directory"] as const;
const HAS_XATTRS = 0x10;

export interface EncodedNode {
  readonly key: string;
  readonly content: string;
  readonly bytes: Uint8Array;
}

/** The index of a directory that is stored in parts. */
export interface NodeIndex {
  /** Entries of all parts. */
  readonly count: number;
  readonly parts: readonly Pick<EncodedNode, "key" | "content">[];
}

/** The part that an entry of this name belongs to, where its directory is split. */
export function partOf(name: string): number {
  return Number.parseInt(sha256Hex(name).slice(0, 2), 16) >> 2;
}

const scratch = new ByteWriter(64 * 1024);

function writeContent(out: ByteWriter, entries: readonly TreeEntry[]): void {
  out.u8(VERSION).varint(entries.length);
  for (const entry of entries) {
    out.text(entry.name).u8(KINDS.indexOf(entry.kind) | (entry.xattrs === undefined ? 0 : HAS_XATTRS));
    if (entry.kind !== "symlink") out.varint(entry.mode);
    out.varint(entry.uid).varint(entry.gid);
    if (entry.xattrs !== undefined) out.hex(entry.xattrs);
    if (entry.kind === "file") out.hex(entry.sha256).varint(entry.size);
    else if (entry.kind === "symlink") out.text(entry.target);
    else out.hex(entry.content);
  }
}

function writeMeta(out: ByteWriter, entries: readonly TreeEntry[]): void {
  const names = new Set<string>();
  const sets = new Map<string, { owners: Owners; at: number }>();
  const seen = new Map<Owners, number>();
  for (const { owners } of entries) {
    if (seen.has(owners)) continue;
    const text = owners.join("\0");
    const set = sets.get(text) ?? { owners, at: sets.size };
    sets.set(text, set);
    seen.set(owners, set.at);
    for (const owner of owners) names.add(owner);
  }
  const table = [...names].sort(compareText);
  const numbers = new Map(table.map((name, at) => [name, at]));
  out.varint(table.length);
  for (const name of table) out.text(name);
  out.varint(sets.size);
  for (const { owners } of sets.values()) {
    out.varint(owners.length);
    for (const owner of owners) out.varint(numbers.get(owner) ?? 0);
  }
  for (const entry of entries) {
    out.varint(seen.get(entry.owners) ?? 0);
    if (entry.kind === "directory") out.hex(entry.key);
  }
}

/** Encodes a directory. `entries` are sorted by the bytes of their names. */
export function encodeNode(entries: readonly TreeEntry[]): EncodedNode {
  const out = scratch.reset();
  writeContent(out, entries);
  const end = out.length;
  const content = sha256Hex(out.view());
  writeMeta(out, entries);
  const key = new Sha256().update(content).update(out.view(end)).hex();
  return { key, content, bytes: out.bytes() };
}

/** Encodes the index of a directory that is split. */
export function encodeIndex({ count, parts }: NodeIndex): EncodedNode {
  const out = scratch.reset().u8(INDEX_VERSION).varint(count);
  for (const part of parts) out.hex(part.content);
  const end = out.length;
  const content = sha256Hex(out.view());
  for (const part of parts) out.hex(part.key);
  const key = new Sha256().update(content).update(out.view(end)).hex();
  return { key, content, bytes: out.bytes() };
}

function readIndex(input: ByteReader): NodeIndex {
  const count = input.varint();
  const contents = Array.from({ length: PARTS }, () => input.hex(32));
  return { count, parts: contents.map((content) => ({ content, key: input.hex(32) })) };
}

const NO_NAME = /^\.{0,2}$|[/\0]/;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function readEntry(input: ByteReader): Mutable<TreeEntry> {
  const name = input.text();
  // A call relative to a directory would leave it.
  if (NO_NAME.test(name)) throw new RangeError(`"${name}" is no name in a directory`);
  const flags = input.u8();
  const kind = KINDS[flags & 0x0f];
  if (kind === undefined) throw new RangeError(`unknown kind ${flags & 0x0f}`);
  const mode = kind === "symlink" ? 0 : input.varint();
  const uid = input.varint();
  const gid = input.varint();
  const owners: Owners = [];
  const common =
    (flags & HAS_XATTRS) === 0 ? { name, uid, gid, owners } : { name, uid, gid, owners, xattrs: input.hex(32) };
  if (kind === "file") return { kind, ...common, mode, sha256: input.hex(32), size: input.varint() };
  if (kind === "symlink") return { kind, ...common, target: input.text() };
  return { kind, ...common, mode, content: input.hex(32), key: "" };
}

/** What a node holds: a directory, or one part of it; or the index of one that is split. Throws db.decode. */
export function decodeNode(bytes: Uint8Array): TreeEntry[] | NodeIndex {
  try {
    const input = new ByteReader(bytes);
    const version = input.u8();
    if (version === INDEX_VERSION) return readIndex(input);
    if (version !== VERSION) throw new RangeError(`unknown version ${version}`);
    return readEntries(input);
  } catch (cause) {
    throw new Failure("db.decode", "Cannot read a node of a tree: the bytes are no node, expected version 1 or 2", {
      hint: "The database is damaged; see the guide on restoring it.",
      cause,
    });
  }
}

/** True for the index of a directory that is split. */
export function isIndex(node: TreeEntry[] | NodeIndex): node is NodeIndex {
  return "parts" in node;
}

/** Encodes what decodeNode gave. */
export function encodeAgain(node: TreeEntry[] | NodeIndex): EncodedNode {
  return isIndex(node) ? encodeIndex(node) : encodeNode(node);
}

/** Keys of the nodes that a node names. */
export function childKeys(node: TreeEntry[] | NodeIndex): string[] {
  if (isIndex(node)) return node.parts.map(({ key }) => key);
  return node.flatMap((entry) => (entry.kind === "directory" ? entry.key : []));
}

function readEntries(input: ByteReader): TreeEntry[] {
  const entries: Mutable<TreeEntry>[] = [];
  for (let left = input.varint(); left > 0; left--) entries.push(readEntry(input));
  const names: string[] = [];
  for (let left = input.varint(); left > 0; left--) names.push(input.text());
  const sets: Owners[] = [];
  for (let left = input.varint(); left > 0; left--) {
    const owners: string[] = [];
    for (let n = input.varint(); n > 0; n--) owners.push(names[input.varint()] ?? "");
    sets.push(owners);
  }
  for (const entry of entries) {
    entry.owners = sets[input.varint()] ?? [];
    if (entry.kind === "directory") entry.key = input.hex(32);
  }
  return entries;
}
