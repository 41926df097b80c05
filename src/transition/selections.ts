// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The list of packages of a state, in up to 64 parts by a hash of the name, each stored under its own hash: states share
 * the parts that they have in common, and a transition writes only those that it changes.
 */
import { Failure } from "#base/errors";
import { compareText, getOrInsert } from "#base/order";
import type { PackageId } from "#model/package";
import type { ReadTransaction } from "#moss-db/index";
import { sha256Hex } from "#sys/sha256";
import { SELECTIONS, type StatePackage, type StateRecord } from "#transition/schema";

export type Parts = StateRecord["selections"];

/** The part that a package name belongs to. */
function partOf(name: string): string {
  return (Number.parseInt(sha256Hex(name).slice(0, 2), 16) >> 2).toString(16);
}

function readPart(tx: ReadTransaction, key: string): readonly StatePackage[] {
  const part = tx.bucket(SELECTIONS).get(key);
  if (part !== undefined) return part;
  throw new Failure("db.corrupt", `Cannot read the packages of a state: its part "${key}" is gone, expected a list`, {
    hint: 'Another command may have removed the state meanwhile; else run "moss state verify".',
  });
}

/** All packages of a state, sorted by name. */
export function readSelections(tx: ReadTransaction, parts: Parts): StatePackage[] {
  const all = Object.values(parts).flatMap((key) => readPart(tx, key));
  return all.sort((a, b) => compareText(a.name, b.name));
}

/** The package with this name in a state; reads one part. */
export function findSelection(tx: ReadTransaction, parts: Parts, name: string): StatePackage | undefined {
  const key = parts[partOf(name)];
  return key === undefined ? undefined : readPart(tx, key).find((item) => item.name === name);
}

/** The packages of a state by name, each part read once and only where it is asked for. */
export class Selected {
  readonly #tx: ReadTransaction;
  readonly #parts: Parts;
  readonly #read = new Map<string, ReadonlyMap<string, StatePackage>>();

  /** Of no state there is none. */
  constructor(tx: ReadTransaction, state: StateRecord | undefined) {
    this.#tx = tx;
    this.#parts = state?.selections ?? {};
  }

  find(name: string): StatePackage | undefined {
    const number = partOf(name);
    const key = this.#parts[number];
    if (key === undefined) return undefined;
    const part = getOrInsert(
      this.#read,
      number,
      () => new Map(readPart(this.#tx, key).map((item) => [item.name, item] as const)),
    );
    return part.get(name);
  }

  /** All, sorted by name. */
  all(): StatePackage[] {
    return readSelections(this.#tx, this.#parts);
  }
}

export interface ChangedSelections {
  readonly parts: Parts;
  /** New parts by key. */
  readonly fresh: ReadonlyMap<string, readonly StatePackage[]>;
  readonly count: number;
}

/** A list without some packages and with others (in place of those of the same name). */
export function changeSelections(
  tx: ReadTransaction,
  parts: Parts,
  count: number,
  removed: readonly StatePackage[],
  added: readonly StatePackage[],
): ChangedSelections {
  const touched = new Map<string, Map<string, StatePackage>>();
  const part = (name: string) =>
    getOrInsert(touched, partOf(name), () => {
      const key = parts[partOf(name)];
      return new Map((key === undefined ? [] : readPart(tx, key)).map((item) => [item.name, item]));
    });
  let total = count;
  for (const { name } of removed) if (part(name).delete(name)) total -= 1;
  for (const item of added) {
    if (!part(item.name).has(item.name)) total += 1;
    part(item.name).set(item.name, item);
  }
  const next = { ...parts };
  const fresh = new Map<string, readonly StatePackage[]>();
  for (const [number, items] of touched) {
    delete next[number];
    if (items.size === 0) continue;
    const list = [...items.values()].sort((a, b) => compareText(a.name, b.name));
    const key = sha256Hex(JSON.stringify(list));
    next[number] = key;
    fresh.set(key, list);
  }
  return { parts: next, fresh, count: total };
}

/** What differs between the lists of two states; parts that they share are not read. */
export function diffSelections(
  tx: ReadTransaction,
  before: Parts,
  after: Parts,
): { readonly removed: StatePackage[]; readonly added: StatePackage[] } {
  const removed: StatePackage[] = [];
  const added: StatePackage[] = [];
  for (const number of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const a = before[number];
    const b = after[number];
    if (a === b) continue;
    const old = a === undefined ? [] : readPart(tx, a);
    const now = b === undefined ? [] : readPart(tx, b);
    const ids = (list: readonly StatePackage[]) => new Set<PackageId>(list.map(({ id }) => id));
    const oldIds = ids(old);
    const nowIds = ids(now);
    removed.push(...old.filter(({ id }) => !nowIds.has(id)));
    added.push(...now.filter(({ id }) => !oldIds.has(id)));
  }
  return { removed: removed.sort(byName), added: added.sort(byName) };
}

function byName(a: StatePackage, b: StatePackage): number {
  return compareText(a.name, b.name);
}
