// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A reader of zip archives by their central directory (PKWARE APPNOTE 6.3.10): stored and deflated entries, zip64 sizes,
 * Unix modes and symlinks. Reads through a function, so that the file need not be in memory; each entry is.
 */
import { inflateRawSync } from "node:zlib";
import { describeError, Failure } from "#base/errors";
import type { ReadAt } from "#formats/read-at";

export interface ZipEntry {
  /** As recorded; folders end in a slash. Whoever writes files must check it. */
  readonly path: string;
  readonly kind: "regular" | "symlink" | "directory" | "other";
  readonly mode: number;
  /** Bytes of the body. */
  readonly size: number;
  /** Modification time in whole seconds since 1970, read as UTC. */
  readonly mtime: number;
  readonly packed: number;
  readonly method: number;
  readonly crc: number;
  /** Offset of the local header. */
  readonly offset: number;
}

const END = 0x06054b50;
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const MAX_ENTRIES = 4_000_000;
const MAX_DIRECTORY = 1 << 30;
const MAX_BODY = 2 ** 31 - 1;

/** The entries of an archive of `size` bytes. Throws `format.invalid`. */
export function readZip(name: string, size: number, readAt: ReadAt): ZipEntry[] {
  const fail = (found: string) => new Failure("format.invalid", `Cannot read the archive "${name}": ${found}`);
  const view = (offset: number, length: number) => {
    if (offset < 0 || length < 0 || offset + length > size) throw fail("it points outside of itself");
    const bytes = readAt(offset, length);
    if (bytes.byteLength !== length) throw fail("it ends too early");
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const tailAt = Math.max(0, size - 65_557);
  const tail = view(tailAt, size - tailAt);
  let end = -1;
  for (let i = tail.length - 22; i >= 0 && end < 0; i--) if (tail.readUInt32LE(i) === END) end = i;
  if (end < 0) throw fail("it has no directory at its end");
  let count = tail.readUInt16LE(end + 10);
  let length = tail.readUInt32LE(end + 12);
  let start = tail.readUInt32LE(end + 16);
  if (end >= 20 && tail.readUInt32LE(end - 20) === END64_LOCATOR) {
    const record = view(Number(tail.readBigUInt64LE(end - 12)), 56);
    if (record.readUInt32LE(0) !== END64) throw fail("its zip64 record is not where it should be");
    count = Number(record.readBigUInt64LE(32));
    length = Number(record.readBigUInt64LE(40));
    start = Number(record.readBigUInt64LE(48));
  }
  if (count > MAX_ENTRIES || length > MAX_DIRECTORY) throw fail("its directory is absurdly large");
  const directory = view(start, length);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== CENTRAL) throw fail("its directory is broken");
    const nameLength = directory.readUInt16LE(at + 28);
    const extraLength = directory.readUInt16LE(at + 30);
    const next = at + 46 + nameLength + extraLength + directory.readUInt16LE(at + 32);
    if (next > directory.length) throw fail("its directory is broken");
    entries.push(entryAt(directory, at, nameLength, extraLength));
    at = next;
  }
  return entries;
}

function entryAt(directory: Buffer, at: number, nameLength: number, extraLength: number): ZipEntry {
  let size = directory.readUInt32LE(at + 24);
  let packed = directory.readUInt32LE(at + 20);
  let offset = directory.readUInt32LE(at + 42);
  const path = directory.toString("utf8", at + 46, at + 46 + nameLength);
  const extra = directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
  for (let i = 0; i + 4 <= extra.length; ) {
    const id = extra.readUInt16LE(i);
    const body = extra.subarray(i + 4, i + 4 + extra.readUInt16LE(i + 2));
    if (id === 1) {
      let k = 0;
      const take = () => {
        const value = k + 8 <= body.length ? Number(body.readBigUInt64LE(k)) : 0;
        k += 8;
        return value;
      };
      if (size === 0xffffffff) size = take();
      if (packed === 0xffffffff) packed = take();
      if (offset === 0xffffffff) offset = take();
    }
    i += 4 + body.length;
  }
  const unix = directory.readUInt8(at + 5) === 3 ? directory.readUInt32LE(at + 38) >>> 16 : 0;
  return {
    path,
    kind: kindOf(path, unix),
    mode: unix & 0o7777,
    size,
    mtime: dosTime(directory.readUInt16LE(at + 14), directory.readUInt16LE(at + 12)),
    packed,
    method: directory.readUInt16LE(at + 10),
    crc: directory.readUInt32LE(at + 16),
    offset,
  };
}

function kindOf(path: string, mode: number): ZipEntry["kind"] {
  if (path.endsWith("/")) return "directory";
  switch (mode & 0o170000) {
    case 0:
    case 0o100000:
      return "regular";
    case 0o120000:
      return "symlink";
    case 0o040000:
      return "directory";
    default:
      return "other";
  }
}

function dosTime(date: number, time: number): number {
  const seconds = Date.UTC(
    1980 + (date >> 9),
    Math.max(0, ((date >> 5) & 15) - 1),
    Math.max(1, date & 31),
    time >> 11,
    (time >> 5) & 63,
    (time & 31) * 2,
  );
  return Math.floor(seconds / 1000);
}

/** The body of an entry, its size and CRC-32 checked. Throws `format.invalid`. */
export function readZipBody(name: string, entry: ZipEntry, readAt: ReadAt): Uint8Array {
  const fail = (found: string, cause?: unknown) =>
    new Failure("format.invalid", `Cannot read "${entry.path}" of the archive "${name}": ${found}`, { cause });
  if (entry.size > MAX_BODY || entry.packed > MAX_BODY) throw fail("larger than 2 GiB");
  const header = Buffer.from(readAt(entry.offset, 30));
  if (header.length !== 30 || header.readUInt32LE(0) !== LOCAL) throw fail("its header is not where it should be");
  const at = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const packed = readAt(at, entry.packed);
  if (packed.byteLength !== entry.packed) throw fail("it ends too early");
  const body = unpack(packed, entry, fail);
  if (body.byteLength !== entry.size) throw fail(`${body.byteLength} bytes, expected ${entry.size}`);
  if (Bun.hash.crc32(body) !== entry.crc) throw fail("its checksum is wrong");
  return body;
}

function unpack(packed: Uint8Array, entry: ZipEntry, fail: (found: string, cause?: unknown) => Failure): Uint8Array {
  if (entry.method === 0) return packed;
  if (entry.method !== 8) throw fail(`compressed by method ${entry.method}, expected stored or deflated`);
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) });
  } catch (cause) {
    throw fail(describeError(cause), cause);
  }
}
