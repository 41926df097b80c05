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
 */
import { Failure } from "#base/errors";
import { compareText } from "#base/order";
import { Sha256, sha256Hex } from "#sys/sha256";
import { ByteReader, ByteWriter } from "#tree/bytes";
import type { Owners, TreeEntry } from "#tree/entry";

const VERSION = 1;
const KINDS = ["file", "symlink", "directory"] as const;
const HAS_XATTRS = 0x10;

export interface EncodedNode {
  readonly key: string;
  readonly content: string;
  readonly bytes: Uint8Array;
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

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function readEntry(input: ByteReader): Mutable<TreeEntry> {
  const name = input.text();
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

/** Decodes a directory. Throws db.decode for bytes that are no node. */
export function decodeNode(bytes: Uint8Array): TreeEntry[] {
  try {
    const input = new ByteReader(bytes);
    const version = input.u8();
    if (version !== VERSION) throw new RangeError(`unknown version ${version}`);
    const count = input.varint();
    const entries: Mutable<TreeEntry>[] = [];
    for (let i = 0; i < count; i++) entries.push(readEntry(input));
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
  } catch (cause) {
    throw new Failure("db.decode", "Cannot read a node of a tree: the bytes are no node, expected version 1", {
      hint: "The database is damaged; see the guide on restoring it.",
      cause,
    });
  }
}
