// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From what the search found to what changes, and why. */
import { compareText, getOrInsert } from "#base/order";
import { compareRelease, type PackageId, type PackageMeta } from "#model/package";
import { givenBy, neededBy, refusedBy } from "#solver/installed";
import type {
  ChangeKind,
  Incoming,
  InstalledPackage,
  Offer,
  Outgoing,
  Problem,
  Reason,
  RemovalReason,
  Selected,
  Solution,
} from "#solver/model";
import { findOrphans, type Member, Selection } from "#solver/orphans";
import type { Rules } from "#solver/rules";
import { FALSE, TRUE, yes } from "#solver/sat";
import type { Build } from "#solver/why";

const byName = (a: { readonly meta: PackageMeta }, b: { readonly meta: PackageMeta }) =>
  compareText(a.meta.name, b.meta.name);

/** What an assignment says, with `wanted`: names of packages that meet install jobs. */
export function outcomeOf<O extends Offer>(
  problem: Problem<O>,
  rules: Rules<O>,
  wanted: readonly string[],
): Omit<Solution<O>, "heldBack"> {
  const { installed, jobs } = problem;
  const valueOf = (build: Build<O>) => rules.sat.value(yes(build.variable));
  const gone = rules.builds.flatMap((build) =>
    build.installed !== undefined && valueOf(build) === FALSE ? [build.installed] : [],
  );
  let fresh = rules.builds.filter((build) => build.installed === undefined && valueOf(build) === TRUE).sort(byName);
  const heirs = new Map(fresh.flatMap((build) => (build.meta.replaces ?? []).map((name) => [name, build] as const)));
  const replacedBy = (item: InstalledPackage) => {
    const heir = heirs.get(item.meta.name);
    return heir?.name === item.meta.name ? undefined : heir;
  };
  /** What new builds take the place of. */
  const places = new Map<PackageId, InstalledPackage[]>();
  const freshByName = new Map(fresh.map((build) => [build.name, build]));
  for (const item of gone) {
    const heir = freshByName.get(item.meta.name) ?? replacedBy(item);
    if (heir !== undefined) getOrInsert(places, heir.id, () => []).push(item);
  }

  const marks = new Map(jobs.flatMap((job) => (job.kind === "mark" ? [[job.name, job.explicit] as const] : [])));
  const asked = new Set(wanted);
  const isExplicit = ({ id, meta: { name } }: Member): boolean =>
    asked.has(name) ||
    (marks.get(name) ??
      (freshByName.get(name)?.id === id
        ? (places.get(id) ?? []).some(({ explicit }) => explicit)
        : installed.byName(name)?.explicit === true));
  const explicitFresh = new Set(fresh.filter(isExplicit).map(({ id }) => id));
  const isRoot = (item: Member): boolean => {
    if (explicitFresh.has(item.id)) return true;
    const present = installed.byName(item.meta.name);
    if (present?.id !== item.id) return false;
    return isExplicit(item) || present.meta.essential === true || present.pinned === true;
  };

  const goneIds = new Set(gone.map(({ id }) => id));
  const before = new Selection(installed, goneIds, fresh);
  // A new build in the place of an old one is looked at only where something that needed it left.
  const suspects: Member[] = fresh.filter(({ id }) => !places.has(id));
  if (jobs.some(({ kind }) => kind === "remove-orphans")) {
    suspects.push(...[...installed.all()].filter(({ id }) => !goneIds.has(id)));
  }
  const seeds = problem.keepOrphans === true ? [] : [...gone].sort(byName);
  const orphans = findOrphans(before, seeds, suspects, isRoot);
  fresh = fresh.filter(({ id }) => !orphans.has(id));
  for (const { item } of orphans.values()) {
    const present = installed.byName(item.meta.name);
    if (present?.id === item.id) goneIds.add(item.id);
  }
  const selection = new Selection(installed, goneIds, fresh);
  const freshNames = new Set(fresh.map(({ name }) => name));
  const goneById = new Map(gone.map((item) => [item.id, item]));
  const orphanNames = new Map([...orphans.values()].map((orphan) => [orphan.item.meta.name, orphan]));

  const leaving = [...goneIds].flatMap((id) => {
    const item = goneById.get(id) ?? orphanOf(installed, orphans.get(id)?.item);
    return item === undefined || freshNames.has(item.meta.name) ? [] : [item];
  });
  const outgoing = leaving.sort(byName).map((item): Outgoing => ({ package: item, reason: whyGone(item) }));

  function whyGone(item: InstalledPackage): RemovalReason {
    const { name } = item.meta;
    const sameName = orphanNames.get(name);
    if (sameName !== undefined) {
      return sameName.of === undefined ? { kind: "orphan" } : { kind: "orphan", of: sameName.of };
    }
    if (jobs.some((job) => job.kind === "remove" && job.names.includes(name))) return { kind: "asked" };
    const heir = replacedBy(item);
    if (heir !== undefined) return { kind: "replaced", by: heir.name };
    for (const text of neededBy(item.meta)) {
      if (givenBy(item.meta).has(text) || !selection.providing(text).next().done) continue;
      const [lost] = [...installed.providing(text)].sort(byName);
      if (lost !== undefined) return { kind: "needs", name: lost.meta.name, capability: text };
    }
    const enemy = fresh.find((build) => refuses(build.meta, item.meta) || refuses(item.meta, build.meta));
    return enemy === undefined ? { kind: "orphan" } : { kind: "conflict", with: enemy.name };
  }

  const reasons = reasonsOf(fresh, explicitFresh, selection, (build) =>
    asked.has(build.name) ? undefined : places.get(build.id)?.find((item) => item.meta.name !== build.name),
  );
  const incoming: Incoming<O>[] = fresh.flatMap((build) => {
    const { id, meta, offer } = build;
    if (offer === undefined) return [];
    const old = installed.byName(build.name);
    const reason = reasons.get(id) ?? { kind: "kept" };
    const item = { id, meta, offer, explicit: explicitFresh.has(id), reason, kind: kindOf(old, meta) };
    return [old === undefined ? item : { ...item, before: old }];
  });
  for (const name of new Set([...asked, ...marks.keys()])) {
    const item = installed.byName(name);
    if (item === undefined || goneIds.has(item.id) || isExplicit(item) === item.explicit) continue;
    const { id, meta } = item;
    const explicit = isExplicit(item);
    incoming.push({ id, meta, explicit, reason: reasonOf(item, explicit), kind: "mark", before: item });
  }
  incoming.sort(byName);

  function reasonOf(item: Member, explicit: boolean): Reason {
    return explicit ? { kind: "asked" } : (needOf(item, selection) ?? { kind: "kept" });
  }

  return {
    incoming,
    outgoing,
    satisfied: wanted,
    selection: () => {
      const changed = new Set(incoming.map(({ id }) => id));
      const staying = [...installed.all()].flatMap(({ id, meta, explicit }): Selected[] =>
        goneIds.has(id) || changed.has(id) ? [] : [{ id, meta, explicit, reason: reasonOf({ id, meta }, explicit) }],
      );
      const coming = incoming.map(({ id, meta, explicit, reason }) => ({ id, meta, explicit, reason }));
      return [...staying, ...coming].sort(byName);
    },
  };
}

