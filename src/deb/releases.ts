// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Release numbers. moss never compares version texts, only numbers; Debian versions are a dense order that no number can
 * stand for. So the number counts the versions that a collection has seen of a package: the first is 1, a newer Debian
 * version one more than what is there, the same version the same number. The same debs into the same collection therefore
 * give the same stones.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { getOrInsert } from "#base/order";
import { compareDebianVersions } from "#formats/debian-version";
import { StoneReader } from "#stone/reader";

interface Present {
  readonly file: string;
  readonly version: string;
  readonly release: number;
}

/** The stones that a collection's folder holds. */
export class CollectionFolder {
  readonly #byName = new Map<string, Present[]>();

  /** Reads the metadata of every stone directly in a folder; a folder that is not there holds none. */
  constructor(folder: string) {
    if (!existsSync(folder)) return;
    for (const file of readdirSync(folder)
      .filter((name) => name.endsWith(".stone"))
      .sort()) {
      using stone = StoneReader.open(join(folder, file));
      const { name, version, release } = stone.meta();
      getOrInsert(this.#byName, name, () => []).push({ file, version, release });
    }
  }

  /** The number of a Debian version here. Throws `deb.unsatisfied` where the folder has a newer one. */
  release(item: { readonly name: string; readonly version: string }): number {
    const [newest] = [...(this.#byName.get(item.name) ?? [])].sort((a, b) => b.release - a.release);
    if (newest === undefined) return 1;
    const order = compareDebianVersions(item.version, newest.version);
    if (order < 0) {
      throw new Failure(
        "deb.unsatisfied",
        `Cannot import "${item.name}" ${item.version}: the collection has ${newest.version}, expected nothing newer`,
        { hint: "Import into another folder, or remove the newer stone first." },
      );
    }
    return order === 0 ? newest.release : newest.release + 1;
  }

  /** Files of other builds of a package than the one just written: a collection holds one of each. */
  others(name: string, keep: string): string[] {
    return (this.#byName.get(name) ?? []).map((present) => present.file).filter((file) => file !== keep);
  }
}
