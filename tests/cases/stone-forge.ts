// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Makes stones byte by byte, right or wrong in any place, without the writer under test. */
import { zstdCompressSync } from "node:zlib";
import { concat, utf8 } from "#base/bytes";
import { xxh3_64, xxh3_128 } from "#sys/xxh3";

export interface ForgedPayload {
  readonly kind: number;
  readonly plain: Uint8Array;
  readonly records: number;
  /** 1 none, 2 zstd (where absent). */
  readonly compression?: number;
  /** Stored bytes as they are, instead of the compressed plain ones. */
  readonly stored?: Uint8Array;
  // What the header claims, where it is not the truth.
  readonly storedSize?: bigint;
  readonly plainSize?: bigint;
  readonly checksum?: bigint;
  readonly version?: number;
}

export interface ForgedStone {
  readonly payloads: readonly ForgedPayload[];
  readonly fileType?: number;
  readonly version?: number;
  readonly magic?: number;
  readonly pattern?: string;
  readonly count?: number;
  readonly trailing?: Uint8Array;
}

function bytesOf(size: number, fill: (view: DataView, bytes: Uint8Array) => void): Uint8Array {
  const bytes = new Uint8Array(size);
  fill(new DataView(bytes.buffer), bytes);
  return bytes;
}

/**
 * A zstd frame that holds bytes as they are, in blocks of 128 KiB: 9 bytes of header, or 10 with a window of its own, and
 * 3 bytes a block.
 */
export function rawFrame(plain: Uint8Array, windowLog?: number): Uint8Array {
  const header = bytesOf(windowLog === undefined ? 9 : 10, (view, bytes) => {
    view.setUint32(0, 0xfd2fb528, true);
    view.setUint8(4, windowLog === undefined ? 0xa0 : 0x80);
    if (windowLog !== undefined) view.setUint8(5, (windowLog - 10) << 3);
    view.setUint32(bytes.byteLength - 4, plain.byteLength, true);
  });
  const parts = [header];
  const block = 128 * 1024;
  for (let at = 0; at === 0 || at < plain.byteLength; at += block) {
    const piece = plain.subarray(at, at + block);
    const last = at + block >= plain.byteLength ? 1 : 0;
    const head = (piece.byteLength << 3) | last;
    parts.push(Uint8Array.of(head & 0xff, (head >> 8) & 0xff, head >> 16), piece);
  }
  return concat(parts);
}

/** Bytes of hexadecimal, for patterns that are written out. */
function unhex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "hex"));
}

const PATTERN = "000001000002000003000004000005000006000007";

export function forgePayload(payload: ForgedPayload): Uint8Array {
  const compression = payload.compression ?? 2;
  const stored =
    payload.stored ?? (compression === 2 ? new Uint8Array(zstdCompressSync(payload.plain)) : payload.plain);
  const header = bytesOf(32, (view) => {
    view.setBigUint64(0, payload.storedSize ?? BigInt(stored.byteLength));
    view.setBigUint64(8, payload.plainSize ?? BigInt(payload.plain.byteLength));
    view.setBigUint64(16, payload.checksum ?? xxh3_64(stored));
    view.setUint32(24, payload.records);
    view.setUint16(28, payload.version ?? 1);
    view.setUint8(30, payload.kind);
    view.setUint8(31, compression);
  });
  return concat([header, stored]);
}

export function forge(stone: ForgedStone): Uint8Array {
  const header = bytesOf(32, (view, bytes) => {
    view.setUint32(0, stone.magic ?? 0x006d6f73);
    view.setUint16(4, stone.count ?? stone.payloads.length);
    bytes.set(unhex(stone.pattern ?? PATTERN), 6);
    view.setUint8(27, stone.fileType ?? 1);
    view.setUint32(28, stone.version ?? 1);
  });
  return concat([header, ...stone.payloads.map(forgePayload), stone.trailing ?? new Uint8Array(0)]);
}

/** One meta record with any value. */
export function metaRecord(tag: number, type: number, value: Uint8Array, length = value.byteLength): Uint8Array {
  const head = bytesOf(8, (view) => {
    view.setUint32(0, length);
    view.setUint16(4, tag);
    view.setUint8(6, type);
  });
  return concat([head, value]);
}

