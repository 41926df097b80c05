// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The lists of files of a whole collection (`stone.files`), one file beside its index, which names it by hash and size: 8 bytes of
 * magic, version and number of lists (4 bytes each, big-endian), then for each list the id of its package (32 bytes), its length (4),
 * its bytes. In the order of the index, so that the same packages give the same bytes.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { fromHex, hex, utf8 } from "#base/bytes";
import type { PackageId } from "#model/package";
import type { AttributeRecord } from "#stone/attributes";
import { MAX_PAYLOADS, readSafeU64, stoneFailure, viewOf } from "#stone/format";
import { StoneOutput } from "#stone/output";

/** What an index says of its lists. */
export interface FileListsRef {
  readonly sha256: string;
  /** Bytes of the file. */
  readonly size: number;
}

const MAGIC = Uint8Array.of(0, 0x6d, 0x6f, 0x73, 0x66, 0x69, 0x6c, 0x65);
const VERSION = 1;
const HEAD = 16;
const ITEM = 36;
/** Bytes that one list may have: half a million paths have fewer. */
const MAX_LIST = 64 * 2 ** 20;

/** Key of the attribute of an index that names its lists: a byte of version (1), SHA-256, 8 bytes of size. */
const KEY = utf8("files");
const REF = 41;

/** The path, or the address, of the lists that belong to an index. */
export function listsBeside(index: string): string {
  return `${index.replace(/\.index$/, "")}.files`;
}

export function refRecord({ sha256, size }: FileListsRef): AttributeRecord {
  const value = new Uint8Array(REF);
  value[0] = 1;
  value.set(fromHex(sha256), 1);
  viewOf(value).setBigUint64(33, BigInt(size));
  return { key: KEY, value };
}

/** What the attributes of an index say of its lists; undefined where they say nothing that we understand. */
export function refOf(records: readonly AttributeRecord[]): FileListsRef | undefined {
  const value = records.find(({ key }) => Buffer.compare(key, KEY) === 0)?.value;
  if (value?.byteLength !== REF || value[0] !== 1) return undefined;
  const size = readSafeU64(viewOf(value), 33);
  return size === undefined ? undefined : { sha256: hex(value.subarray(1, 33)), size };
}

/** Writes the lists of a collection, in one step. Dispose it with `using`. */
export class FileListsWriter {
  readonly #output: StoneOutput;
  #count = 0;

  constructor(path: string) {
    this.#output = new StoneOutput(path);
    this.#output.write(this.#head());
  }

  #head(): Uint8Array {
    const head = new Uint8Array(HEAD);
    head.set(MAGIC);
    viewOf(head).setUint32(8, VERSION);
    viewOf(head).setUint32(12, this.#count);
    return head;
  }

  add(id: PackageId, list: Uint8Array): void {
    const item = new Uint8Array(ITEM);
    item.set(fromHex(id));
    viewOf(item).setUint32(32, list.byteLength);
    this.#output.write(item);
    this.#output.write(list);
    this.#count += 1;
  }

  finish(): FileListsRef {
    this.#output.patch(this.#head(), 0);
    return this.#output.finish(true);
  }

  [Symbol.dispose](): void {
    this.#output[Symbol.dispose]();
  }
}

/**
 * Every list of a file, read as it is asked for: one at a time in memory. Not decoded, see `decodeFileList`. Throws `stone.magic`,
 * `stone.version`, `stone.truncated`, `stone.limit`, `stone.record`; `name` is how messages call it.
 */
export function* readFileLists(path: string, name: string): Generator<{ id: PackageId; list: Uint8Array }, undefined> {
  const fd = openSync(path, "r");
  try {
    let left = fstatSync(fd).size;
    const take = (length: number): Uint8Array => {
      const bytes = new Uint8Array(length <= left ? length : 0);
      for (let at = 0; at < bytes.byteLength; ) {
        const count = readSync(fd, bytes, at, bytes.byteLength - at, null);
        if (count === 0) break;
        at += count;
      }
      if (length > left) throw stoneFailure("stone.truncated", name, `${left} bytes at the end, expected ${length}`);
      left -= length;
      return bytes;
    };
    const head = take(HEAD);
    if (Buffer.compare(head.subarray(0, 8), MAGIC) !== 0) {
      throw stoneFailure("stone.magic", name, "no lists of files, expected their magic");
    }
    const version = viewOf(head).getUint32(8);
    if (version !== VERSION) throw stoneFailure("stone.version", name, `version ${version}, expected ${VERSION}`);
    const count = viewOf(head).getUint32(12);
    // More than an index has packages: each would be remembered.
    if (count > MAX_PAYLOADS) {
      throw stoneFailure("stone.limit", name, `${count} lists, expected at most ${MAX_PAYLOADS}`);
    }
    const seen = new Set<PackageId>();
    for (let i = 0; i < count; i++) {
      const item = take(ITEM);
      const id = hex(item.subarray(0, 32));
      const length = viewOf(item).getUint32(32);
      if (length > MAX_LIST) throw stoneFailure("stone.limit", name, `a list of ${length} bytes, expected ${MAX_LIST}`);
      if (seen.has(id)) throw stoneFailure("stone.record", name, `two lists of ${id}, expected one`);
      seen.add(id);
      yield { id, list: take(length) };
    }
    if (left > 0) throw stoneFailure("stone.record", name, `${left} bytes after the last list, expected none`);
  } finally {
    closeSync(fd);
  }
}
