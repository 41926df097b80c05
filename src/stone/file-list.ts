// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The list of the files of one package, as it lies beside an index: a small stone with the layout and the attributes of the package,
 * and one attribute more with the sizes of its files. Neither metadata nor content is in it.
 */
import { hex, utf8 } from "#base/bytes";
import type { LayoutEntry } from "#model/layout";
import { type AttributeRecord, encodeAttributes, withXattrs, xattrRecords, xattrsByPath } from "#stone/attributes";
import { type Profile, RecordEncoder } from "#stone/compression";
import { DEFAULT_LIMITS, readSafeU64, stoneFailure, viewOf } from "#stone/format";
import { encodeFileHeader } from "#stone/header";
import type { IndexRecord } from "#stone/index-records";
import { layoutEntries } from "#stone/layout";
import { encodeLayout } from "#stone/layout-records";
import { StoneReader } from "#stone/reader";

export interface FileList {
  readonly entries: readonly LayoutEntry[];
  /** Bytes of each body, by its digest in hexadecimal. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** Key of the attribute with 8 bytes for each regular entry, in the order of the layout. */
const SIZES = utf8("sizes");
/** An encoder counts what it packs, as that of a stone would, and ends above what a reader takes of one: a new one in time. */
const MOST = 32 * 2 ** 20;

/** Packs lists, one after another. Dispose it with `using`. */
export class FileListEncoder {
  readonly #profile: Profile;
  #encoder: RecordEncoder;
  #packed = 0;

  constructor(profile: Profile) {
    this.#profile = profile;
    this.#encoder = new RecordEncoder(profile);
  }

  /** The bytes of a list. `bodies` has every body of the entries. Throws `stone.limit` and `stone.write`. */
  encode(entries: readonly LayoutEntry[], bodies: readonly IndexRecord[], name: string): Uint8Array {
    const sizes = new Map(bodies.map(({ digest, start, end }) => [hex(digest), end - start]));
    const regular = entries.filter((entry) => entry.kind === "regular");
    const value = new Uint8Array(regular.length * 8);
    const view = viewOf(value);
    for (const [i, { digest }] of regular.entries()) view.setBigUint64(i * 8, BigInt(sizes.get(hex(digest)) ?? 0));
    const records: AttributeRecord[] = [...xattrRecords(entries), { key: SIZES, value }];
    const layout = encodeLayout(entries, name);
    const attributes = encodeAttributes(records);
    this.#packed += layout.byteLength + attributes.byteLength;
    if (this.#packed > MOST) {
      this.#encoder[Symbol.dispose]();
      this.#encoder = new RecordEncoder(this.#profile);
      this.#packed = layout.byteLength + attributes.byteLength;
    }
    return Buffer.concat([
      encodeFileHeader("binary", 2),
      ...this.#encoder.encode("layout", layout, entries.length),
      ...this.#encoder.encode("attributes", attributes, records.length),
    ]);
  }

  [Symbol.dispose](): void {
    this.#encoder[Symbol.dispose]();
  }
}

/**
 * Reads a list, judged as the layout of a stone is: each path safe and only once. Throws `stone.*`.
 */
export function decodeFileList(bytes: Uint8Array, name: string): FileList {
  using reader = StoneReader.fromBytes(bytes, name, { expect: "binary" });
  const entries = layoutEntries(reader.rawLayout(), name, DEFAULT_LIMITS.records.layout.records);
  const attributes = reader.attributes();
  const value = attributes.find(({ key }) => Buffer.compare(key, SIZES) === 0)?.value;
  const sizes = new Map<string, number>();
  let at = 0;
  for (const entry of entries) {
    if (entry.kind !== "regular") continue;
    const size = value === undefined || at + 8 > value.byteLength ? undefined : readSafeU64(viewOf(value), at);
    const key = hex(entry.digest);
    if (size === undefined || (sizes.get(key) ?? size) !== size) {
      throw stoneFailure("stone.record", name, `no size of "${entry.path}", expected one size of each body`);
    }
    sizes.set(key, size);
    at += 8;
  }
  if (value?.byteLength !== at) throw stoneFailure("stone.record", name, `sizes of other files, expected ${at / 8}`);
  const xattrs = xattrsByPath(attributes, name);
  return { entries: xattrs.size === 0 ? entries : withXattrs(entries, xattrs, name), sizes };
}

/** May a path of the list hold one of these texts? Much faster than decoding it. Throws `stone.*`. */
export function mentions(bytes: Uint8Array, texts: readonly Uint8Array[], name: string): boolean {
  using reader = StoneReader.fromBytes(bytes, name, { expect: "binary" });
  return reader.payloads.some((payload) => {
    if (payload.kind !== "layout") return false;
    const { buffer, byteOffset, byteLength } = reader.load(payload);
    const records = Buffer.from(buffer, byteOffset, byteLength);
    return texts.some((text) => records.includes(text));
  });
}

/** Bytes that a list takes once it is unpacked, as its headers say: nothing is unpacked for it. Throws `stone.*`. */
export function unpackedSize(bytes: Uint8Array, name: string): number {
  using reader = StoneReader.fromBytes(bytes, name, { expect: "binary" });
  return reader.payloads.reduce((sum, { plainSize }) => sum + plainSize, 0);
}
