// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Plans of the three changes: install, remove, upgrade. They only look; nothing is changed by making one. */
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import type { Catalogue } from "#collections/catalogue";
import type { CollectionOffer } from "#collections/model";
import { refuseCollisions } from "#moss/early-check";
import { listedAt } from "#moss/files";
import { installedIn } from "#moss/installed";
import { Offers, readLocalStone } from "#moss/local-stones";
import type { Moss } from "#moss/moss";
import { type Plan, type PlannedPackage, planOf } from "#moss/plan";
import { capabilityOf, isStonePath, type Known } from "#moss/words";
import type { ReadTransaction } from "#moss-db/index";
import { installedOf } from "#solver/installed";
import type { InstalledSource, Job } from "#solver/model";
import { solve } from "#solver/solve";
import { GENERATED } from "#transition/os-release";
import type { MossRoot } from "#transition/root";

export interface PlanOptions {
  /** Plans for an empty tree instead of the live state. */
  readonly empty?: boolean;
  /** Essential packages may leave. */
  readonly allowEssential?: boolean;
  /** What nobody needs any more stays. */
  readonly keepOrphans?: boolean;
  /** Nobody unpacks what is planned: so what unpacking would refuse is looked for though nothing has to be fetched. */
  readonly onlyLook?: boolean;
  /** The root whose store the packages go to, where it is another one; only with `empty`. */
  readonly into?: MossRoot;
}

function summaryOf(verb: string, words: readonly string[]): string {
  const text = `${verb} ${words.join(", ")}`;
  return text.length <= 72 ? text : `${verb} ${words.length} packages`;
}

interface Setting {
  readonly installed: InstalledSource;
  readonly offers: Offers;
  readonly catalogue: Catalogue;
}

interface Wanted {
  readonly jobs: readonly Job[];
  readonly summary: string;
}

/** Solves what `want` asks for, from one view of the state and one of the collections. */
async function plan(
  moss: Moss,
  options: PlanOptions & { readonly local?: readonly CollectionOffer[] },
  want: (setting: Setting) => Wanted,
): Promise<Plan> {
  const { root } = moss;
  const { local = [], empty = false, allowEssential = false, keepOrphans = false } = options;
  const collections = await moss.collections();
  const catalogue = await moss.catalogue();
  const active = empty ? undefined : root.active();
  const offers = new Offers(catalogue, local);
  const work = (installed: InstalledSource, tx?: ReadTransaction): Plan =>
    catalogue.within(() => {
      const { jobs, summary } = want({ installed, offers, catalogue });
      const solution = solve({ installed, offers, jobs, allowEssential, keepOrphans });
      const made = planOf(solution, { root: options.into ?? root, base: active?.id ?? 0, summary, collections });
      const fetches = made.incoming.some(({ download }) => download > 0);
      if (fetches || options.onlyLook === true) refuseCollisions(root, catalogue, made, active, tx);
      return made;
    });
  return active === undefined ? work(installedOf([])) : root.view((tx) => work(installedIn(tx, active), tx));
}

/** Plans to install what words stand for. Throws `package.unknown`, `solver.*`, `stone.*`. */
export async function planInstall(moss: Moss, words: readonly string[], options: PlanOptions = {}): Promise<Plan> {
  const local = new Map(words.filter(isStonePath).map((path) => [path, readLocalStone(path)]));
  const made = await plan(moss, { ...options, local: [...local.values()] }, ({ installed, offers, catalogue }) => {
    const known: Known = {
      hasName: (name) => installed.byName(name) !== undefined || offers.has(name),
      gives: (text) => [...installed.providing(text)].length > 0 || offers.providing(text).length > 0,
      names: () => offers.names(),
      having: (path) =>
        moss.root.owner(path)?.owners.find((owner) => owner !== GENERATED) ??
        listedAt(catalogue, [path]).get(path)?.[0]?.offer.meta.name,
    };
    const jobs = forEach(words, (word): Job => {
      const stone = local.get(word);
      return stone === undefined
        ? { kind: "install", capability: capabilityOf(word, known) }
        : { kind: "install-build", id: stone.id };
    });
    const names = words.map((word) => local.get(word)?.meta.name ?? word);
    return { jobs, summary: summaryOf("Install", names) };
  });
  // Whoever asks for a program should see why a package of another name comes.
  const askedAs = new Map(made.satisfied.map((name, i) => [name, words[i] ?? name]));
  const incoming = made.incoming.map((item): PlannedPackage => {
    const asked = askedAs.get(item.name);
    return asked === undefined || asked === item.name ? item : { ...item, asked };
  });
  return { ...made, incoming };
}