function orphanOf(installed: Problem["installed"], item: Member | undefined): InstalledPackage | undefined {
  return item === undefined ? undefined : installed.byName(item.meta.name);
}

function refuses(a: PackageMeta, b: PackageMeta): boolean {
  const given = givenBy(b);
  return [...refusedBy(a)].some((text) => given.has(text));
}

function kindOf(before: InstalledPackage | undefined, after: PackageMeta): ChangeKind {
  if (before === undefined) return "install";
  const order = compareRelease(after, before.meta);
  return order < 0 ? "upgrade" : order > 0 ? "downgrade" : "reinstall";
}

/** Why a new build comes: followed from what was asked for, then from what is there. */
function reasonsOf<O extends Offer>(
  fresh: readonly Build<O>[],
  explicit: ReadonlySet<PackageId>,
  selection: Selection,
  replacedBy: (build: Build<O>) => InstalledPackage | undefined,
): Map<PackageId, Reason> {
  const reasons = new Map<PackageId, Reason>();
  const queue: Build<O>[] = [];
  const reach = (build: Build<O>, reason: Reason) => {
    if (reasons.has(build.id)) return;
    reasons.set(build.id, reason);
    queue.push(build);
  };
  const byId = new Map(fresh.map((build) => [build.id, build]));
  const follow = () => {
    for (let build = queue.shift(); build !== undefined; build = queue.shift()) {
      for (const text of neededBy(build.meta)) {
        for (const { id } of selection.providing(text)) {
          const other = byId.get(id);
          if (other !== undefined && other !== build)
            reach(other, { kind: "needed", by: build.name, capability: text });
        }
      }
    }
  };
  for (const build of fresh) {
    const old = replacedBy(build);
    if (old !== undefined) reach(build, { kind: "replaces", name: old.meta.name });
    else if (explicit.has(build.id)) reach(build, { kind: "asked" });
  }
  follow();
  for (const build of fresh) {
    const need = needOf(build, selection, (id) => byId.has(id));
    if (need !== undefined) reach(build, need);
    follow();
  }
  return reasons;
}

/** The first package by name that needs this one; those that `skip` names do not count. */
function needOf(
  item: Member,
  selection: Selection,
  skip: (id: PackageId) => boolean = () => false,
): Reason | undefined {
  let best: { readonly by: string; readonly capability: string } | undefined;
  for (const text of givenBy(item.meta)) {
    for (const { id, meta } of selection.needing(text)) {
      if (id === item.id || skip(id)) continue;
      if (best === undefined || compareText(meta.name, best.by) < 0) best = { by: meta.name, capability: text };
    }
  }
  return best === undefined ? undefined : { kind: "needed", ...best };
}
