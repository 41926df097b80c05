// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The number of the newest transaction is in two places: the meta pages of `data.mdb`, which are the truth, and the lock
 * file, where whoever begins a transaction takes it from. LMDB sets the second at every opening, a reader's too, from the
 * meta pages that it read a moment before (`mdb_env_open2`), and no lock is held meanwhile. A commit in that moment is
 * taken back in the lock file: the next writer would begin with the state before it and write over it. So whoever begins
 * compares the two; an opening after that sets the number right.
 *
 * Layout of the lock file: mdb.c of LMDB as the `lmdb` package has it: {magic u32, format u32, transaction u64, ...}.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { META_TRANSACTION, readMeta } from "#moss-db/file-check";
import { shareFirstByte } from "#sys/shared-byte";

const PUBLISHED_AT = 8;

/** The two files of an environment that is open; to be closed after it, because that ends LMDB's own locks on them. */
export class Published {
  readonly #lock: number;
  readonly #data: number;
  readonly #pageSize: number;
  readonly #word = Buffer.alloc(8);

  private constructor(lock: number, data: number, pageSize: number) {
    this.#lock = lock;
    this.#data = data;
    this.#pageSize = pageSize;
  }

  /** Of an environment that is open; undefined where LMDB does without a lock file, or this process may not write it. */
  static open(directory: string): Published | undefined {
    const data = openSync(join(directory, "data.mdb"), "r");
    try {
      const { pageSize } = readMeta(data, directory);
      return new Published(openSync(join(directory, "lock.mdb"), "r+"), data, pageSize);
    } catch (error) {
      closeSync(data);
      if (error instanceof Failure) throw error;
      return undefined;
    }
  }

  /** The newest transaction that was committed. */
  committed(): bigint {
    const first = this.#read(this.#data, META_TRANSACTION);
    const second = this.#read(this.#data, this.#pageSize + META_TRANSACTION);
    return second > first ? second : first;
  }

  /** The transaction whose state those who begin now are given. */
  published(): bigint {
    return this.#read(this.#lock, PUBLISHED_AT);
  }

  #read(fd: number, position: number): bigint {
    readSync(fd, this.#word, 0, 8, position);
    return this.#word.readBigUInt64LE();
  }

  /** Holds the byte of the lock file that says "somebody is here", until `close`. */
  stay(): void {
    shareFirstByte(this.#lock);
  }

  close(): void {
    closeSync(this.#data);
    closeSync(this.#lock);
  }
}
