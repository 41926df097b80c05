// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Packages that the database does not know yet: their stones are unpacked and their bodies admitted to the store. */
import { Failure } from "#base/errors";
import type { PackageId } from "#model/package";
import type { WriteTransaction } from "#moss-db/index";
import type { Arrival } from "#store/arrival";
import { SyncBeside } from "#store/sync-beside";
import type { Unpacked } from "#store/unpack";
import { unpackAll } from "#store/unpack-all";
import { borrow } from "#transition/borrow";
import type { Arrived, KnownPackage } from "#transition/change";
import type { Listener } from "#transition/events";
import { fault } from "#transition/fault";
import { writeRelations } from "#transition/relations";
import type { MossRoot } from "#transition/root";
import { ATTRIBUTES, FILES, PACKAGES, type PackageRecord } from "#transition/schema";

/** Packages from elsewhere than stones: puts their bodies into the open arrival folder and gives all of `ids`. */
export type Bring = (ids: readonly PackageId[], arrival: Arrival) => Arrived;

/** Unpacks those of `ids` that are missing, or has them brought, and admits them. Throws what `unpackMissing` throws. */
export async function arrive(
  root: MossRoot,
  ids: readonly PackageId[],
  from: ReadonlyMap<PackageId, string> | Bring,
  arrival: Arrival,
  onEvent: Listener,
): Promise<Arrived> {
  using disk = new SyncBeside();
  const arrived = await unpackMissing(root, ids, from, arrival, disk, onEvent);
  await admit(arrival, disk);
  return arrived;
}

/**
 * Unpacks those of `ids` that are missing, or has them brought, into the arrival folder. Throws package.unknown where a stone
 * is not at hand, and stone.* failures.
 */
export async function unpackMissing(
  root: MossRoot,
  ids: readonly PackageId[],
  from: ReadonlyMap<PackageId, string> | Bring,
  arrival: Arrival,
  disk: SyncBeside,
  onEvent: Listener,
): Promise<Arrived> {
  const missing = root.view((tx) => ids.filter((id) => !tx.bucket(PACKAGES).has(id)));
  const borrowed = borrow(root, missing, arrival);
  const absent = missing.filter((id) => !borrowed.has(id));
  const found = typeof from === "function" ? [] : absent.map((id) => ({ id, path: stoneOf(id, from) }));
  if (absent.length === 0) return borrowed;
  onEvent({ kind: "phase", phase: "unpack" });
  arrival.open();
  const arrived =
    typeof from === "function"
      ? from(absent, arrival)
      : await unpackAll(found, arrival, disk, (name, done) => {
          onEvent({ kind: "unpack", name, done, total: found.length });
          fault("unpacked");
        });
  disk.begin([root.store]);
  return new Map([...borrowed, ...arrived]);
}

/** Moves what has been unpacked into the store, once it is on the disk. */
export async function admit(arrival: Arrival, disk: SyncBeside): Promise<void> {
  if (!arrival.opened) return;
  await disk.settled();
  disk.finish();
  fault("arrived");
  arrival.admit();
  fault("admitted");
}

function stoneOf(id: PackageId, stones: ReadonlyMap<PackageId, string>): string {
  const path = stones.get(id);
  if (path !== undefined) return path;
  throw new Failure("package.unknown", `Cannot install the package "${id}": its stone is not at hand`);
}

function recordOf(item: Unpacked | KnownPackage): PackageRecord {
  if (!("records" in item)) return { meta: item.meta, entries: item.entries, size: item.size };
  const size = item.records.reduce((sum, record) => sum + (record.kind === "file" ? record.size : 0), 0);
  return { meta: item.meta, entries: item.records.length, size };
}

/** Writes the packages that have arrived. */
export function writePackages(tx: WriteTransaction, arrived: Arrived): void {
  // Once for all: the number of a bucket is looked up by its name each time.
  const [packages, files] = [tx.bucket(PACKAGES), tx.bucket(FILES)];
  for (const [id, item] of arrived) {
    packages.set(id, recordOf(item));
    files.set(id, item.encoded);
    writeRelations(tx, id, item.meta);
    for (const [digest, encoded] of item.attributes) tx.bucket(ATTRIBUTES).set(digest, encoded);
  }
}
