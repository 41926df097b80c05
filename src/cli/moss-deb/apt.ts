// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** apt and sets of packages, as the verbs that make no stones ask for them. */
import { cacheFolder, maxAge } from "#cli/moss-deb/options";
import type { Options } from "#cli/spec";
import { Apt } from "#deb/apt";
import type { AptPackage } from "#deb/available";
import { type Closure, findAsked, resolveClosure } from "#deb/closure";
import type { ImportEvent } from "#deb/import";
import { RelatedSet } from "#deb/set";

/** The machine's apt in a private state, as `--cache`, `--max-age` and `--offline` want it. Throws `usage`. */
export function aptOf(options: Options, onEvent: (event: ImportEvent) => void): Apt {
  return new Apt({ cache: cacheFolder(options), maxAge: maxAge(options), onEvent });
}

/** The set that an import of these names would take. Throws `deb.*`. */
export async function closureOfNames(
  apt: Apt,
  names: readonly string[],
  options: Options,
): Promise<Closure<AptPackage>> {
  await apt.update();
  const exact = await apt.exactly(names.filter((name) => name.includes("=")));
  const available = new RelatedSet<AptPackage>([...exact, ...(await apt.available())]);
  return resolveClosure(available, findAsked(available, names), {
    recommends: options.flag("recommends"),
    essential: !options.flag("no-essential"),
  });
}