/** Plans to remove what words stand for, or what nobody needs; what needs it leaves too, unless `dependents` is false. */
export async function planRemove(
  moss: Moss,
  words: readonly string[],
  options: PlanOptions & { readonly dependents?: boolean } = {},
): Promise<Plan> {
  return await plan(moss, options, ({ installed }) => {
    if (words.length === 0) return { jobs: [{ kind: "remove-orphans" }], summary: "Remove what nobody needs" };
    const names = [...new Set(forEach(words, (word) => installedName(moss, installed, word)))];
    const jobs: Job[] = [{ kind: "remove", names, dependents: options.dependents !== false }];
    return { jobs, summary: summaryOf("Remove", names) };
  });
}

/** Plans to bring packages to the best builds that are offered: those named, or all. */
export async function planUpgrade(
  moss: Moss,
  words: readonly string[],
  options: PlanOptions & { readonly newerOnly?: boolean } = {},
): Promise<Plan> {
  const { newerOnly = false } = options;
  const made = await plan(moss, options, ({ installed }) => {
    const names = forEach(words, (word) => installedName(moss, installed, word));
    const jobs: Job[] = [names.length === 0 ? { kind: "upgrade", newerOnly } : { kind: "upgrade", newerOnly, names }];
    return { jobs, summary: summaryOf("Upgrade", names) };
  });
  if (words.length > 0) return made;
  const changed = made.incoming.filter(({ kind }) => kind !== "mark").map(({ name }) => name);
  return { ...made, summary: summaryOf("Upgrade", changed) };
}

/** Maps words; where several cannot be understood, one failure tells of all of them. */
function forEach<T>(words: readonly string[], map: (word: string) => T): T[] {
  const failures: Failure[] = [];
  const results = [...new Set(words)].flatMap((word) => {
    try {
      return [map(word)];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failures.push(error);
      return [];
    }
  });
  const [first, ...others] = failures;
  if (first === undefined) return results;
  if (others.length === 0) throw first;
  const hints = [...new Set(failures.flatMap(({ hint }) => hint ?? []))];
  const hint = hints.length === 0 ? {} : { hint: hints.join(" ") };
  throw new Failure(first.code, failures.map(({ message }) => message).join("; "), hint);
}

/** The installed package that a word of `moss remove` means. Throws `package.unknown`. */
function installedName(moss: Moss, installed: InstalledSource, word: string): string {
  if (installed.byName(word) !== undefined) return word;
  if (word.startsWith("/")) {
    const owners = moss.root.owner(word)?.owners ?? [];
    const [owner] = owners;
    if (owner !== undefined && owners.length === 1) return owner;
  } else {
    const text = word.includes("(") ? word : undefined;
    const candidates = (text === undefined ? [`binary(${word})`, `sysbinary(${word})`, `name(${word})`] : [text]).map(
      (item) => [...installed.providing(item)],
    );
    const found = candidates.find((list) => list.length > 0);
    const [one] = found ?? [];
    if (one !== undefined && found?.length === 1) return one.meta.name;
    if (found !== undefined) {
      throw new Failure("package.unknown", `Cannot remove "${word}": several installed packages give it`, {
        hint: `Name one of them: ${found.map(({ meta }) => meta.name).join(", ")}.`,
      });
    }
  }
  const near = nearest(
    word,
    [...installed.all()].map(({ meta }) => meta.name),
  );
  throw new Failure(
    "package.unknown",
    `Cannot remove "${word}": no installed package has this name, and none gives it`,
    near === undefined ? {} : { hint: `Did you mean "${near}"?` },
  );
}
