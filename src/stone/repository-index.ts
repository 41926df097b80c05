// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Repository indexes (`stone.index`): one meta payload a package, with the place, hash and size of its stone. */
import { Failure } from "#base/errors";
import { compareText } from "#base/order";
import type { PackageOffer } from "#model/package";
import { encodeAttributes } from "#stone/attributes";
import { type Profile, RecordEncoder } from "#stone/compression";
import { type FileListsRef, refOf, refRecord } from "#stone/file-lists";
import { MAX_PAYLOADS, stoneFailure } from "#stone/format";
import { encodeFileHeader } from "#stone/header";
import { encodeMeta } from "#stone/meta-records";
import { StoneOutput } from "#stone/output";
import { metaFields, metaProblem, metaRecords, offerFields } from "#stone/package-meta";
import { StoneReader } from "#stone/reader";

const SHA256 = /^[0-9a-f]{64}$/;

function plainUri(uri: string): boolean {
  if (uri === "") return false;
  for (let i = 0; i < uri.length; i++) {
    const code = uri.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f || code === 0x5c) return false;
  }
  return true;
}

function* offersOf(reader: StoneReader): Generator<PackageOffer, undefined> {
  for (const records of reader.metas()) {
    const { meta } = metaFields(records, reader.name);
    const { hash, uri, size } = offerFields(records, reader.name);
    if (hash === undefined || !SHA256.test(hash)) {
      throw stoneFailure(
        "stone.meta",
        reader.name,
        `"${meta.name}" has no valid hash, expected SHA-256 in hexadecimal`,
      );
    }
    if (uri === undefined || !plainUri(uri)) {
      throw stoneFailure("stone.meta", reader.name, `"${meta.name}" has no valid address, expected a relative URL`);
    }
    yield { id: hash, meta, uri, size: size ?? 0 };
  }
}

/**
 * Every package of an index, in the order of the file. `size` is 0 where the index does not say it.
 * Throws what `StoneReader.open` throws, and `stone.meta` for a package without name, hash or address.
 */
export function readIndex(path: string): PackageOffer[] {
  using reader = StoneReader.open(path, { expect: "repository" });
  return [...offersOf(reader)];
}

/** An index in memory whose packages are read as they are asked for: all of a large one at once take ten times its bytes. */
export interface IndexStream extends Iterable<PackageOffer> {
  /** How many there are. */
  readonly packages: number;
  /** The lists of files that belong to it, where it names any. */
  readonly files?: FileListsRef;
}

/**
 * The same for an index in memory; `name` is how messages call it. What is wrong with a package is thrown when it is reached, so that
 * an index is good only once it was read to its end.
 */
export function streamIndex(bytes: Uint8Array, name: string): IndexStream {
  const reader = StoneReader.fromBytes(bytes, name, { expect: "repository" });
  const files = filesOf(reader);
  return {
    packages: reader.payloads.filter(({ kind }) => kind === "meta").length,
    ...(files === undefined ? {} : { files }),
    [Symbol.iterator]: () => offersOf(reader),
  };
}

/** An index is as good without its lists: attributes that cannot be read say nothing of any. */
function filesOf(reader: StoneReader): FileListsRef | undefined {
  try {
    return refOf(reader.attributes());
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}

/** The order of an index. */
function inOrder(a: PackageOffer, b: PackageOffer): number {
  return compareText(a.meta.name, b.meta.name) || compareText(a.uri, b.uri) || compareText(a.id, b.id);
}

/**
 * Writes an index, sorted by package name, in one step: readers see the old one or the new one. `files` are the lists beside it;
 * one payload, which readers that do not know it skip, names them: only where there is room for one.
 * Throws `stone.limit` above 65,535 packages, which the format cannot count, and `stone.write` for invalid metadata.
 */
export function writeIndex(
  path: string,
  offers: readonly PackageOffer[],
  profile: Profile = "default",
  files?: FileListsRef,
): void {
  writeSortedIndex(path, offers.length, [...offers].sort(inOrder), profile, files);
}

/** The same for `count` packages that come one after the other, and sorted. */
export function writeSortedIndex(
  path: string,
  count: number,
  offers: Iterable<PackageOffer>,
  profile: Profile = "default",
  files?: FileListsRef,
): void {
  if (count > MAX_PAYLOADS) {
    const problem = `${count} packages, expected at most ${MAX_PAYLOADS} in one index`;
    throw stoneFailure("stone.limit", path, problem, { hint: "Split the collection into several." });
  }
  using output = new StoneOutput(path);
  using encoder = new RecordEncoder(profile);
  const named = count < MAX_PAYLOADS ? files : undefined;
  output.write(encodeFileHeader("repository", named === undefined ? count : count + 1));
  let written = 0;
  let last: PackageOffer | undefined;
  for (const offer of offers) {
    const { id, meta, uri, size } = offer;
    if (last !== undefined && inOrder(last, offer) > 0)
      throw new Error(`"${meta.name}" comes after "${last.meta.name}"`);
    const problem =
      metaProblem(meta) ?? (SHA256.test(id) && plainUri(uri) ? undefined : `id "${id}" or address "${uri}"`);
    if (problem !== undefined) {
      throw stoneFailure("stone.write", path, `${problem} of "${meta.name}", expected a valid package`);
    }
    const records = metaRecords(meta, { uri, hash: id, size });
    for (const part of encoder.encode("meta", encodeMeta(records), records.length)) output.write(part);
    last = offer;
    written += 1;
  }
  if (written !== count) throw new Error(`${written} packages came, ${count} were announced`);
  if (named !== undefined) {
    for (const part of encoder.encode("attributes", encodeAttributes([refRecord(named)]), 1)) output.write(part);
  }
  output.finish(true);
}
