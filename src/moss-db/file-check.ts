// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Is a file a whole LMDB file? LMDB maps the file and trusts it: a page beyond its end kills the process (SIGBUS), and
 * so may a page full of something else. Two checks prevent it, both without LMDB:
 *
 * - `quickCheck`, at the opening: the meta pages, the roots, that the file reaches to its last page; of a small file, all;
 * - `checkPages`: every page that can be reached, its header and the bounds of everything in it.
 *
 * Layout: mdb.c of LMDB as the `lmdb` package has it (data version 2): pages of a 24-byte header {number u64,
 * transaction u64, pad u16, flags u16, lower u16, upper u16, or a count of overflow pages u32 instead of the last two};
 * offsets within a page count from the end of its header; nodes {low u16, high u16, flags u16, key size u16, key, data};
 * two meta pages, the newer of which counts.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { errnoCode, Failure } from "#base/errors";
import { corrupt, databaseFailure } from "#moss-db/failures";

const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const HEADER = 24;
const META_BYTES = HEADER + 152;
/** Where the number of its transaction is in a meta page. */
export const META_TRANSACTION = HEADER + 128;
const NODE_HEADER = 8;
const NO_PAGE = 0xffffffffffffffffn;
const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
const META = 0x08;
const NODE_BIG = 0x01;
/** A leaf node of a large value holds {page u64, transaction u64, pages u64} in place of the value. */
const NODE_BIG_BYTES = 24;
const MAX_DEPTH = 32;
const ATTEMPTS = 10;
const SMALL = 8 * 1024 * 1024;

export interface Meta {
  /** Which of the two it is: 0 or 1. */
  readonly page: number;
  readonly transaction: bigint;
  readonly pageSize: number;
  readonly lastPage: number;
  /** Roots of the tree of free pages and of the main tree; undefined where the tree is empty. */
  readonly roots: readonly (number | undefined)[];
}

/** The newer of the two meta pages. Throws `db.corrupt`. */
export function readMeta(fd: number, directory: string): Meta {
  const first = parseMeta(fd, 0, 0, directory);
  const second = parseMeta(fd, 1, first.pageSize, directory);
  return second.transaction > first.transaction ? second : first;
}

function parseMeta(fd: number, number: number, offset: number, directory: string): Meta {
  const page = Buffer.alloc(META_BYTES);
  if (readSync(fd, page, 0, META_BYTES, offset) !== META_BYTES) {
    throw corrupt(directory, "data.mdb ends within its first two pages", "an LMDB file");
  }
  if ((page.readUInt16LE(18) & META) === 0 || page.readUInt32LE(HEADER) !== MAGIC) {
    throw corrupt(directory, `data.mdb has no meta page at byte ${offset}`, "an LMDB file");
  }
  const version = page.readUInt32LE(HEADER + 4) & 0xffff;
  if (version !== DATA_VERSION) throw corrupt(directory, `data version ${version}`, `version ${DATA_VERSION}`);
  const pageSize = page.readUInt32LE(HEADER + 24);
  if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) {
    throw corrupt(directory, `pages of ${pageSize} bytes`, "a power of two from 512 to 65536");
  }
  const root = (at: number) => {
    const found = page.readBigUInt64LE(at);
    return found === NO_PAGE ? undefined : Number(found);
  };
  return {
    page: number,
    pageSize,
    // Two trees of 48 bytes each, the root in their last 8, behind magic, version, address and map size.
    roots: [root(HEADER + 24 + 40), root(HEADER + 72 + 40)],
    lastPage: Number(page.readBigUInt64LE(HEADER + 120)),
    transaction: page.readBigUInt64LE(META_TRANSACTION),
  };
}

/**
 * What every opening checks: all pages of a small file, which takes 3 ms at most; else what is cheap. A file that ends before its last page may still be whole (LMDB does not write free
 * pages at its end), so then every page is looked at. Throws `db.corrupt`; a missing file is no failure.
 */
export function quickCheck(directory: string): void {
  check(directory, (fd, meta) => {
    const { size } = fstatSync(fd);
    return size > SMALL && size >= (meta.lastPage + 1) * meta.pageSize;
  });
}

/** Looks at every page of the newest state, about 1 ms for 1,000 pages. Throws `db.corrupt`. */
export function checkPages(directory: string): void {
  check(directory, () => false);
}

function check(directory: string, shallow: (fd: number, meta: Meta) => boolean): void {
  withFile(directory, (fd) => {
    for (let attempt = 1; ; attempt++) {
      const meta = readMeta(fd, directory);
      const rootsOnly = shallow(fd, meta);
      try {
        for (const root of meta.roots) {
          if (root === undefined) continue;
          const walk = new Walk(fd, meta, directory);
          if (rootsOnly) walk.header(root, 0);
          else walk.visit(root, 0);
        }
        return;
      } catch (error) {
        // Writers use pages of a state again three transactions later (see snapshot.ts): what was wrong before counts, if
        // it is wrong in a second look too, since a meta page may have been read while it was written.
        if (attempt > 1 && readMeta(fd, directory).transaction <= meta.transaction + 1n) throw error;
        if (attempt === ATTEMPTS) return;
      }
    }
  });
}

