// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Meta records: `u32 length, u16 tag, u8 type, u8 padding`, then the value. Here they are read raw, every one of them,
 * known or not; `#stone/package-meta` makes a package out of them.
 */
import { concat, fromUtf8, utf8 } from "#base/bytes";
import { META_TYPES, type MetaType, namesOf, stoneFailure, trimNuls, viewOf } from "#stone/format";

const TYPE_NAMES = namesOf(META_TYPES);
const HEAD = 8;

/** A dependency or provider as stored: the kind as its number, since it may be one that we do not know. */
export interface RawCapability {
  readonly kindId: number;
  readonly name: string;
}

type IntegerType = Exclude<MetaType, "string" | "dependency" | "provider">;

export type MetaRecord = { readonly tag: number } & (
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "dependency"; readonly value: RawCapability }
  | { readonly type: "provider"; readonly value: RawCapability }
  | { readonly type: IntegerType; readonly value: bigint }
  | { readonly type: "unknown"; readonly typeId: number; readonly value: Uint8Array }
);

interface IntegerCodec {
  readonly size: number;
  readonly read: (view: DataView, at: number) => bigint;
}

const INTEGERS: Readonly<Record<IntegerType, IntegerCodec>> = {
  int8: { size: 1, read: (view, at) => BigInt(view.getInt8(at)) },
  uint8: { size: 1, read: (view, at) => BigInt(view.getUint8(at)) },
  int16: { size: 2, read: (view, at) => BigInt(view.getInt16(at)) },
  uint16: { size: 2, read: (view, at) => BigInt(view.getUint16(at)) },
  int32: { size: 4, read: (view, at) => BigInt(view.getInt32(at)) },
  uint32: { size: 4, read: (view, at) => BigInt(view.getUint32(at)) },
  int64: { size: 8, read: (view, at) => view.getBigInt64(at) },
  uint64: { size: 8, read: (view, at) => view.getBigUint64(at) },
};

/** True where all bytes are ASCII and none is NUL, as in nearly all texts: these need no decoder, and no view of their bytes. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === 0 || byte >= 0x80) return false;
  }
  return true;
}

function readText(bytes: Buffer, start: number, end: number, name: string, what: () => string): string {
  const stop = trimNuls(bytes, start, end);
  if (isPlain(bytes, start, stop)) return bytes.toString("latin1", start, stop);
  const text = fromUtf8(bytes.subarray(start, stop));
  if (text === undefined) throw stoneFailure("stone.record", name, `${what()} is not UTF-8, expected text`);
  if (text.includes("\0")) throw stoneFailure("stone.record", name, `a NUL inside ${what()}, expected text`);
  return text;
}

/**
 * Reads `count` records that must fill `stored` exactly. Throws `stone.record`.
 * Bytes of unknown types are copied; nothing in the result refers to `stored`.
 */
export function decodeMeta(stored: Uint8Array, count: number, name: string): MetaRecord[] {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  const view = viewOf(bytes);
  const records: MetaRecord[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + HEAD > bytes.byteLength) {
      throw stoneFailure("stone.record", name, `the metadata ends in record ${i}, expected ${count} records`);
    }
    const length = view.getUint32(at);
    const tag = view.getUint16(at + 4);
    const typeId = bytes[at + 6] ?? 0;
    const start = at + HEAD;
    const end = start + length;
    if (end > bytes.byteLength) {
      const problem = `metadata record ${i} claims ${length} bytes, expected at most ${bytes.byteLength - start}`;
      throw stoneFailure("stone.record", name, problem);
    }
    records.push(decodeValue(bytes, view, tag, typeId, start, end, name));
    at = end;
  }
  if (at !== bytes.byteLength) {
    const problem = `${bytes.byteLength - at} bytes after the last metadata record, expected none`;
    throw stoneFailure("stone.record", name, problem);
  }
  return records;
}

function decodeValue(
  bytes: Buffer,
  view: DataView,
  tag: number,
  typeId: number,
  start: number,
  end: number,
  name: string,
): MetaRecord {
  const type = TYPE_NAMES.get(typeId);
  if (type === undefined) return { tag, type: "unknown", typeId, value: new Uint8Array(bytes.subarray(start, end)) };
  if (type === "string") return { tag, type, value: readText(bytes, start, end, name, () => `metadata text ${tag}`) };
  if (type === "dependency" || type === "provider") {
    if (end - start < 2) {
      throw stoneFailure("stone.record", name, `a ${type} of ${end - start} bytes, expected a kind and a name`);
    }
    return {
      tag,
      type,
      value: { kindId: bytes[start] ?? 0, name: readText(bytes, start + 1, end, name, () => `a ${type}`) },
    };
  }
  const { size, read } = INTEGERS[type];
  if (end - start !== size) {
    throw stoneFailure("stone.record", name, `an ${type} of ${end - start} bytes, expected ${size}`);
  }
  return { tag, type, value: read(view, start) };
}

function valueBytes(record: MetaRecord): Uint8Array {
  if (record.type === "unknown") return record.value;
  if (record.type === "string") return utf8(`${record.value}\0`);
  if (record.type === "dependency" || record.type === "provider") {
    return concat([Uint8Array.of(record.value.kindId), utf8(`${record.value.name}\0`)]);
  }
  // Big-endian two's complement of any width is the tail of the 64-bit form.
  const wide = new Uint8Array(8);
  viewOf(wide).setBigInt64(0, BigInt.asIntN(64, record.value));
  return wide.subarray(8 - INTEGERS[record.type].size);
}

/** The bytes of records, back to back. */
export function encodeMeta(records: readonly MetaRecord[]): Uint8Array {
  const values = records.map(valueBytes);
  let size = 0;
  for (const value of values) size += HEAD + value.byteLength;
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  let at = 0;
  for (const [i, record] of records.entries()) {
    const value = values[i] ?? new Uint8Array(0);
    view.setUint32(at, value.byteLength);
    view.setUint16(at + 4, record.tag);
    bytes[at + 6] = record.type === "unknown" ? record.typeId : META_TYPES[record.type];
    bytes.set(value, at + HEAD);
    at += HEAD + value.byteLength;
  }
  return bytes;
}
