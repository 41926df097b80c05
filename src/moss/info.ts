// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Everything known of packages with a name: the installed build, and those that are offered. */
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import type { PackageId, PackageMeta } from "#model/package";
import { readLocalStone } from "#moss/local-stones";
import type { Moss } from "#moss/moss";
import { capabilityOf, isStonePath } from "#moss/words";
import type { StatePackage } from "#transition/schema";

export interface PackageInfo {
  readonly id: PackageId;
  readonly meta: PackageMeta;
  /** Where it is installed: how it came. */
  readonly installed?: StatePackage;
  /** The collection that offers it. */
  readonly collection?: string;
  /** Bytes of the stone; 0 where it is not offered. */
  readonly download: number;
  /** Bytes of its files; undefined where nobody says. */
  readonly size?: number;
}

/** The builds that a word means: the installed one first, then offers, the preferred first. Throws `package.unknown`. */
export async function infoOf(moss: Moss, word: string): Promise<PackageInfo[]> {
  if (isStonePath(word)) {
    const { id, meta, size, collection } = readLocalStone(word);
    return [{ id, meta, collection, download: size, ...sizeOf(meta) }];
  }
  const active = moss.root.active();
  const catalogue = await moss.catalogue();
  const packages = moss.root.packages(active);
  const byName = new Map(packages.map((item) => [item.name, item]));
  const names = namesOf(word, moss, packages, catalogue);
  return names.flatMap((name) => {
    const installed = byName.get(name);
    const record = installed === undefined ? undefined : moss.root.package(installed.id);
    const offers = catalogue.byName(name);
    const same = offers.find(({ id }) => id === installed?.id);
    const first: PackageInfo[] =
      installed === undefined || record === undefined
        ? []
        : [
            {
              id: installed.id,
              meta: record.meta,
              installed,
              size: record.size,
              download: same?.size ?? 0,
              ...(same === undefined ? {} : { collection: same.collection }),
            },
          ];
    const others = offers
      .filter(({ id }) => id !== installed?.id)
      .map(({ id, meta, collection, size }) => ({ id, meta, collection, download: size, ...sizeOf(meta) }));
    return [...first, ...others];
  });
}

function sizeOf({ installedSize }: PackageMeta): { readonly size?: number } {
  return installedSize === undefined ? {} : { size: installedSize };
}

/** Names of the packages that a word means: one by name, or all that give what it says. */
function namesOf(
  word: string,
  moss: Moss,
  packages: readonly StatePackage[],
  catalogue: Awaited<ReturnType<Moss["catalogue"]>>,
): string[] {
  if (packages.some(({ name }) => name === word) || catalogue.byName(word).length > 0) return [word];
  const owners = word.startsWith("/") ? (moss.root.owner(word)?.owners ?? []) : [];
  if (owners.length > 0) return [...owners];
  const wanted = capabilityOf(word, {
    hasName: () => false,
    gives: (text) => catalogue.providing(text).length > 0,
    names: () => [...packages.map(({ name }) => name), ...catalogue.names()],
  });
  const found = catalogue.providing(wanted).map(({ meta }) => meta.name);
  if (found.length > 0) return [...new Set(found)];
  const near = nearest(word, catalogue.names());
  throw new Failure(
    "package.unknown",
    `Cannot show "${word}": no package has this name, and none gives it`,
    near === undefined ? {} : { hint: `Did you mean "${near}"?` },
  );
}