export function textRecord(tag: number, text: string): Uint8Array {
  return metaRecord(tag, 9, utf8(`${text}\0`));
}

export function numberRecord(tag: number, value: bigint): Uint8Array {
  return metaRecord(
    tag,
    8,
    bytesOf(8, (view) => view.setBigUint64(0, value)),
  );
}

/** The nine mandatory fields of a package. */
export const BASIC: readonly Uint8Array[] = [
  textRecord(1, "sample"),
  textRecord(3, "1.0"),
  numberRecord(11, 4n),
  numberRecord(13, 1n),
  textRecord(2, "x86_64"),
  textRecord(4, "A sample"),
  textRecord(5, ""),
  textRecord(7, "sample"),
  textRecord(6, "https://sample.invalid"),
];

export function meta(records: readonly Uint8Array[] = BASIC, more: Partial<ForgedPayload> = {}): ForgedPayload {
  return { kind: 1, plain: concat(records), records: records.length, ...more };
}

export interface ForgedEntry {
  readonly type: number;
  readonly target: string | Uint8Array;
  readonly source?: Uint8Array;
  readonly mode?: number;
  readonly sourceLength?: number;
  readonly targetLength?: number;
}

const MODES = [0, 0o100644, 0o120777, 0o040755, 0o020600, 0o060600, 0o010600, 0o140600];

export function layoutRecord(entry: ForgedEntry): Uint8Array {
  const target = typeof entry.target === "string" ? utf8(entry.target) : entry.target;
  const source = entry.source ?? new Uint8Array(0);
  const head = bytesOf(32, (view) => {
    view.setUint32(8, entry.mode ?? MODES[entry.type] ?? 0o100644);
    view.setUint16(16, entry.sourceLength ?? source.byteLength);
    view.setUint16(18, entry.targetLength ?? target.byteLength);
    view.setUint8(20, entry.type);
  });
  return concat([head, source, target]);
}

export function layout(entries: readonly ForgedEntry[], more: Partial<ForgedPayload> = {}): ForgedPayload {
  return { kind: 3, plain: concat(entries.map(layoutRecord)), records: entries.length, ...more };
}

export interface ForgedSlice {
  readonly start: bigint;
  readonly end: bigint;
  readonly digest: Uint8Array;
}

export function index(slices: readonly ForgedSlice[], more: Partial<ForgedPayload> = {}): ForgedPayload {
  const plain = concat(
    slices.map((slice) =>
      bytesOf(32, (view, bytes) => {
        view.setBigUint64(0, slice.start);
        view.setBigUint64(8, slice.end);
        bytes.set(slice.digest, 16);
      }),
    ),
  );
  return { kind: 4, plain, records: slices.length, ...more };
}

export function content(plain: Uint8Array, more: Partial<ForgedPayload> = {}): ForgedPayload {
  return { kind: 2, plain, records: 0, ...more };
}

/** Bodies back to back, with their index and digests. */
export function bodies(...texts: string[]): { index: ForgedSlice[]; plain: Uint8Array; digests: Uint8Array[] } {
  const parts = texts.map(utf8);
  const digests = parts.map(xxh3_128);
  let at = 0n;
  const slices = parts.map((part, i) => {
    const start = at;
    at += BigInt(part.byteLength);
    return { start, end: at, digest: digests[i] ?? new Uint8Array(16) };
  });
  return { index: slices, plain: concat(parts), digests };
}

/** A whole, valid package: two bodies, four entries. */
export function sampleStone(change: Partial<ForgedStone> = {}): Uint8Array {
  const { index: slices, plain, digests } = bodies("first body\n", "second\n");
  const [first = new Uint8Array(16), second = new Uint8Array(16)] = digests;
  return forge({
    payloads: [
      meta(),
      layout([
        { type: 1, target: "bin/a", source: first, mode: 0o100755 },
        { type: 1, target: "share/b", source: second },
        { type: 2, target: "bin/c", source: utf8("a") },
        { type: 3, target: "share/empty" },
      ]),
      index(slices),
      content(plain),
    ],
    ...change,
  });
}
