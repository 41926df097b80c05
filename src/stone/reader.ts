// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Reads .stone files: strict, synchronous, streaming. Everything that it gives out has been checked. */
import { hex } from "#base/bytes";
import type { LayoutEntry } from "#model/layout";
import type { PackageMeta } from "#model/package";
import { checkAmounts } from "#stone/amounts";
import { type AttributeRecord, decodeAttributes, withXattrs, xattrsByPath } from "#stone/attributes";
import { type ContentSink, streamContent } from "#stone/content";
import {
  DEFAULT_LIMITS,
  type FileType,
  HEADER_SIZE,
  PAYLOAD_HEADER_SIZE,
  type PayloadKind,
  RECORD_MINIMUM,
  type RecordKind,
  type StoneLimits,
  stoneFailure,
} from "#stone/format";
import { decodeFileHeader, decodePayloadHeader, type FileHeader, type PayloadHeader } from "#stone/header";
import { decodeIndex, type IndexRecord } from "#stone/index-records";
import { checkBodies, layoutEntries } from "#stone/layout";
import { decodeLayout, type LayoutRecord } from "#stone/layout-records";
import { decodeMeta, type MetaRecord } from "#stone/meta-records";
import { metaFields } from "#stone/package-meta";
import { loadPayload, readExactly, readInChunks, storedChecksum } from "#stone/payload";
import { type ByteSource, FileSource, MemorySource } from "#stone/source";
import { Sha256 } from "#sys/sha256";

export type { ContentSink } from "#stone/content";
export type { PayloadHeader } from "#stone/header";
export type { IndexRecord } from "#stone/index-records";

export interface StoneOptions {
  readonly limits?: Partial<StoneLimits>;
  /** The type that the file must have; any where absent. */
  readonly expect?: FileType;
}

/** One stone that is open. Use `using reader = StoneReader.open(path)`. */
export class StoneReader {
  readonly name: string;
  /** Bytes of the whole file. */
  readonly size: number;
  readonly header: FileHeader;
  /** Headers of all payloads, unknown kinds too, in the order of the file. */
  readonly payloads: readonly PayloadHeader[];
  readonly #source: ByteSource;
  readonly #limits: StoneLimits;
  #index: IndexRecord[] | undefined;

  private constructor(source: ByteSource, options: StoneOptions) {
    this.#source = source;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.name = source.name;
    this.size = source.size;
    const head = new Uint8Array(HEADER_SIZE);
    this.header = decodeFileHeader(head.subarray(0, source.read(head, 0)), source.name);
    if (options.expect !== undefined && this.fileType !== options.expect) {
      const problem = `a stone of type ${this.fileType}, expected ${options.expect}`;
      throw stoneFailure("stone.header", this.name, problem);
    }
    this.payloads = readPayloadHeaders(source, this.header);
    checkAmounts(this.payloads, this.fileType, this.#limits, source.name);
  }

  /**
   * Opens a file and checks its structure: header, every payload header, sizes against the file, nothing behind.
   * Throws `io` where it cannot be opened; `stone.magic`, `stone.version`, `stone.header`, `stone.truncated` or
   * `stone.payload` where it is not a whole stone; `stone.limit` where its records would take too much memory.
   */
  static open(path: string, options: StoneOptions = {}): StoneReader {
    return StoneReader.#over(new FileSource(path), options);
  }

  /** The same for bytes in memory; `name` is how messages call them. The bytes must not change while it is open. */
  static fromBytes(bytes: Uint8Array, name: string, options: StoneOptions = {}): StoneReader {
    return StoneReader.#over(new MemorySource(bytes, name), options);
  }

  static #over(source: ByteSource, options: StoneOptions): StoneReader {
    try {
      return new StoneReader(source, options);
    } catch (error) {
      source[Symbol.dispose]();
      throw error;
    }
  }

  get fileType(): FileType | "unknown" {
    return this.header.fileType;
  }

