// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Layout records: 32 fixed bytes, the source (digest or link text), the target (path below /usr). Read raw here, known
 * or not; `#stone/layout` judges them.
 */
import { EMPTY, fromUtf8, utf8 } from "#base/bytes";
import type { LayoutEntry } from "#model/layout";
import { ENTRY_TYPES, type EntryType, namesOf, stoneFailure, TYPE_BITS, trimNuls, viewOf } from "#stone/format";

const HEAD = 32;
const TYPE_NAMES = namesOf(ENTRY_TYPES);
const U16_MAX = 0xffff;

/** One record as it stands in the file. Trailing NULs of texts, which old writers added, are off. */
export interface LayoutRecord {
  readonly uid: number;
  readonly gid: number;
  /** As `st_mode`, with the bits of the file type. */
  readonly mode: number;
  readonly tag: number;
  readonly type: EntryType | "unknown";
  readonly typeId: number;
  /** A copy: 16 bytes of digest, the link text, or nothing. */
  readonly source: Uint8Array;
  readonly target: string;
}

/** Reads `count` records that must fill `bytes` exactly. Throws `stone.record`, or `stone.path` for text not UTF-8. */
export function decodeLayout(bytes: Uint8Array, count: number, name: string): LayoutRecord[] {
  const view = viewOf(bytes);
  const records: LayoutRecord[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + HEAD > bytes.byteLength) {
      throw stoneFailure("stone.record", name, `the layout ends in record ${i}, expected ${count} records`);
    }
    const sourceLength = view.getUint16(at + 16);
    const targetLength = view.getUint16(at + 18);
    const middle = at + HEAD + sourceLength;
    const end = middle + targetLength;
    if (end > bytes.byteLength) {
      const problem = `layout record ${i} claims ${end - at} bytes, expected at most ${bytes.byteLength - at}`;
      throw stoneFailure("stone.record", name, problem);
    }
    const target = fromUtf8(bytes.subarray(middle, trimNuls(bytes, middle, end)));
    if (target === undefined) throw stoneFailure("stone.path", name, `path ${i} is not UTF-8, expected text`);
    const typeId = bytes[at + 20] ?? 0;
    const type = TYPE_NAMES.get(typeId) ?? "unknown";
    const sourceEnd = type === "symlink" ? trimNuls(bytes, at + HEAD, middle) : middle;
    records.push({
      uid: view.getUint32(at),
      gid: view.getUint32(at + 4),
      mode: view.getUint32(at + 8),
      tag: view.getUint32(at + 12),
      type,
      typeId,
      source: sourceEnd === at + HEAD ? EMPTY : bytes.slice(at + HEAD, sourceEnd),
      target,
    });
    at = end;
  }
  if (at !== bytes.byteLength) {
    throw stoneFailure(
      "stone.record",
      name,
      `${bytes.byteLength - at} bytes after the last layout record, expected none`,
    );
  }
  return records;
}

/** The bytes of entries as layout records, in the order given. Throws `stone.write` for texts above 65535 bytes. */
export function encodeLayout(entries: readonly LayoutEntry[], name: string): Uint8Array {
  const texts = entries.map((entry) => ({
    source: entry.kind === "regular" ? entry.digest : entry.kind === "symlink" ? utf8(entry.target) : EMPTY,
    target: utf8(entry.path),
  }));
  let size = 0;
  for (const { source, target } of texts) {
    if (source.byteLength > U16_MAX || target.byteLength > U16_MAX) {
      throw stoneFailure("stone.write", name, `a path or link of more than ${U16_MAX} bytes, expected less`);
    }
    size += HEAD + source.byteLength + target.byteLength;
  }
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  let at = 0;
  for (const [i, entry] of entries.entries()) {
    const text = texts[i];
    if (text === undefined) continue;
    view.setUint32(at, entry.uid);
    view.setUint32(at + 4, entry.gid);
    view.setUint32(at + 8, entry.mode | TYPE_BITS[entry.kind]);
    view.setUint16(at + 16, text.source.byteLength);
    view.setUint16(at + 18, text.target.byteLength);
    bytes[at + 20] = ENTRY_TYPES[entry.kind];
    bytes.set(text.source, at + HEAD);
    bytes.set(text.target, at + HEAD + text.source.byteLength);
    at += HEAD + text.source.byteLength + text.target.byteLength;
  }
  return bytes;
}
