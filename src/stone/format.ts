// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Numbers and names of the .stone format, version 1. All integers in it are big-endian. See docs/formats/stone.md. */
import { freemem } from "node:os";
import { type Code, Failure, type FailureDetail } from "#base/errors";

export const HEADER_SIZE = 32;
export const PAYLOAD_HEADER_SIZE = 32;
export const FORMAT_VERSION = 1;
export const MAX_PAYLOADS = 0xffff;

export const FILE_TYPES = { binary: 1, delta: 2, repository: 3, "build-manifest": 4 } as const;
export type FileType = keyof typeof FILE_TYPES;

export const PAYLOAD_KINDS = { meta: 1, content: 2, layout: 3, index: 4, attributes: 5 } as const;
export type PayloadKind = keyof typeof PAYLOAD_KINDS;
/** The kinds that are lists of records. */
export type RecordKind = Exclude<PayloadKind, "content">;

export const COMPRESSIONS = { none: 1, zstd: 2 } as const;
export type Compression = keyof typeof COMPRESSIONS;

/**
 * The most that zstd can do: a block of 128 KiB takes 4 bytes at least (RFC 8878, 3.1.1.2). A payload that claims more is
 * lying, and is refused before anything is reserved for it.
 */
export const ZSTD_RATIO_MAX = (128 * 1024) / 4;

/** Smallest size of one record of a kind, in bytes: what a count of records must at least take. */
export const RECORD_MINIMUM = { meta: 8, layout: 32, index: 32, attributes: 16, content: 0 } as const satisfies Record<
  PayloadKind,
  number
>;

/** How the value of a meta record is encoded. */
export const META_TYPES = {
  int8: 1,
  uint8: 2,
  int16: 3,
  uint16: 4,
  int32: 5,
  uint32: 6,
  int64: 7,
  uint64: 8,
  string: 9,
  dependency: 10,
  provider: 11,
} as const;
export type MetaType = keyof typeof META_TYPES;

/** What a meta record says. Numbers from 64 up are ours; other readers keep such records as unknown. */
export const META_TAGS = {
  name: 1,
  architecture: 2,
  version: 3,
  summary: 4,
  description: 5,
  homepage: 6,
  sourceId: 7,
  depends: 8,
  provides: 9,
  conflicts: 10,
  release: 11,
  license: 12,
  buildRelease: 13,
  packageUri: 14,
  packageHash: 15,
  packageSize: 16,
  buildDepends: 17,
  sourceUri: 18,
  sourcePath: 19,
  sourceRef: 20,
  installedSize: 64,
  essential: 65,
  replaces: 66,
} as const;
export type MetaTag = keyof typeof META_TAGS;

export const ENTRY_TYPES = {
  regular: 1,
  symlink: 2,
  directory: 3,
  "character-device": 4,
  "block-device": 5,
  fifo: 6,
  socket: 7,
} as const;
export type EntryType = keyof typeof ENTRY_TYPES;

/** The file-type bits of `st_mode` for each entry type. */
export const TYPE_BITS = {
  regular: 0o100000,
  symlink: 0o120000,
  directory: 0o040000,
  "character-device": 0o020000,
  "block-device": 0o060000,
  fifo: 0o010000,
  socket: 0o140000,
} as const satisfies Record<EntryType, number>;

/** The reverse of one of the tables above: number to name. */
export function namesOf<K extends string>(table: Readonly<Record<K, number>>): ReadonlyMap<number, K> {
  return new Map(Object.entries(table).map(([name, id]) => [id as number, name as K]));
}

/** The most that records may take: bytes once decompressed, and how many there may be. */
export interface Amount {
  readonly bytes: number;
  readonly records: number;
}

/** What a reader takes before it refuses. */
export interface StoneLimits {
  /**
   * All records of a kind in a package. They are held in memory, and zstd packs them ten thousand times: what they may take
   * is judged by their headers, before anything is reserved. `layout.records` also bounds the folders that paths imply.
   */
  readonly records: Readonly<Record<RecordKind, Amount>>;
  /** All meta records of a file of several packages, an index or a build manifest; each package is held to `records` too. */
  readonly several: Amount;
  /** Largest decompressed content payload, in bytes. It is streamed, so this protects the disk, not the memory. */
  readonly content: number;
  /** Largest zstd window in bytes; the memory that a decoder takes is the smaller of this and the plain size. */
  readonly window: number;
  /** Bytes of memory that are there to be had; asked before a window that is larger than the usual ones. */
  readonly free: () => number;
}

const MIB = 2 ** 20;

export const DEFAULT_LIMITS: StoneLimits = {
  records: {
    meta: { bytes: 16 * MIB, records: 2 ** 16 },
    layout: { bytes: 64 * MIB, records: 2 ** 19 },
    index: { bytes: 16 * MIB, records: 2 ** 19 },
    attributes: { bytes: 64 * MIB, records: 2 ** 19 },
  },
  several: { bytes: 256 * MIB, records: 2 ** 22 },
  content: Number.MAX_SAFE_INTEGER,
  window: 2 ** 31,
  free: freemem,
};

/** A failure about the stone called `name`. `problem` reads `<found>, expected <what>`. */
export function stoneFailure(code: Code, name: string, problem: string, detail: FailureDetail = {}): Failure {
  return new Failure(code, `Cannot read "${name}": ${problem}`, detail);
}

/**
 * A 64-bit unsigned big-endian integer that must fit in 53 bits, which is all that a number holds exactly; every size
 * and offset of a real file does. Undefined where it does not.
 */
export function readSafeU64(view: DataView, at: number): number | undefined {
  const high = view.getUint32(at);
  return high > 0x1fffff ? undefined : high * 2 ** 32 + view.getUint32(at + 4);
}

/** A view of the same memory. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The length of bytes without the NULs at their end. */
export function trimNuls(bytes: Uint8Array, start: number, end: number): number {
  let stop = end;
  while (stop > start && bytes[stop - 1] === 0) stop -= 1;
  return stop;
}