  /** The decompressed bytes of a record payload, verified. */
  load(payload: PayloadHeader): Uint8Array {
    return loadPayload(this.#source, payload, this.#limits);
  }

  /** The stored bytes of any payload from its start, at most `length` of them; not verified. */
  peek(payload: PayloadHeader, length: number): Uint8Array {
    const bytes = new Uint8Array(Math.min(length, payload.storedSize));
    readExactly(this.#source, bytes, payload.bodyOffset);
    return bytes;
  }

  /** XXH3-64 of the stored bytes of any payload as they are; the header says what it should be. */
  checksum(payload: PayloadHeader): bigint {
    return storedChecksum(this.#source, payload);
  }

  /** SHA-256 of the whole file in hexadecimal, which is the id of a package. */
  sha256(): string {
    const hash = new Sha256();
    this.#source.hold?.();
    readInChunks(this.#source, 0, this.size, (chunk) => hash.update(chunk));
    return hash.hex();
  }

  #ofKind(kind: PayloadKind): PayloadHeader[] {
    return this.payloads.filter((payload) => payload.kind === kind);
  }

  /** Loads a record payload after checking that its count of records can be true. */
  #records<T>(payload: PayloadHeader, kind: RecordKind, decode: Decode<T>): T[] {
    if (payload.records * RECORD_MINIMUM[kind] > payload.plainSize) {
      const problem = `${payload.records} ${kind} records in ${payload.plainSize} bytes, expected fewer`;
      throw stoneFailure("stone.record", this.name, problem);
    }
    return decode(this.load(payload), payload.records, this.name);
  }

  /** The raw records of every meta payload, one list a payload; decoded as they are asked for. */
  *metas(): Generator<MetaRecord[]> {
    for (const payload of this.#ofKind("meta")) yield this.#records(payload, "meta", decodeMeta);
  }

  /** The package that the one meta payload describes. Throws `stone.meta` where there is none, or several. */
  meta(): PackageMeta {
    const [payload, second] = this.#ofKind("meta");
    if (payload === undefined || second !== undefined) {
      const found = payload === undefined ? "no metadata" : "metadata of several packages";
      throw stoneFailure("stone.meta", this.name, `${found}, expected one meta payload`);
    }
    return metaFields(this.#records(payload, "meta", decodeMeta), this.name).meta;
  }

  /** The layout as it stands in the file, unknown and unsafe entries too: to show, never to install. */
  rawLayout(): LayoutRecord[] {
    return this.#ofKind("layout").flatMap((payload) => this.#records(payload, "layout", decodeLayout));
  }

  attributes(): AttributeRecord[] {
    return this.#ofKind("attributes").flatMap((payload) => this.#records(payload, "attributes", decodeAttributes));
  }

  /**
   * The entries of the package, each path safe and each only once, every regular one with a body in the index, extended
   * attributes merged in. Throws `stone.path`, `stone.layout`, `stone.index`, `stone.record`.
   */
  layout(): LayoutEntry[] {
    const entries = layoutEntries(this.rawLayout(), this.name, this.#limits.records.layout.records);
    checkBodies(entries, new Set(this.index().map((record) => hex(record.digest))), this.name);
    const attributes = this.attributes();
    return attributes.length === 0 ? entries : withXattrs(entries, xattrsByPath(attributes, this.name), this.name);
  }

  /** Where each body lies in the content. Throws `stone.index`. */
  index(): IndexRecord[] {
    if (this.#index !== undefined) return this.#index;
    const content = this.#content();
    const size = content?.plainSize ?? 0;
    const decode: Decode<IndexRecord> = (bytes, count, name) => decodeIndex(bytes, count, size, name);
    const records = this.#ofKind("index").flatMap((payload) => this.#records(payload, "index", decode));
    if (records.length > 0 && content === undefined) {
      throw stoneFailure("stone.index", this.name, `${records.length} bodies but no content payload, expected one`);
    }
    this.#index = records;
    return records;
  }

  #content(): PayloadHeader | undefined {
    const [content, second] = this.#ofKind("content");
    if (second !== undefined) throw stoneFailure("stone.payload", this.name, "two content payloads, expected one");
    return content;
  }

  /**
   * One pass over the content: every body goes to `sink`, in the order of the file, each digest once. The stored bytes'
   * checksum is known only at the end: what the sink did must not count before this returns.
   * Throws `stone.digest`, `stone.checksum`, `stone.zstd`, `stone.payload`, `stone.limit`, `stone.index`; also whatever
   * the sink throws.
   */
  content(sink: ContentSink): void {
    const index = this.index();
    const content = this.#content();
    if (content !== undefined) streamContent(this.#source, content, index, sink, this.#limits);
  }

  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]();
  }
}

type Decode<T> = (bytes: Uint8Array, count: number, name: string) => T[];

function readPayloadHeaders(source: ByteSource, header: FileHeader): PayloadHeader[] {
  const { name, size } = source;
  const payloads: PayloadHeader[] = [];
  const bytes = new Uint8Array(PAYLOAD_HEADER_SIZE);
  let at = HEADER_SIZE;
  for (let i = 0; i < header.payloads; i++) {
    if (at + PAYLOAD_HEADER_SIZE > size) {
      throw stoneFailure("stone.truncated", name, `it ends at payload ${i + 1}, expected ${header.payloads} payloads`);
    }
    readExactly(source, bytes, at);
    const payload = decodePayloadHeader(bytes, at + PAYLOAD_HEADER_SIZE, name);
    if (payload.storedSize > size - payload.bodyOffset) {
      const problem = `payload ${i + 1} claims ${payload.storedSize} bytes, expected at most ${size - payload.bodyOffset}`;
      throw stoneFailure("stone.truncated", name, problem);
    }
    payloads.push(payload);
    at = payload.bodyOffset + payload.storedSize;
  }
  if (at !== size) {
    throw stoneFailure("stone.payload", name, `${size - at} bytes after the last payload, expected none`);
  }
  return payloads;
}
