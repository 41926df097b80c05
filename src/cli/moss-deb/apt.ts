// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss-deb resolve`, `fetch` and `index`: what apt offers, without making stones. */
import { copyFileSync, linkSync, mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { cacheFolder, maxAge, type SharedOptions } from "#cli/moss-deb/options";
import { Progress } from "#cli/moss-deb/progress";
import { Apt } from "#deb/apt";
import type { AptPackage } from "#deb/available";
import { findAsked, resolveClosure } from "#deb/closure";
import { machineName } from "#deb/machine";
import { offersOf } from "#deb/offers";
import { RelatedSet } from "#deb/set";
import { writeIndex } from "#stone/repository";

function aptOf(flags: SharedOptions): Apt {
  const progress = new Progress();
  return new Apt({
    cache: cacheFolder(flags.cache),
    maxAge: maxAge(flags),
    ...(flags.json === true ? {} : { onEvent: progress.show }),
  });
}

async function closureOfNames(apt: Apt, names: readonly string[], flags: SharedOptions) {
  const available = new RelatedSet<AptPackage>(await apt.available());
  return resolveClosure(available, findAsked(available, names), {
    recommends: flags.recommends === true,
    essential: flags.essential !== false,
  });
}

/** Prints the set that an import of these names would take, with the reason of each. */
export async function resolveVerb(names: string[], flags: SharedOptions): Promise<void> {
  const { set, reasons } = await closureOfNames(aptOf(flags), names, flags);
  const rows = set.all().map(({ name, version, size }) => {
    const reason = reasons.get(name);
    return { name, version, size, reason: reason?.kind === "needed" ? `needed by ${reason.by}` : (reason?.kind ?? "") };
  });
  if (flags.json === true) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else for (const { name, version, reason } of rows) process.stdout.write(`${name} ${version}  ${reason}\n`);
}

/** Fetches the packages of such a set, into the cache and, where asked, under their own names into a folder. */
export async function fetchVerb(names: string[], flags: SharedOptions & { readonly output?: string }): Promise<void> {
  const apt = aptOf(flags);
  const { set } = await closureOfNames(apt, names, flags);
  const paths = await apt.fetch(set.all());
  if (flags.output !== undefined) mkdirSync(resolve(flags.output), { recursive: true });
  for (const item of set.all()) {
    let path = paths.get(item.name) ?? "";
    if (flags.output !== undefined) {
      const version = item.version.replaceAll(":", "%3a");
      const to = join(resolve(flags.output), `${item.name}_${version}_${item.architecture}.deb`);
      rmSync(to, { force: true });
      try {
        linkSync(path, to);
      } catch {
        copyFileSync(path, to); // another file system
      }
      path = to;
    }
    process.stdout.write(`${path}\n`);
  }
}

/** Writes a collection's index of everything that apt offers. */
export async function indexVerb(flags: SharedOptions & { readonly output: string }): Promise<void> {
  const start = performance.now();
  const available = new RelatedSet<AptPackage>(await aptOf(flags).available());
  const offers = offersOf(available, machineName());
  const folder = resolve(flags.output);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "stone.index");
  writeIndex(path, offers);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ index: path, packages: offers.length })}\n`);
  else process.stdout.write(`Indexed ${offers.length} packages in ${seconds} s in ${path}\n`);
}
