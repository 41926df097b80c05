// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What other roots of a shared store know of packages: where one of them has unpacked a package and the store still has
 * all of its files, nobody needs to unpack it again.
 */
import type { PackageId } from "#model/package";
import { databaseUri, openDatabase, type ReadTransaction } from "#moss-db/index";
import type { Arrival } from "#store/arrival";
import { decodeFiles } from "#store/files";
import { assetName } from "#store/names";
import type { Unpacked } from "#store/unpack";
import { registeredRoots } from "#transition/cache";
import type { MossRoot } from "#transition/root";
import { ATTRIBUTES, FILES, PACKAGES, SCHEMA } from "#transition/schema";

/** Roots that are asked, at most: each is a database to open. */
const ASKED = 8;

/** The packages among `ids` that need not be unpacked. A root that cannot be asked is passed over. */
export function borrow(root: MossRoot, ids: readonly PackageId[], arrival: Arrival): Map<PackageId, Unpacked> {
  const found = new Map<PackageId, Unpacked>();
  if (!root.shared) return found;
  const others = registeredRoots(root.cache).present.filter((directory) => directory !== root.directory);
  for (const directory of others.slice(0, ASKED)) {
    if (found.size === ids.length) break;
    try {
      using database = openDatabase(databaseUri(`${directory}/.moss/db`), { schema: SCHEMA, readOnly: true });
      database.view((tx) => {
        for (const id of ids) {
          const known = found.has(id) ? undefined : lookUp(tx, id, arrival);
          if (known !== undefined) found.set(id, known);
        }
      });
    } catch {
      // Another root's trouble is not ours: what it knew is unpacked again.
    }
  }
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
