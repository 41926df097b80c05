// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The links that `update-alternatives --install` would make (update-alternatives(1)): of each name, the candidate of the
 * highest priority in the set carries the link, straight to its file; /etc/alternatives does not exist here.
 */
import { compareText, getOrInsert } from "#base/order";
import { type Ownership, usrPath } from "#deb/owners";
import { relativeLink } from "#deb/place";
import type { PlannedLink } from "#deb/plan-model";
import type { Alternative, Loss, PackageScan } from "#deb/scan-model";
import type { ScanSet } from "#deb/set";

export interface AlternativeLinks {
  /** By package name: links to add. */
  readonly links: Map<string, PlannedLink[]>;
  /** By package name: links of the package itself that led to /etc/alternatives, and where they lead now. */
  readonly retarget: Map<string, Map<string, string>>;
  readonly losses: Map<string, Loss[]>;
}

interface Candidate {
  readonly scan: PackageScan;
  readonly alternative: Alternative;
}

const ETC = "/etc/alternatives/";

/** Decides for every name of the set. */
export function decideAlternatives(set: ScanSet, { owners }: Ownership): AlternativeLinks {
  const out: AlternativeLinks = { links: new Map(), retarget: new Map(), losses: new Map() };
  const lose = (scan: PackageScan, subject: string, detail: string) =>
    getOrInsert(out.losses, scan.name, () => []).push({ kind: "alternative", subject, detail });
  const exists = (absolute: string) => {
    const path = usrPath(absolute);
    return path !== undefined && owners.has(path);
  };
  const taken = new Set<string>();
  /** Name of an alternative, masters and slaves, to the file that won. */
  const winners = new Map<string, string>();

  const add = (scan: PackageScan, link: string, name: string, target: string) => {
    const path = usrPath(link);
    const to = usrPath(target);
    winners.set(name, target);
    if (path === undefined || to === undefined) {
      lose(scan, link, "the link is outside /usr");
      return;
    }
    if (path === to || taken.has(path)) return;
    const holders = owners.get(path);
    if (holders !== undefined) {
      // A package that ships the link itself, to /etc/alternatives, gets it retargeted below.
      const ships = holders.some((holder) =>
        set.get(holder)?.files.some((f) => f.path === path && f.target === ETC + name),
      );
      if (!ships) lose(scan, link, `${holders.join(", ")} has a file there`);
      return;
    }
    taken.add(path);
    const links = getOrInsert(out.links, scan.name, () => []);
    links.push({ path, target: relativeLink(`usr/${path}`, `usr/${to}`) });
  };

  const names = new Map<string, Candidate[]>();
  for (const scan of set.all()) {
    for (const alternative of scan.alternatives) {
      if (!exists(alternative.target)) lose(scan, alternative.link, `its file ${alternative.target} is not in the set`);
      else getOrInsert(names, alternative.name, () => []).push({ scan, alternative });
    }
  }
  for (const candidates of names.values()) {
    candidates.sort((a, b) => b.alternative.priority - a.alternative.priority || compareText(a.scan.name, b.scan.name));
    const [winner, ...others] = candidates;
    if (winner === undefined) continue;
    const { scan, alternative } = winner;
    add(scan, alternative.link, alternative.name, alternative.target);
    for (const slave of alternative.slaves) {
      if (exists(slave.target)) add(scan, slave.link, slave.name, slave.target);
    }
    for (const other of others) {
      if (other.alternative.target === alternative.target) continue;
      const { link, target, priority } = other.alternative;
      lose(other.scan, link, `${target} (${priority}): ${scan.name} carries the link (${alternative.priority})`);
    }
  }
  for (const scan of set.all()) {
    for (const file of scan.files) {
      if (file.target?.startsWith(ETC) !== true) continue;
      const target = winners.get(file.target.slice(ETC.length));
      if (target === undefined)
        lose(scan, `/usr/${file.path}`, `it leads to ${file.target}, which nothing in the set makes`);
      else getOrInsert(out.retarget, scan.name, () => new Map<string, string>()).set(file.path, target);
    }
  }
  return out;
}
