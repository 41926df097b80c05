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
export function decideAlternatives(set: ScanSet, owned: Ownership): AlternativeLinks {
  const decision = new Decision(set, owned);
  decision.choose();
  decision.retargetShipped();
  return decision;
}

class Decision implements AlternativeLinks {
  readonly links = new Map<string, PlannedLink[]>();
  readonly retarget = new Map<string, Map<string, string>>();
  readonly losses = new Map<string, Loss[]>();
  readonly #set: ScanSet;
  readonly #owners: Ownership["owners"];
  readonly #taken = new Set<string>();
  /** Name of an alternative, masters and slaves, to the file that won. */
  readonly #winners = new Map<string, string>();

  constructor(set: ScanSet, { owners }: Ownership) {
    this.#set = set;
    this.#owners = owners;
  }

  /** Of each name, the candidate of the highest priority has its links, those of its slaves too. */
  choose(): void {
    for (const candidates of this.#candidates().values()) {
      candidates.sort(
        (a, b) => b.alternative.priority - a.alternative.priority || compareText(a.scan.name, b.scan.name),
      );
      const [winner, ...others] = candidates;
      if (winner === undefined) continue;
      const { scan, alternative } = winner;
      this.#add(scan, alternative.link, alternative.name, alternative.target);
      for (const slave of alternative.slaves) {
        if (this.#exists(slave.target)) this.#add(scan, slave.link, slave.name, slave.target);
      }
      for (const other of others) {
        if (other.alternative.target === alternative.target) continue;
        const { link, target, priority } = other.alternative;
        this.#lose(
          other.scan,
          link,
          `${target} (${priority}): ${scan.name} carries the link (${alternative.priority})`,
        );
      }
    }
  }

  /** Links that packages ship themselves, to /etc/alternatives, lead to what won. */
  retargetShipped(): void {
    for (const scan of this.#set.all()) {
      for (const file of scan.files) {
        if (file.target?.startsWith(ETC) !== true) continue;
        const target = this.#winners.get(file.target.slice(ETC.length));
        if (target === undefined)
          this.#lose(scan, `/usr/${file.path}`, `it leads to ${file.target}, which nothing in the set makes`);
        else getOrInsert(this.retarget, scan.name, () => new Map<string, string>()).set(file.path, target);
      }
    }
  }

  /** Candidates whose files the set has, by name. */
  #candidates(): Map<string, Candidate[]> {
    const names = new Map<string, Candidate[]>();
    for (const scan of this.#set.all()) {
      for (const alternative of scan.alternatives) {
        const { link, name, target } = alternative;
        if (this.#exists(target)) getOrInsert(names, name, () => []).push({ scan, alternative });
        else this.#lose(scan, link, `its file ${target} is not in the set`);
      }
    }
    return names;
  }

  #add(scan: PackageScan, link: string, name: string, target: string): void {
    const path = usrPath(link);
    const to = usrPath(target);
    this.#winners.set(name, target);
    if (path === undefined || to === undefined) {
      this.#lose(scan, link, "the link is outside /usr");
      return;
    }
    if (path === to || this.#taken.has(path)) return;
    const holders = this.#owners.get(path);
    if (holders !== undefined) {
      // A package that ships the link itself, to /etc/alternatives, gets it retargeted later.
      const ships = holders.some((holder) =>
        this.#set.get(holder)?.files.some((file) => file.path === path && file.target === ETC + name),
      );
      if (!ships) this.#lose(scan, link, `${holders.join(", ")} has a file there`);
      return;
    }
    this.#taken.add(path);
    const links = getOrInsert(this.links, scan.name, () => []);
    links.push({ path, target: relativeLink(`usr/${path}`, `usr/${to}`) });
  }

  #exists(absolute: string): boolean {
    const path = usrPath(absolute);
    return path !== undefined && this.#owners.has(path);
  }

  #lose(scan: PackageScan, subject: string, detail: string): void {
    getOrInsert(this.losses, scan.name, () => []).push({ kind: "alternative", subject, detail });
  }
}
