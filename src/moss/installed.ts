// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Packages of the live state as the solver asks for them: each question reads only what it needs of the database. */
import { Failure } from "#base/errors";
import type { CapabilityText } from "#model/dependency";
import type { PackageId } from "#model/package";
import type { ReadTransaction } from "#moss-db/index";
import { installedOf } from "#solver/installed";
import type { InstalledPackage, InstalledSource } from "#solver/model";
import { type Relation, related } from "#transition/relations";
import { PACKAGES, type StatePackage, type StateRecord } from "#transition/schema";
import { findSelection, readSelections } from "#transition/selections";

const NAME = /^name\((.+)\)$/s;

/** What is installed in a state; nothing where there is none. Valid only while the transaction is. */
export function installedIn(tx: ReadTransaction, state: StateRecord | undefined): InstalledSource {
  return state === undefined ? installedOf([]) : new StateSource(tx, state);
}

class StateSource implements InstalledSource {
  readonly #tx: ReadTransaction;
  readonly #state: StateRecord;
  readonly #known = new Map<string, InstalledPackage | undefined>();
  #all: readonly InstalledPackage[] | undefined;

  constructor(tx: ReadTransaction, state: StateRecord) {
    this.#tx = tx;
    this.#state = state;
  }

  byName(name: string): InstalledPackage | undefined {
    if (this.#known.has(name) || this.#all !== undefined) return this.#known.get(name);
    const found = findSelection(this.#tx, this.#state.selections, name);
    const item = found === undefined ? undefined : this.#load(found);
    this.#known.set(name, item);
    return item;
  }

  #load({ id, name, explicit }: StatePackage): InstalledPackage {
    const meta = this.#tx.bucket(PACKAGES).get(id)?.meta;
    if (meta !== undefined) return { id, meta, explicit };
    throw new Failure(
      "db.corrupt",
      `Cannot read the package "${name}" of state ${this.#state.id}: its record is gone`,
      {
        hint: '"moss verify --repair" fetches it again.',
      },
    );
  }

  /** Of packages that the database knows, the one that is in this state. */
  #inState(id: PackageId): InstalledPackage | undefined {
    const name = this.#tx.bucket(PACKAGES).get(id)?.meta.name;
    const item = name === undefined ? undefined : this.byName(name);
    return item?.id === id ? item : undefined;
  }

  #related(relation: Relation, text: CapabilityText): InstalledPackage[] {
    return related(this.#tx, relation, text).flatMap((id) => this.#inState(id) ?? []);
  }

  providing(text: CapabilityText): InstalledPackage[] {
    const found = this.#related("gives", text);
    const [, name] = NAME.exec(text) ?? [];
    const own = name === undefined ? undefined : this.byName(name);
    return own === undefined || found.includes(own) ? found : [own, ...found];
  }

  needing(text: CapabilityText): InstalledPackage[] {
    return this.#related("needs", text);
  }

  refusing(text: CapabilityText): InstalledPackage[] {
    return this.#related("refuses", text);
  }

  all(): readonly InstalledPackage[] {
    if (this.#all === undefined) {
      const list = readSelections(this.#tx, this.#state.selections);
      const all = list.map((item) => this.#known.get(item.name) ?? this.#load(item));
      for (const item of all) this.#known.set(item.meta.name, item);
      this.#all = all;
    }
    return this.#all;
  }
}
