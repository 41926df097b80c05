// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The entries of a directory that is being changed: all at hand, or in parts that are loaded and encoded as they are touched. */
import { getOrInsert } from "#base/order";
import type { NodeSource, TreeEntry } from "#tree/entry";
import { loadPart } from "#tree/load";
import { type EncodedNode, type NodeIndex, PARTS, partOf } from "#tree/node";

type Part = Pick<EncodedNode, "key" | "content">;

interface Named {
  readonly name: string;
}

export interface Entries<E extends Named> {
  readonly size: number;
  get(name: string): E | undefined;
  set(entry: E): void;
  delete(name: string): void;
  values(): E[];
  /** Says that something changes in what stands at a name. */
  touch(name: string): void;
  /** Every part of the directory as it is to be stored; only those that changed are encoded. */
  encodeParts(encode: (entries: readonly E[]) => Part): Part[];
}

export class FlatEntries<E extends Named> implements Entries<E> {
  readonly #entries: Map<string, E>;

  constructor(entries: readonly E[]) {
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
  }

  get size(): number {
    return this.#entries.size;
  }

  get(name: string): E | undefined {
    return this.#entries.get(name);
  }

  set(entry: E): void {
    this.#entries.set(entry.name, entry);
  }

  delete(name: string): void {
    this.#entries.delete(name);
  }

  values(): E[] {
    return [...this.#entries.values()];
  }

  touch(): void {}

  encodeParts(encode: (entries: readonly E[]) => Part): Part[] {
    const parts: E[][] = Array.from({ length: PARTS }, () => []);
    for (const entry of this.#entries.values()) parts[partOf(entry.name)]?.push(entry);
    return parts.map(encode);
  }
}

export class SplitEntries<E extends Named> implements Entries<E> {
  readonly #source: NodeSource;
  readonly #take: (entry: TreeEntry) => E;
  readonly #stored: Part[];
  readonly #loaded = new Map<number, Map<string, E>>();
  readonly #changed = new Set<number>();
  size: number;

  /** `take` makes what can be changed of a stored entry. */
  constructor(source: NodeSource, index: NodeIndex, take: (entry: TreeEntry) => E) {
    this.#source = source;
    this.#stored = [...index.parts];
    this.#take = take;
    this.size = index.count;
  }

  #part(number: number): Map<string, E> {
    return getOrInsert(this.#loaded, number, () => {
      const entries = loadPart(this.#source, this.#stored[number]?.key ?? "");
      return new Map(entries.map((entry) => [entry.name, this.#take(entry)]));
    });
  }

  get(name: string): E | undefined {
    return this.#part(partOf(name)).get(name);
  }

  set(entry: E): void {
    const part = this.#part(partOf(entry.name));
    if (!part.has(entry.name)) this.size += 1;
    part.set(entry.name, entry);
  }

  delete(name: string): void {
    if (this.#part(partOf(name)).delete(name)) this.size -= 1;
  }

  values(): E[] {
    return this.#stored.flatMap((_, number) => [...this.#part(number).values()]);
  }

  touch(name: string): void {
    this.#changed.add(partOf(name));
  }

  encodeParts(encode: (entries: readonly E[]) => Part): Part[] {
    for (const number of this.#changed) this.#stored[number] = encode([...this.#part(number).values()]);
    this.#changed.clear();
    return [...this.#stored];
  }
}
