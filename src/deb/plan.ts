// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Decides, for a whole set of scanned packages, what each stone will be. Pure: scans in, plans out. */
import { posix } from "node:path";
import { getOrInsert, uniqueSorted } from "#base/order";
import { programOf } from "#capabilities/binary";
import { type AlternativeLinks, decideAlternatives } from "#deb/alternatives";
import { decideOwners, isUsual, type Ownership, usrPath } from "#deb/owners";
import { capabilitiesOf } from "#deb/plan-capabilities";
import type { PackagePlan } from "#deb/plan-model";
import { conflictsOf, dependsOf, recommendedOf, requireSatisfied } from "#deb/plan-relations";
import { quirksOf } from "#deb/quirks";
import type { PackageScan, ScannedFile } from "#deb/scan-model";
import { type ScanSet, takenOver } from "#deb/set";
import { decideLinking, type SetFiles } from "#deb/sonames";
import { stateTexts } from "#deb/state-lines";
import { presetTexts } from "#deb/units";
import { formatCapability } from "#model/dependency";

export interface PlanOptions {
  /** The release number of a package in this collection; 1 where absent. */
  readonly release?: (scan: PackageScan) => number;
  readonly architecture: string;
  /** Packages that are essential here besides Debian's own. */
  readonly essential?: ReadonlySet<string>;
  /** Reports relations that the set does not satisfy instead of failing. */
  readonly allowMissing?: boolean;
}

/** Init and libc: the system does not work without them, though Debian does not mark them. */
const ESSENTIAL: ReadonlySet<string> = new Set(["libc6", "systemd", "systemd-sysv", "sysvinit-core"]);

/** The files of the set as they will be, for the linker. */
function setFiles(set: ScanSet, owned: Ownership, alternatives: AlternativeLinks): SetFiles {
  const links = new Map<string, string>();
  const added = new Map<string, string[]>();
  for (const scan of set.all()) {
    const retarget = alternatives.retarget.get(scan.name);
    for (const file of scan.files) {
      if (file.kind === "symlink") links.set(file.path, retarget?.get(file.path) ?? file.target ?? "");
    }
  }
  for (const [name, list] of alternatives.links) {
    for (const { path, target } of list) {
      links.set(path, target);
      getOrInsert(added, path, () => []).push(name);
    }
  }
  return {
    owners: (path) => owned.owners.get(path) ?? added.get(path) ?? [],
    linkTarget(path) {
      const target = links.get(path);
      if (target === undefined || target === "") return undefined;
      const absolute = posix.normalize(target.startsWith("/") ? target : `/usr/${posix.dirname(path)}/${target}`);
      return absolute.split("/").includes("..") ? undefined : usrPath(absolute);
    },
    keeps: (name, path) => owned.drop.get(name)?.has(path) !== true && owned.rename.get(name)?.has(path) !== true,
  };
}

/** Folders that a stone must record. */
function foldersOf(scan: PackageScan, drop: ReadonlySet<string>): string[] {
  const parents = new Set<string>();
  for (const file of scan.files) {
    if (!drop.has(file.path)) parents.add(posix.dirname(file.path));
  }
  return scan.files
    .filter((file) => file.kind === "directory" && !drop.has(file.path))
    .filter((file) => !parents.has(file.path) || !isUsual(file))
    .map((file) => file.path);
}

function licencesOf(set: ScanSet, scan: PackageScan): readonly string[] {
  let current: PackageScan | undefined = scan;
  for (let hops = 0; hops < 4 && current !== undefined; hops++) {
    if (current.licences.length > 0) return current.licences;
    current = current.licencesFrom === undefined ? undefined : set.get(current.licencesFrom);
  }
  return [`LicenseRef-Debian-${scan.source.replace(/[^A-Za-z0-9.-]+/g, "-")}`];
}

/** What is decided for the set as a whole. */
function decide(set: ScanSet, options: PlanOptions) {
  const unsatisfied = requireSatisfied(set, options.allowMissing === true);
  const owned = decideOwners(set);
  const alternatives = decideAlternatives(set, owned);
  const linkPaths = new Map([...alternatives.links].map(([name, links]) => [name, links.map((link) => link.path)]));
  const files = setFiles(set, owned, alternatives);
  const linking = decideLinking(set, files, linkPaths);
  const capabilities = capabilitiesOf(set, files, (scan) => {
    const programs = (linkPaths.get(scan.name) ?? []).map((path) => programOf(`/usr/${path}`));
    const provided = programs.filter((found) => found !== undefined).map(formatCapability);
    return [...provided, ...(linking.provides.get(scan.name) ?? [])];
  });
  return { unsatisfied, owned, alternatives, linking, capabilities };
}

/**
 * Plans for every package of a set, by name.
 * Throws `deb.unsatisfied`, naming the relations, where the set does not satisfy itself.
 */
export function planSet(set: ScanSet, options: PlanOptions): PackagePlan[] {
  const decided = decide(set, options);
  return set.all().map((scan) => planPackage(set, scan, decided, options));
}

function planPackage(
  set: ScanSet,
  scan: PackageScan,
  { unsatisfied, owned, alternatives, linking, capabilities }: ReturnType<typeof decide>,
  options: PlanOptions,
): PackagePlan {
  const quirks = quirksOf(scan);
  const drop = new Set([...(owned.drop.get(scan.name) ?? []), ...quirks.drop]);
  const found = capabilities.of(scan);
  const depends = new Set([...dependsOf(set, scan), ...(linking.depends.get(scan.name) ?? []), ...found.depends]);
  for (const name of quirks.needs) if (set.get(name) !== undefined) depends.add(`name(${name})`);
  const provides = new Set(found.provides);
  for (const given of [...provides, `name(${scan.name})`]) depends.delete(given);
  const conflicts = conflictsOf(set, scan);
  const links = alternatives.links.get(scan.name) ?? [];
  const rename = { ...Object.fromEntries(owned.rename.get(scan.name) ?? []), ...quirks.rename };
  return {
    name: scan.name,
    version: scan.version,
    release: options.release?.(scan) ?? 1,
    architecture: options.architecture,
    summary: scan.summary,
    description: scan.description,
    homepage: scan.homepage,
    source: scan.source,
    licences: licencesOf(set, scan),
    essential: scan.essential || ESSENTIAL.has(scan.name) || options.essential?.has(scan.name) === true,
    depends: uniqueSorted(depends),
    provides: uniqueSorted(provides),
    conflicts: uniqueSorted(conflicts.capabilities),
    replaces: takenOver(set.relations(scan)),
    drop: uniqueSorted(drop),
    rename,
    retarget: Object.fromEntries(alternatives.retarget.get(scan.name) ?? []),
    folders: foldersOf(scan, drop),
    links: [...links, ...quirks.links].filter((link) => isFree(scan, link.path)),
    texts: [
      ...stateTexts(scan.name, [...scan.state, ...quirks.state], [...scan.users, ...quirks.users]),
      ...presetTexts(scan.name, scan.units),
      ...quirks.texts,
    ],
    losses: [
      ...scan.losses,
      ...(unsatisfied.get(scan.name) ?? []),
      ...(owned.losses.get(scan.name) ?? []),
      ...(alternatives.losses.get(scan.name) ?? []),
      ...(linking.losses.get(scan.name) ?? []),
      ...recommendedOf(set, scan),
      ...conflicts.losses,
      ...found.losses,
      ...quirks.losses,
    ],
  };
}

function isFree(scan: PackageScan, path: string): boolean {
  return !scan.files.some((file: ScannedFile) => file.path === path && file.kind !== "directory");
}
