// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The files of a package as the database keeps them: its records sorted by path, each path given by what it shares with
 * the one before it. Count, then for each: shared bytes, rest of the path, kind (bit 4: has attributes), mode (not of symlinks),
 * uid, gid, attribute digest, and then SHA-256 and size of a file or target of a symlink.
 */
import { Failure } from "#base/errors";
import { compareText } from "#base/order";
import { ByteReader, ByteWriter } from "#tree/bytes";
import type { TreeRecord } from "#tree/entry";

const KINDS = ["file", "symlink", "directory"] as const;
const HAS_XATTRS = 0x10;

/** Encodes records, in any order, to bytes that depend on the set alone. */
export function encodeFiles(records: readonly TreeRecord[]): Uint8Array {
  const out = new ByteWriter(records.length * 64 + 16).varint(records.length);
  let before = "";
  for (const record of [...records].sort((a, b) => compareText(a.path, b.path))) {
    const shared = sharedStart(before, record.path);
    before = record.path;
    out.varint(shared).text(record.path.slice(shared));
    out.u8(KINDS.indexOf(record.kind) | (record.xattrs === undefined ? 0 : HAS_XATTRS));
    if (record.kind !== "symlink") out.varint(record.mode);
    out.varint(record.uid).varint(record.gid);
    if (record.xattrs !== undefined) out.hex(record.xattrs);
    if (record.kind === "file") out.hex(record.sha256).varint(record.size);
    else if (record.kind === "symlink") out.text(record.target);
  }
  return out.bytes();
}

/** UTF-16 units that two texts share at the start, never half of a pair. */
function sharedStart(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  const last = at > 0 ? b.charCodeAt(at - 1) : 0;
  return last >= 0xd800 && last < 0xdc00 ? at - 1 : at;
}

/** Throws db.decode for bytes that encodeFiles did not write. */
export function decodeFiles(bytes: Uint8Array): TreeRecord[] {
  try {
    const input = new ByteReader(bytes);
    const records: TreeRecord[] = [];
    let path = "";
    for (let left = input.varint(); left > 0; left--) {
      path = path.slice(0, input.varint()) + input.text();
      const flags = input.u8();
      const kind = KINDS[flags & 0x0f];
      if (kind === undefined) throw new RangeError(`unknown kind ${flags & 0x0f}`);
      const mode = kind === "symlink" ? 0 : input.varint();
      const common = { path, uid: input.varint(), gid: input.varint() };
      const attributes = (flags & HAS_XATTRS) === 0 ? common : { ...common, xattrs: input.hex(32) };
      if (kind === "file") records.push({ kind, ...attributes, mode, sha256: input.hex(32), size: input.varint() });
      else if (kind === "symlink") records.push({ kind, ...attributes, target: input.text() });
      else records.push({ kind, ...attributes, mode });
    }
    return records;
  } catch (cause) {
    throw new Failure("db.decode", "Cannot read the files of a package: the bytes are no list of files", {
      hint: "The database is damaged; see the guide on restoring it.",
      cause,
    });
  }
}
