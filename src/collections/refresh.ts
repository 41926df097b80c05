// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Brings what is known of a collection up to date. The old index stays until the new one is whole and understood. */
import type { Collection } from "#collections/model";
import type { CollectionStore } from "#collections/store";
import type { DownloadOptions } from "#fetch/events";

export type RefreshEvent =
  | { readonly kind: "bytes"; readonly collection: string; readonly bytes: number; readonly total?: number }
  | { readonly kind: "retry"; readonly collection: string; readonly reason: string; readonly wait: number }
  | { readonly kind: "storing"; readonly collection: string; readonly packages: number };

export interface RefreshOptions extends Omit<DownloadOptions, "onEvent"> {
  /** Reads and stores the index even where it seems to be the same. */
  readonly force?: boolean;
  readonly onEvent?: (event: RefreshEvent) => void;
}

export interface Refreshed {
  readonly collection: string;
  /** False where it is still the one that was here. */
  readonly changed: boolean;
  readonly packages: number;
  readonly url: string;
}

/**
 * Refreshes one collection. Throws `fetch.*`, `stone.*` for an index that is damaged (the old one stays), and
 * `collection.invalid` for a root index that has not what the definition names.
 */
export async function refresh(
  _store: CollectionStore,
  _collection: Collection,
  _options: RefreshOptions = {},
): Promise<Refreshed> {
  throw new Error("not filled yet");
}
