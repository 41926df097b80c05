// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Which packages of the database give, need or refuse a capability. Without this, whoever plans a change would have to
 * read the metadata of everything that is installed.
 */
import { fromHex, hex } from "#base/bytes";
import { type CapabilityText, formatCapability } from "#model/dependency";
import type { PackageId, PackageMeta } from "#model/package";
import { bucket, fixedBytes, nothing, type ReadTransaction, text, tuple, type WriteTransaction } from "#moss-db/index";

export type Relation = "gives" | "needs" | "refuses";

const RELATIONS = bucket("relations", { key: tuple(text, fixedBytes(32)), value: nothing });
const FIELDS = { gives: "provides", needs: "depends", refuses: "conflicts" } as const;

/** A key may have 1,960 bytes: nothing needs what is longer than this, and nothing can be found by it. */
const MOST = 1900;

function keysOf(id: PackageId, meta: PackageMeta): (readonly [string, Uint8Array])[] {
  const texts = new Set<string>();
  for (const relation of ["gives", "needs", "refuses"] as const) {
    for (const item of meta[FIELDS[relation]]) {
      const capability = formatCapability(item);
      // A character has four bytes at most.
      if (capability.length * 4 <= MOST || Buffer.byteLength(capability) <= MOST)
        texts.add(`${relation} ${capability}`);
    }
  }
  const bytes = fromHex(id);
  return Array.from(texts, (text) => [text, bytes] as const);
}

/** Makes a package known. */
export function writeRelations(tx: WriteTransaction, id: PackageId, meta: PackageMeta): void {
  const relations = tx.bucket(RELATIONS);
  for (const key of keysOf(id, meta)) relations.set(key, true);
}

/** Forgets a package. */
export function dropRelations(tx: WriteTransaction, id: PackageId, meta: PackageMeta): void {
  const relations = tx.bucket(RELATIONS);
  for (const key of keysOf(id, meta)) relations.delete(key);
}

/** Packages of any state that stand in this relation to a capability. That every package gives its own name is not written. */
export function related(tx: ReadTransaction, relation: Relation, capability: CapabilityText): PackageId[] {
  if (Buffer.byteLength(capability) > MOST) return [];
  const prefix = [`${relation} ${capability}`] as const;
  return [...tx.bucket(RELATIONS).keys({ prefix })].map(([, id]) => hex(id));
}
