// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** One stone into the store: what it is, the files that it brings, and their bodies in an arrival folder. */
import { fromHex, hex } from "#base/bytes";
import { Failure } from "#base/errors";
import type { LayoutEntry, Xattrs } from "#model/layout";
import type { PackageId, PackageMeta } from "#model/package";
import { StoneReader } from "#stone/reader";
import type { Arrival } from "#store/arrival";
import { encodeFiles } from "#store/files";
import { Intake, type LearntBody, variantsOf } from "#store/intake";
import { encodeXattrs, xattrsDigest } from "#store/xattrs";
import type { TreeRecord } from "#tree/entry";

export interface StoneFile {
  readonly id: PackageId;
  readonly path: string;
}

export interface Unpacked {
  readonly meta: PackageMeta;
  readonly records: readonly TreeRecord[];
  /** The records as the database keeps them. */
  readonly encoded: Uint8Array;
  /** Encoded attributes by their digest. */
  readonly attributes: ReadonlyMap<string, Uint8Array>;
  /** Devices, fifos and sockets that the stone records; they are never installed. */
  readonly skipped: number;
  /** Files and bytes that were not in the store before. */
  readonly files: number;
  readonly bytes: number;
}

/** XXH3-128 of no bytes. */
export const EMPTY_BODY = "99aa06d3014798d86001c324468d497f";

/**
 * Unpacks a stone. Every checksum of it is verified, and first that the file is the package `id`, from the same open file
 * as it is unpacked from. Throws fetch.digest, stone.* failures, disk.full, root.readonly.
 */
export function unpackStone({ id, path }: StoneFile, arrival: Arrival, token: string): Unpacked {
  using reader = StoneReader.open(path, { expect: "binary" });
  const found = reader.sha256();
  if (found !== id) {
    throw new Failure("fetch.digest", `Cannot use "${path}": its SHA-256 is ${found}, expected ${id}`, {
      hint: "The index is older than the file; refresh it with moss collection update.",
    });
  }
  const meta = reader.meta();
  const layout = reader.layout();
  const attributes = new Map<string, Uint8Array>();
  const digestOf = (xattrs: Xattrs) => {
    const encoded = encodeXattrs(xattrs);
    const digest = xattrsDigest(encoded);
    attributes.set(digest, encoded);
    return digest;
  };
  using intake = new Intake(arrival, variantsOf(layout, digestOf), token);
  reader.content({
    begin: (record) => intake.begin(record),
    data: (chunk) => intake.data(chunk),
    end: () => intake.end(),
  });
  if (layout.some((entry) => entry.kind === "regular" && hex(entry.digest) === EMPTY_BODY)) {
    intake.empty(fromHex(EMPTY_BODY));
  }
  const records = layout.flatMap((entry) => toRecord(entry, intake.learnt, digestOf, path) ?? []);
  return {
    meta,
    records,
    encoded: encodeFiles(records),
    attributes,
    skipped: layout.length - records.length,
    files: intake.files,
    bytes: intake.bytes,
  };
}

/** A layout's entry as the database keeps it; undefined for what is never installed. Throws stone.layout where its body did not come. */
export function toRecord(
  entry: LayoutEntry,
  learnt: ReadonlyMap<string, LearntBody>,
  digestOf: (xattrs: Xattrs) => string,
  stone: string,
): TreeRecord | undefined {
  const { path, uid, gid, mode } = entry;
  const common = {
    path,
    uid,
    gid,
    ...(entry.xattrs === undefined || entry.xattrs.size === 0 ? {} : { xattrs: digestOf(entry.xattrs) }),
  };
  if (entry.kind === "directory") return { kind: "directory", ...common, mode };
  if (entry.kind === "symlink") return { kind: "symlink", ...common, target: entry.target };
  if (entry.kind !== "regular") return undefined;
  const body = learnt.get(hex(entry.digest));
  if (body === undefined) {
    throw new Failure(
      "stone.layout",
      `Cannot unpack "${stone}": it has no body for "usr/${path}", expected one in its index`,
    );
  }
  return { kind: "file", ...common, mode, ...body };
}
