// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Attribute records, and the extended attributes that we keep in them (docs/formats/stone.md):
 * key = `xattr`, NUL, path below /usr, NUL, attribute name; value = one byte of encoding version (1), then the value.
 */
import { concat, fromUtf8, utf8 } from "#base/bytes";
import { compareText, getOrInsert } from "#base/order";
import type { LayoutEntry, Xattrs } from "#model/layout";
import { readSafeU64, stoneFailure, viewOf } from "#stone/format";

const HEAD = 16;
const PREFIX = "xattr\0";
const ENCODING = 1;
// What Linux takes: XATTR_NAME_MAX and XATTR_SIZE_MAX.
const NAME_MAX = 255;
const VALUE_MAX = 65536;
const NAMESPACES = /^(user|security|trusted|system)\.[^\0]+$/;

export interface AttributeRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Reads `count` records that must fill `bytes` exactly; keys and values are copies. Throws `stone.record`. */
export function decodeAttributes(bytes: Uint8Array, count: number, name: string): AttributeRecord[] {
  const view = viewOf(bytes);
  const records: AttributeRecord[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const left = bytes.byteLength - at - HEAD;
    const keyLength = left < 0 ? undefined : readSafeU64(view, at);
    const valueLength = left < 0 ? undefined : readSafeU64(view, at + 8);
    if (keyLength === undefined || valueLength === undefined || keyLength + valueLength > left) {
      throw stoneFailure("stone.record", name, `attribute ${i} runs past the end, expected ${count} records`);
    }
    const middle = at + HEAD + keyLength;
    const end = middle + valueLength;
    records.push({ key: bytes.slice(at + HEAD, middle), value: bytes.slice(middle, end) });
    at = end;
  }
  if (at !== bytes.byteLength) {
    throw stoneFailure("stone.record", name, `${bytes.byteLength - at} bytes after the last attribute, expected none`);
  }
  return records;
}

/** The records of an attributes payload (docs/formats/stone.md). */
export function encodeAttributes(records: readonly AttributeRecord[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { key, value } of records) {
    const head = new Uint8Array(HEAD);
    viewOf(head).setBigUint64(0, BigInt(key.byteLength));
    viewOf(head).setBigUint64(8, BigInt(value.byteLength));
    parts.push(head, key, value);
  }
  return concat(parts);
}

/** What is wrong with an extended attribute, or undefined. */
export function xattrProblem(name: string, value: Uint8Array): string | undefined {
  if (!NAMESPACES.test(name) || Buffer.byteLength(name) > NAME_MAX) return `the attribute name ${JSON.stringify(name)}`;
  if (value.byteLength > VALUE_MAX) return `an attribute of ${value.byteLength} bytes`;
  return undefined;
}

/**
 * The extended attributes among attribute records, by path. Records with other keys are not ours and are left alone.
 * Throws `stone.record` for a malformed or repeated one.
 */
export function xattrsByPath(records: readonly AttributeRecord[], name: string): Map<string, Map<string, Uint8Array>> {
  const byPath = new Map<string, Map<string, Uint8Array>>();
  for (const { key, value } of records) {
    const text = fromUtf8(key);
    if (text === undefined || !text.startsWith(PREFIX)) continue;
    const [, path, attribute, ...more] = text.split("\0");
    if (path === undefined || attribute === undefined || more.length > 0 || value[0] !== ENCODING) {
      throw stoneFailure("stone.record", name, `a malformed attribute ${JSON.stringify(text)}, expected path and name`);
    }
    const bytes = value.slice(1);
    const problem = xattrProblem(attribute, bytes);
    const attributes = getOrInsert(byPath, path, () => new Map<string, Uint8Array>());
    if (problem !== undefined || attributes.has(attribute)) {
      throw stoneFailure(
        "stone.record",
        name,
        `${problem ?? `"${attribute}" twice`} at "${path}", expected a valid one`,
      );
    }
    attributes.set(attribute, bytes);
  }
  return byPath;
}

/** The entries with their extended attributes. Throws `stone.record` where one is of a path that is not there. */
export function withXattrs(
  entries: readonly LayoutEntry[],
  byPath: ReadonlyMap<string, Xattrs>,
  name: string,
): LayoutEntry[] {
  const left = new Set(byPath.keys());
  const out = entries.map((entry): LayoutEntry => {
    const xattrs = byPath.get(entry.path);
    if (xattrs === undefined) return entry;
    left.delete(entry.path);
    return { ...entry, xattrs };
  });
  for (const path of left) {
    throw stoneFailure("stone.record", name, `attributes of "${path}", which the package does not have`);
  }
  return out;
}

/** The attribute records of entries, ordered by path and attribute name. */
export function xattrRecords(entries: readonly LayoutEntry[]): AttributeRecord[] {
  const records: AttributeRecord[] = [];
  for (const entry of entries) {
    for (const [name, value] of [...(entry.xattrs ?? [])].sort((a, b) => compareText(a[0], b[0]))) {
      records.push({
        key: utf8(`${PREFIX}${entry.path}\0${name}`),
        value: concat([Uint8Array.of(ENCODING), value]),
      });
    }
  }
  return records;
}
