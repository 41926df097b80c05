// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Nodes and attributes as trees ask for them: new ones from memory, all others from the database. */
import type { ReadTransaction } from "#moss-db/index";
import type { AttributeSource } from "#store/blit";
import { ATTRIBUTES, NODES } from "#transition/schema";
import type { NodeSource, RootRef } from "#tree/entry";
import { emptyTree } from "#tree/merge";

/** The tree of a root that has no state yet, made known to a source. */
export function emptyRoot(source: TreeSource): RootRef {
  const empty = emptyTree();
  source.know(empty.nodes);
  return empty;
}

/** Valid only while the transaction is. */
export class TreeSource implements NodeSource, AttributeSource {
  readonly #tx: ReadTransaction;
  readonly #fresh: ReadonlyMap<string, Uint8Array>[] = [];
  readonly #attributes: ReadonlyMap<string, Uint8Array>;

  constructor(tx: ReadTransaction, attributes: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.#tx = tx;
    this.#attributes = attributes;
  }

  /** Makes nodes known that are not in the database. */
  know(nodes: ReadonlyMap<string, Uint8Array>): void {
    this.#fresh.push(nodes);
  }

  node(key: string): Uint8Array | undefined {
    for (const nodes of this.#fresh) {
      const found = nodes.get(key);
      if (found !== undefined) return found;
    }
    return this.#tx.bucket(NODES).get(key);
  }

  attributes(digest: string): Uint8Array | undefined {
    return this.#attributes.get(digest) ?? this.#tx.bucket(ATTRIBUTES).get(digest);
  }
}
