// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Index records: where each body lies in the decompressed content payload, and its XXH3-128. */
import { hex } from "#base/bytes";
import { readSafeU64, stoneFailure, viewOf } from "#stone/format";

const SIZE = 32;

export interface IndexRecord {
  /** First byte within the decompressed content. */
  readonly start: number;
  /** One past the last byte. */
  readonly end: number;
  /** XXH3-128 of the body, canonical, 16 bytes. */
  readonly digest: Uint8Array;
}

/**
 * Reads `count` records; `contentSize` is the plain size of the content payload that they slice (0 where there is none).
 * Throws `stone.record` for a count that does not fit the bytes, `stone.index` for a slice that does not fit the content.
 */
export function decodeIndex(bytes: Uint8Array, count: number, contentSize: number, name: string): IndexRecord[] {
  if (count * SIZE !== bytes.byteLength) {
    throw stoneFailure(
      "stone.record",
      name,
      `an index of ${bytes.byteLength} bytes, expected ${count} records of ${SIZE}`,
    );
  }
  const view = viewOf(bytes);
  const records: IndexRecord[] = [];
  for (let at = 0; at < bytes.byteLength; at += SIZE) {
    const start = readSafeU64(view, at);
    const end = readSafeU64(view, at + 8);
    if (start === undefined || end === undefined || end < start || end > contentSize) {
      const problem = `body ${at / SIZE} spans ${start ?? "?"} to ${end ?? "?"}, expected a slice of ${contentSize} bytes`;
      throw stoneFailure("stone.index", name, problem);
    }
    records.push({ start, end, digest: bytes.slice(at + 16, at + SIZE) });
  }
  return records;
}

/**
 * The bodies in the order in which they lie in the content, each digest once. Throws `stone.index` where one digest has
 * two sizes or two bodies overlap: a file read in one pass cannot give both.
 */
export function bodiesInOrder(records: readonly IndexRecord[], name: string): IndexRecord[] {
  const byDigest = new Map<string, IndexRecord>();
  for (const record of records) {
    const key = hex(record.digest);
    const other = byDigest.get(key);
    if (other === undefined) byDigest.set(key, record);
    else if (other.end - other.start !== record.end - record.start) {
      throw stoneFailure("stone.index", name, `the digest ${key} stands for bodies of two sizes, expected one`);
    }
  }
  const sorted = [...byDigest.values()].sort((a, b) => a.start - b.start || a.end - b.end);
  // Empty bodies come first: they have no place of their own and may stand inside another body's slice.
  const empty = sorted.filter((record) => record.start === record.end);
  const full = sorted.filter((record) => record.start !== record.end);
  let last: IndexRecord | undefined;
  for (const record of full) {
    if (last !== undefined && record.start < last.end) {
      throw stoneFailure("stone.index", name, `two bodies overlap at byte ${record.start}, expected slices apart`);
    }
    last = record;
  }
  return [...empty, ...full];
}

/** The records of an index payload (docs/formats/stone.md). */
export function encodeIndex(records: readonly IndexRecord[]): Uint8Array {
  const bytes = new Uint8Array(records.length * SIZE);
  const view = viewOf(bytes);
  let at = 0;
  for (const record of records) {
    view.setBigUint64(at, BigInt(record.start));
    view.setBigUint64(at + 8, BigInt(record.end));
    bytes.set(record.digest, at + 16);
    at += SIZE;
  }
  return bytes;
}
