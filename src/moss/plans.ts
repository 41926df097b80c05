// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Plans of the three changes: install, remove, upgrade. They only look; nothing is changed by making one. */
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import type { CollectionOffer } from "#collections/model";
import { installedIn } from "#moss/installed";
import { Offers, readLocalStone } from "#moss/local-stones";
import type { Moss } from "#moss/moss";
import { type Plan, planOf } from "#moss/plan";
import { isStonePath, type Known, wishOf } from "#moss/words";
import { installedOf } from "#solver/installed";
import type { InstalledSource, Job } from "#solver/model";
import { solve } from "#solver/solve";

export interface PlanOptions {
  /** Plans for an empty tree instead of the live state. */
  readonly empty?: boolean;
  /** Essential packages may leave. */
  readonly allowEssential?: boolean;
  /** What nobody needs any more stays. */
  readonly keepOrphans?: boolean;
}

function summaryOf(verb: string, words: readonly string[]): string {
  const text = `${verb} ${words.join(", ")}`;
  return text.length <= 72 ? text : `${verb} ${words.length} packages`;
}

interface Setting {
  readonly base: number;
  readonly installed: InstalledSource;
  readonly offers: Offers;
}

async function settingOf(moss: Moss, local: readonly CollectionOffer[], empty: boolean): Promise<Setting> {
  const active = empty ? undefined : moss.root.active();
  return {
    base: active?.id ?? 0,
    installed: empty ? installedOf([]) : installedIn(moss.root, active),
    offers: new Offers(await moss.catalogue(), local),
  };
}

function knownIn({ installed, offers }: Setting): Known {
  return {
    hasName: (name) => installed.byName(name) !== undefined || offers.has(name),
    gives: (text) => [...installed.providing(text)].length > 0 || offers.providing(text).length > 0,
    names: () => offers.names(),
  };
}

async function finish(moss: Moss, setting: Setting, jobs: readonly Job[], summary: string, options: PlanOptions) {
  const { base, installed, offers } = setting;
  const solution = solve({
    installed,
    offers,
    jobs,
    ...(options.allowEssential === true ? { allowEssential: true } : {}),
    ...(options.keepOrphans === true ? { keepOrphans: true } : {}),
  });
  return planOf(solution, { root: moss.root, base, summary, collections: await moss.collections() });
}

/** Plans to install what words stand for. Throws `package.unknown`, `solver.*`, `stone.*`. */
export async function planInstall(moss: Moss, words: readonly string[], options: PlanOptions = {}): Promise<Plan> {
  const local = new Map(words.filter(isStonePath).map((path) => [path, readLocalStone(path)]));
  const setting = await settingOf(moss, [...local.values()], options.empty === true);
  const known = knownIn(setting);
  const jobs = words.map((word): Job => {
    const stone = local.get(word);
    if (stone !== undefined) return { kind: "install-build", id: stone.id };
    const wish = wishOf(word, known);
    if ("stone" in wish) throw new Error(`the stone ${wish.stone} was not read`);
    return { kind: "install", capability: wish.capability };
  });
  const names = words.map((word) => local.get(word)?.meta.name ?? word);
  return await finish(moss, setting, jobs, summaryOf("Install", names), options);
}

/** Plans to remove what words stand for; what needs it leaves too, unless `dependents` is false. */
export async function planRemove(
  moss: Moss,
  words: readonly string[],
  options: PlanOptions & { readonly dependents?: boolean } = {},
): Promise<Plan> {
  const setting = await settingOf(moss, [], false);
  const names = words.map((word) => installedName(moss, setting.installed, word));
  const jobs: Job[] =
    words.length === 0
      ? [{ kind: "remove-orphans" }]
      : [{ kind: "remove", names: [...new Set(names)], dependents: options.dependents !== false }];
  const summary = words.length === 0 ? "Remove what nobody needs" : summaryOf("Remove", names);
  return await finish(moss, setting, jobs, summary, options);
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

/** Plans to bring packages to the best builds that are offered: those named, or all. */
export async function planUpgrade(
  moss: Moss,
  names: readonly string[],
  options: PlanOptions & { readonly newerOnly?: boolean } = {},
): Promise<Plan> {
  const setting = await settingOf(moss, [], false);
  const known = names.map((name) => installedName(moss, setting.installed, name));
  const job: Job = {
    kind: "upgrade",
    ...(names.length === 0 ? {} : { names: known }),
    ...(options.newerOnly === true ? { newerOnly: true } : {}),
  };
  const plan = await finish(moss, setting, [job], summaryOf("Upgrade", known), options);
  if (names.length > 0) return plan;
  const changed = plan.incoming.filter(({ kind }) => kind !== "mark").map(({ name }) => name);
  return { ...plan, summary: summaryOf("Upgrade", changed.length === 0 ? ["nothing"] : changed) };
}
