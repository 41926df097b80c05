// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A root together with its collections: what every plan and every question about packages begins with. */
import type { Catalogue } from "#collections/catalogue";
import type { Collection } from "#collections/model";
import { CollectionStore } from "#collections/store";
import { collectionsOf } from "#moss/config-cache";
import { MossRoot, type RootOptions } from "#transition/root";

/** A root with its collections: what all verbs work on. Dispose it with `using`. */
export class Moss implements Disposable {
  readonly root: MossRoot;
  readonly store: CollectionStore;
  #collections: Promise<readonly Collection[]> | undefined;

  private constructor(root: MossRoot, store: CollectionStore) {
    this.root = root;
    this.store = store;
  }

  /** Throws root.invalid, root.readonly. */
  static open(directory: string, options: RootOptions = {}): Moss {
    const root = MossRoot.open(directory, options);
    return new Moss(root, new CollectionStore(`${root.private}/collections`, { readOnly: root.readOnly }));
  }

  /** Collections of the configuration, disabled ones too, the preferred first. Throws `collection.invalid`. */
  async collections(): Promise<readonly Collection[]> {
    const { directory, readOnly } = this.root;
    this.#collections ??= collectionsOf(directory, `${this.store.folder}/config.json`, !readOnly);
    return await this.#collections;
  }

  /** Forgets what was read of the configuration, for it has changed. */
  reread(): void {
    this.#collections = undefined;
  }

  /** What the active collections offered when they were last refreshed. */
  async catalogue(): Promise<Catalogue> {
    return this.store.catalogue(await this.collections());
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
    this.root[Symbol.dispose]();
  }
}
