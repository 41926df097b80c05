// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Which buckets there are: the map from parent and name to number, itself kept in the reserved bucket 0, and the
 * tree of open buckets of a transaction.
 */
import { concat, EMPTY } from "#base/bytes";
import { Failure } from "#base/errors";
import type { Reader } from "#moss-db/bridge";
import { decodeId, encodeId, MAX_BUCKET_ID } from "#moss-db/bucket-id";
import { badBytes } from "#moss-db/codec";
import { copyBytes } from "#moss-db/copy";
import type { Environment } from "#moss-db/environment";
import type { RangeOptions } from "#moss-db/lmdb";
import type { Session } from "#moss-db/session";

/** Bucket 0 holds the library's own records; their keys begin with one of these. */
const RESERVED = encodeId(0);
const NEXT_ID = new Uint8Array([0x02]);
const NAME = 0x10;

/** Keys that are gathered at a time to be removed. */
const PIECE = 4096;

export const RECORDS = { schema: new Uint8Array([0x01]) } as const;

/** A private copy of stored bytes. */
export const copy: Reader = copyBytes;

/** One of the library's own records. */
export function readRecord(session: Session, key: Uint8Array): Uint8Array | undefined {
  return session.environment.get(RESERVED, key, session.options, copy) as Uint8Array | undefined;
}

export function writeRecord(environment: Environment, key: Uint8Array, value: Uint8Array): void {
  environment.put(RESERVED, key, value);
}

/** All that lies between two keys of the whole environment, forwards. */
function keysBetween(session: Session, start: Uint8Array, end: Uint8Array): RangeOptions {
  return {
    start,
    end,
    values: false,
    reverse: false,
    exclusiveStart: false,
    inclusiveEnd: false,
    ...session.options,
  };
}

function nameKey(parent: number, name: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(NAME), encodeId(parent), name]);
}

function readId(session: Session, key: Uint8Array): number | undefined {
  const found = readRecord(session, key);
  if (found === undefined) return undefined;
  const id = decodeId(found)?.id;
  if (id === undefined) throw badBytes(found, "the number of a bucket");
  return id;
}

/** One bucket as a transaction sees it: looked up by name when it is first used. The root has no name. */
export class Node {
  readonly session: Session;
  readonly #parent: Node | undefined;
  readonly #name: Uint8Array;
  #id: number | undefined;
  #prefix = RESERVED;
  #drops = -1;

  constructor(session: Session, parent?: Node, name: Uint8Array = EMPTY) {
    this.session = session;
    this.#parent = parent;
    this.#name = name;
  }

  /** The bucket's number, 0 for the root, undefined where the bucket does not exist. */
  get id(): number | undefined {
    if (this.#parent === undefined) return 0;
    if (this.#id === undefined || this.#drops !== this.session.drops) {
      const parent = this.#parent.id;
      this.#remember(parent === undefined ? undefined : readId(this.session, nameKey(parent, this.#name)));
    }
    return this.#id;
  }

  /** What every key of the bucket begins with; undefined where the bucket does not exist. */
  get prefix(): Uint8Array | undefined {
    return this.id === undefined ? undefined : this.#prefix;
  }

  /** As `prefix`, and makes the bucket, and those above it, where they do not exist. */
  ensure(): Uint8Array {
    const prefix = this.prefix;
    if (prefix !== undefined || this.#parent === undefined) return this.#prefix;
    this.#parent.ensure();
    const { environment } = this.session;
    const id = readId(this.session, NEXT_ID) ?? 1;
    if (id > MAX_BUCKET_ID) throw new Failure("db.key", "Cannot make a bucket: all numbers are used up");
    writeRecord(environment, NEXT_ID, encodeId(id + 1));
    writeRecord(environment, nameKey(this.#parent.id ?? 0, this.#name), encodeId(id));
    this.#remember(id);
    return this.#prefix;
  }

  /** Names and nodes of the buckets in this one, in the order of their names. */
  children(): Node[] {
    const { id, session } = this;
    if (id === undefined) return [];
    const range = keysBetween(
      session,
      concat([RESERVED, nameKey(id, EMPTY)]),
      concat([RESERVED, nameKey(id + 1, EMPTY)]),
    );
    const skip = 1 + encodeId(id).length;
    return collectKeys(session, range).map((key) => new Node(session, this, key.subarray(RESERVED.length + skip)));
  }

  get name(): Uint8Array {
    return this.#name;
  }

  /** Removes every pair and every bucket in this one. */
  clear(): void {
    for (const child of this.children()) child.drop();
    const { id, session } = this;
    if (id === undefined || id === 0) return;
    const range = { ...keysBetween(session, encodeId(id), encodeId(id + 1)), limit: PIECE };
    for (;;) {
      const keys = collectKeys(session, range);
      for (const key of keys) session.environment.remove(EMPTY, key);
      if (keys.length < PIECE) return;
    }
  }

  /** Removes the bucket with all that is in it. False where it did not exist. */
  drop(): boolean {
    const id = this.id;
    if (id === undefined || this.#parent === undefined) return false;
    this.clear();
    this.session.environment.remove(RESERVED, nameKey(this.#parent.id ?? 0, this.#name));
    this.session.drops += 1;
    return true;
  }

  #remember(id: number | undefined): void {
    this.#id = id;
    this.#drops = this.session.drops;
    if (id !== undefined) this.#prefix = encodeId(id);
  }
}

function collectKeys(session: Session, range: RangeOptions): Uint8Array[] {
  const { environment } = session;
  const iterator = environment.range(range);
  const keys: Uint8Array[] = [];
  for (;;) {
    const step = environment.step(iterator, copy, copy);
    if (step.done === true) return keys;
    keys.push(step.value as Uint8Array);
  }
}