function withFile(directory: string, body: (fd: number) => void): void {
  let fd: number;
  try {
    fd = openSync(`${directory}/data.mdb`, "r");
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return;
    throw databaseFailure(error, "open", directory);
  }
  try {
    body(fd);
  } catch (error) {
    throw error instanceof Failure ? error : databaseFailure(error, "open", directory);
  } finally {
    closeSync(fd);
  }
}

/** One walk over a tree of pages; its buffers, one a level, are used again. */
class Walk {
  readonly #fd: number;
  readonly #meta: Meta;
  readonly #directory: string;
  readonly #levels: Buffer[] = [];
  /** Pages met so far: a tree meets each once, so a loop ends. */
  readonly #met = new Set<number>();

  constructor(fd: number, meta: Meta, directory: string) {
    this.#fd = fd;
    this.#meta = meta;
    this.#directory = directory;
  }

  visit(number: number, depth: number): void {
    const { page, flags, lower, upper } = this.header(number, depth);
    for (let at = HEADER; at < lower; at += 2) {
      this.#node(page, number, page.readUInt16LE(at) + HEADER, upper, flags, depth);
    }
  }

  /** A branch or leaf page whose header is sound. */
  header(number: number, depth: number) {
    if (depth > MAX_DEPTH) throw this.#wrong(number, "the tree does not end");
    const page = this.#read(number, depth);
    const flags = page.readUInt16LE(18) & (BRANCH | LEAF | OVERFLOW | META);
    const lower = page.readUInt16LE(20) + HEADER;
    const upper = page.readUInt16LE(22) + HEADER;
    if (flags !== BRANCH && flags !== LEAF) throw this.#wrong(number, "neither a branch nor a leaf");
    if (lower < HEADER || lower > upper || upper > page.length || (lower - HEADER) % 2 !== 0) {
      throw this.#wrong(number, "bounds that cannot be");
    }
    return { page, flags, lower, upper };
  }

  #node(page: Buffer, number: number, at: number, upper: number, flags: number, depth: number): void {
    if (at < upper || at + NODE_HEADER > page.length) throw this.#wrong(number, "a node outside of it");
    const key = page.readUInt16LE(at + 6);
    const low = page.readUInt32LE(at);
    const nodeFlags = page.readUInt16LE(at + 4);
    if (flags === BRANCH) {
      if (at + NODE_HEADER + key > page.length) throw this.#wrong(number, "a key that leaves it");
      this.visit(low + nodeFlags * 2 ** 32, depth + 1);
      return;
    }
    const big = (nodeFlags & NODE_BIG) !== 0;
    if (at + NODE_HEADER + key + (big ? NODE_BIG_BYTES : low) > page.length) {
      throw this.#wrong(number, "a value that leaves it");
    }
    if (big) this.#overflow(Number(page.readBigUInt64LE(at + NODE_HEADER + key)), low);
  }

  #overflow(number: number, size: number): void {
    const { pageSize, lastPage } = this.#meta;
    const count = Math.floor((HEADER - 1 + size) / pageSize) + 1;
    const page = this.#read(number, MAX_DEPTH + 1);
    if ((page.readUInt16LE(18) & OVERFLOW) === 0) throw this.#wrong(number, "no page of a large value");
    const last = number + count - 1;
    if (page.readUInt32LE(20) < count || last > lastPage || (last + 1) * pageSize > fstatSync(this.#fd).size) {
      throw this.#wrong(number, "a large value that leaves the file");
    }
  }

  #read(number: number, depth: number): Buffer {
    const { pageSize, lastPage, transaction } = this.#meta;
    if (number < 2 || number > lastPage) throw this.#wrong(number, "a page outside of the file");
    if (this.#met.has(number)) throw this.#wrong(number, "two places lead to it");
    this.#met.add(number);
    this.#levels[depth] ??= Buffer.alloc(pageSize);
    const page = this.#levels[depth];
    if (readSync(this.#fd, page, 0, pageSize, number * pageSize) !== pageSize) {
      throw this.#wrong(number, "the file ends before it");
    }
    if (page.readBigUInt64LE(0) !== BigInt(number)) throw this.#wrong(number, "another page's content");
    if (page.readBigUInt64LE(8) > transaction) throw this.#wrong(number, "content of a time to come");
    return page;
  }

  #wrong(number: number, found: string): Failure {
    return corrupt(this.#directory, `page ${number}: ${found}`, "a whole LMDB file");
  }
}
