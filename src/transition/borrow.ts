// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What other roots of a shared store know of packages: where one of them has unpacked a package and the store still has
 * all of its files, nobody needs to unpack it again.
 */
import type { PackageId } from "#model/package";
import type { ReadTransaction } from "#moss-db/index";
import type { Arrival } from "#store/arrival";
import { decodeFiles } from "#store/files";
import { assetName } from "#store/names";
import type { Unpacked } from "#store/unpack";
import { askOthers } from "#transition/others";
import type { MossRoot } from "#transition/root";
import { ATTRIBUTES, FILES, PACKAGES } from "#transition/schema";

/** The packages among `ids` that need not be unpacked. A root that cannot be asked is passed over. */
export function borrow(root: MossRoot, ids: readonly PackageId[], arrival: Arrival): Map<PackageId, Unpacked> {
  const found = new Map<PackageId, Unpacked>();
  if (ids.length === 0) return found;
  askOthers(root, (tx) => {
    for (const id of ids) {
      const known = found.has(id) ? undefined : lookUp(tx, id, arrival);
      if (known !== undefined) found.set(id, known);
    }
    return found.size === ids.length ? found : undefined;
  });
  return found;
}

function lookUp(tx: ReadTransaction, id: PackageId, arrival: Arrival): Unpacked | undefined {
  const meta = tx.bucket(PACKAGES).get(id)?.meta;
  const encoded = tx.bucket(FILES).get(id);
  if (meta === undefined || encoded === undefined) return undefined;
  const records = decodeFiles(encoded);
  const attributes = new Map<string, Uint8Array>();
  for (const record of records) {
    if (record.kind === "file" && !arrival.has(assetName(record))) return undefined;
    if (record.xattrs === undefined) continue;
    const value = tx.bucket(ATTRIBUTES).get(record.xattrs);
    if (value === undefined) return undefined;
    attributes.set(record.xattrs, value);
  }
  return { meta, records, encoded, attributes, skipped: 0, files: 0, bytes: 0 };
}
