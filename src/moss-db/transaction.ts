// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Transactions and buckets as they run: what a reader gets has no write methods, in its type and in fact. */
import { Failure } from "#base/errors";
import type { BucketType, Range, ReadBucket, ReadParent, WriteBucket, WriteParent } from "#moss-db/bucket";
import type { Codec, KeyCodec } from "#moss-db/codec";
import { copyBytes } from "#moss-db/copy";
import { Node } from "#moss-db/node";
import { checkedKey, rangeOptions } from "#moss-db/range";
import { Scan } from "#moss-db/scan";
import type { Session } from "#moss-db/session";

/** What `view` gives its callback. */
export type ReadTransaction = ReadParent;
/** What `update` gives its callback. */
export type WriteTransaction = WriteParent;

type TypedReader<T> = (source: Buffer, start: number, end: number) => T;

/** Reads a codec's value that begins `skip` bytes after the start; what the codec throws becomes `db.decode`. */
function reader<T>(codec: Codec<T>, skip: number): TypedReader<T> {
  const direct = codec.read?.bind(codec);
  return (source, start, end) => {
    try {
      if (direct !== undefined) return direct(source, start + skip, end);
      return codec.decode(copyBytes(source, start + skip, end));
    } catch (cause) {
      if (cause instanceof Failure) throw cause;
      const length = end - start - skip;
      throw new Failure("db.decode", `Cannot decode ${length} stored bytes: their codec refused them`, { cause });
    }
  };
}

const ignore = () => undefined;

class Reading<K, V, P> implements ReadBucket<K, V, P> {
  protected readonly node: Node;
  protected readonly type: BucketType<K, V, P>;
  protected readonly session: Session;
  readonly #readValue: TypedReader<V>;

  constructor(node: Node, type: BucketType<K, V, P>) {
    this.node = node;
    this.type = type;
    this.session = node.session;
    this.#readValue = reader(type.value, 0);
  }

  get exists(): boolean {
    this.session.check();
    return this.node.id !== undefined;
  }

  bucket<K, V, P>(type: BucketType<K, V, P>): ReadBucket<K, V, P> {
    return new Reading(child(this.node, type), type);
  }

  buckets<N>(name: KeyCodec<N, unknown>): readonly N[] {
    return names(this.node, name);
  }

  get(key: K): V | undefined {
    this.session.check();
    const prefix = this.node.prefix;
    if (prefix === undefined) return undefined;
    const bytes = checkedKey(this.type.key.encode(key));
    const { environment, options } = this.session;
    return environment.get(prefix, bytes, options, this.#readValue) as V | undefined;
  }

  has(key: K): boolean {
    this.session.check();
    const prefix = this.node.prefix;
    if (prefix === undefined) return false;
    const bytes = checkedKey(this.type.key.encode(key));
    return this.session.environment.has(prefix, bytes, this.session.options);
  }

  entries(range: Range<K, P> = {}): IterableIterator<readonly [K, V], undefined> {
    return new Scan(this.session, this.#options(range, true), this.#keyReader(), this.#readValue, (found) => {
      const pair = found as { readonly key: K; readonly value: V };
      return [pair.key, pair.value] as const;
    });
  }

  keys(range: Range<K, P> = {}): IterableIterator<K, undefined> {
    return new Scan(this.session, this.#options(range, false), this.#keyReader(), ignore, (found) => found as K);
  }

  values(range: Range<K, P> = {}): IterableIterator<V, undefined> {
    return new Scan(this.session, this.#options(range, true), ignore, this.#readValue, (found) => {
      return (found as { readonly value: V }).value;
    });
  }

  [Symbol.iterator](): IterableIterator<readonly [K, V], undefined> {
    return this.entries();
  }

  first(range: Omit<Range<K, P>, "limit"> = {}): readonly [K, V] | undefined {
    const scan = this.entries({ ...range, limit: 1 });
    const step = scan.next();
    scan.return?.();
    return step.done === true ? undefined : step.value;
  }

  count(range: Range<K, P> = {}): number {
    const options = this.#options(range, false);
    if (options === undefined) return 0;
    return Math.min(this.session.environment.count(options), range.limit ?? Number.POSITIVE_INFINITY);
  }

  #options(range: Range<K, P>, values: boolean) {
    this.session.check();
    const { id } = this.node;
    return id === undefined ? undefined : rangeOptions(this.session, id, this.type.key, range, values);
  }

  #keyReader(): TypedReader<K> {
    return reader(this.type.key, this.node.prefix?.length ?? 0);
  }
}

class Writing<K, V, P> extends Reading<K, V, P> implements WriteBucket<K, V, P> {
  override bucket<K, V, P>(type: BucketType<K, V, P>): WriteBucket<K, V, P> {
    return new Writing(child(this.node, type), type);
  }

  drop(type: Pick<BucketType<never, never>, "name">): boolean {
    return child(this.node, type).drop();
  }

  set(key: K, value: V): void {
    this.session.check();
    const bytes = checkedKey(this.type.key.encode(key));
    this.session.environment.put(this.node.ensure(), bytes, this.type.value.encode(value));
  }

  delete(key: K): void {
    this.session.check();
    const prefix = this.node.prefix;
    if (prefix === undefined) return;
    this.session.environment.remove(prefix, checkedKey(this.type.key.encode(key)));
  }

  clear(): void {
    this.session.check();
    this.node.clear();
  }
}

/** The root of a reader's transaction. */
export class View implements ReadTransaction {
  readonly #root: Node;

  constructor(session: Session) {
    this.#root = new Node(session);
  }

  bucket<K, V, P>(type: BucketType<K, V, P>): ReadBucket<K, V, P> {
    return new Reading(child(this.#root, type), type);
  }

  buckets<N>(name: KeyCodec<N, unknown>): readonly N[] {
    return names(this.#root, name);
  }
}

/** The root of a writer's transaction. */
export class Update implements WriteTransaction {
  readonly #root: Node;

  constructor(session: Session) {
    this.#root = new Node(session);
  }

  bucket<K, V, P>(type: BucketType<K, V, P>): WriteBucket<K, V, P> {
    return new Writing(child(this.#root, type), type);
  }

  buckets<N>(name: KeyCodec<N, unknown>): readonly N[] {
    return names(this.#root, name);
  }

  drop(type: Pick<BucketType<never, never>, "name">): boolean {
    return child(this.#root, type).drop();
  }
}

function child(node: Node, type: { readonly name: Uint8Array }): Node {
  node.session.check();
  return new Node(node.session, node, checkedKey(type.name));
}

function names<N>(node: Node, codec: KeyCodec<N, unknown>): readonly N[] {
  node.session.check();
  return node.children().map((found) => codec.decode(copyBytes(found.name, 0, found.name.length)));
}
