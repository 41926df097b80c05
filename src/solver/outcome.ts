// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From what the search found to what changes, and why. */
import { compareText, getOrInsert } from "#base/order";
import { compareRelease, type PackageId, type PackageMeta } from "#model/package";
import type {
  ChangeKind,
  Incoming,
  InstalledPackage,
  Offer,
  Outgoing,
  Problem,
  Reason,
  Selected,
  Solution,
} from "#solver/model";
import { findOrphans, type Member, type Orphan, Selection } from "#solver/orphans";
import { needOf, whyComing, whyLeaving } from "#solver/reasons";
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
  const turnover = turnoverOf(rules);
  const { gone, places } = turnover;
  const marks = new Map(jobs.flatMap((job) => (job.kind === "mark" ? [[job.name, job.explicit] as const] : [])));
  const asked = new Set(wanted);
  const isExplicit = explicitness(problem, turnover, marks, asked);
  const explicitFresh = new Set(turnover.fresh.filter(isExplicit).map(({ id }) => id));

  const orphans = orphansOf(problem, turnover, isExplicit, explicitFresh);
  const fresh = turnover.fresh.filter(({ id }) => !orphans.has(id));
  const goneIds = new Set(gone.map(({ id }) => id));
  for (const { item } of orphans.values()) {
    const present = installed.byName(item.meta.name);
    if (present?.id === item.id) goneIds.add(item.id);
  }
  const selection = new Selection(installed, goneIds, fresh);

  const outgoing = outgoingOf(problem, turnover, orphans, goneIds, fresh, selection);

  const reasonOf = (item: Member, explicit: boolean): Reason =>
    explicit ? { kind: "asked" } : (needOf(item, selection) ?? { kind: "kept" });
  const reasons = whyComing(fresh, explicitFresh, selection, (build) =>
    asked.has(build.name) ? undefined : places.get(build.id)?.find((item) => item.meta.name !== build.name),
  );
  const incoming = fresh.flatMap((build): Incoming<O>[] => {
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

  const everything = () => {
    const changed = new Set(incoming.map(({ id }) => id));
    const staying = [...installed.all()].flatMap(({ id, meta, explicit }): Selected[] =>
      goneIds.has(id) || changed.has(id) ? [] : [{ id, meta, explicit, reason: reasonOf({ id, meta }, explicit) }],
    );
    const coming = incoming.map(({ id, meta, explicit, reason }) => ({ id, meta, explicit, reason }));
    return [...staying, ...coming].sort(byName);
  };
  return { incoming, outgoing, satisfied: wanted, selection: everything };
}

/** What leaves for good, by name: not what a new build of the same name follows. */
function outgoingOf<O extends Offer>(
  problem: Problem<O>,
  { gone, heirOf }: Turnover<O>,
  orphans: ReadonlyMap<PackageId, Orphan>,
  goneIds: ReadonlySet<PackageId>,
  fresh: readonly Build<O>[],
  selection: Selection,
): Outgoing[] {
  const freshNames = new Set(fresh.map(({ name }) => name));
  const goneById = new Map(gone.map((item) => [item.id, item]));
  const orphanNames = new Map([...orphans.values()].map((orphan) => [orphan.item.meta.name, orphan]));
  const leaving = [...goneIds].flatMap((id) => {
    const item = goneById.get(id) ?? orphanOf(problem.installed, orphans.get(id)?.item);
    return item === undefined || freshNames.has(item.meta.name) ? [] : [item];
  });
  return leaving.sort(byName).map((item) => {
    const circumstances = { problem, selection, fresh, orphan: orphanNames.get(item.meta.name), heir: heirOf(item) };
    return { package: item, reason: whyLeaving(item, circumstances) };
  });
}

/** What the assignment itself takes and brings, before what nobody needs any more is looked for. */
interface Turnover<O extends Offer> {
  readonly gone: readonly InstalledPackage[];
  /** By name. */
  readonly fresh: readonly Build<O>[];
  /** What new builds take the place of. */
  readonly places: ReadonlyMap<PackageId, readonly InstalledPackage[]>;
  /** The new build of another name that takes the place of a package. */
  readonly heirOf: (item: InstalledPackage) => Build<O> | undefined;
}

function turnoverOf<O extends Offer>(rules: Rules<O>): Turnover<O> {
  const valueOf = (build: Build<O>) => rules.sat.value(yes(build.variable));
  const gone = rules.builds.flatMap((build) =>
    build.installed !== undefined && valueOf(build) === FALSE ? [build.installed] : [],
  );
  const fresh = rules.builds.filter((build) => build.installed === undefined && valueOf(build) === TRUE).sort(byName);
  const heirs = new Map(fresh.flatMap((build) => (build.meta.replaces ?? []).map((name) => [name, build] as const)));
  const heirOf = (item: InstalledPackage) => {
    const heir = heirs.get(item.meta.name);
    return heir?.name === item.meta.name ? undefined : heir;
  };
  const places = new Map<PackageId, InstalledPackage[]>();
  const freshByName = new Map(fresh.map((build) => [build.name, build]));
  for (const item of gone) {
    const heir = freshByName.get(item.meta.name) ?? heirOf(item);
    if (heir !== undefined) getOrInsert(places, heir.id, () => []).push(item);
  }
  return { gone, fresh, places, heirOf };
}

/** Says of a package whether somebody wants it for itself: by what is asked now, else as what it takes the place of was. */
function explicitness<O extends Offer>(
  { installed }: Problem<O>,
  { fresh, places }: Turnover<O>,
  marks: ReadonlyMap<string, boolean>,
  asked: ReadonlySet<string>,
): (item: Member) => boolean {
  const freshByName = new Map(fresh.map((build) => [build.name, build]));
  return ({ id, meta: { name } }) =>
    asked.has(name) ||
    (marks.get(name) ??
      (freshByName.get(name)?.id === id
        ? (places.get(id) ?? []).some(({ explicit }) => explicit)
        : installed.byName(name)?.explicit === true));
}

/** What nobody needs any more after the turnover. */
function orphansOf<O extends Offer>(
  { installed, jobs, keepOrphans }: Problem<O>,
  { gone, fresh, places }: Turnover<O>,
  isExplicit: (item: Member) => boolean,
  explicitFresh: ReadonlySet<PackageId>,
): Map<PackageId, Orphan> {
  const isRoot = (item: Member): boolean => {
    if (explicitFresh.has(item.id)) return true;
    const present = installed.byName(item.meta.name);
    if (present?.id !== item.id) return false;
    return isExplicit(item) || present.meta.essential === true || present.pinned === true;
  };
  const goneIds = new Set(gone.map(({ id }) => id));
  // A new build in the place of an old one is looked at only where something that needed it left.
  const suspects: Member[] = fresh.filter(({ id }) => !places.has(id));
  if (jobs.some(({ kind }) => kind === "remove-orphans")) {
    suspects.push(...[...installed.all()].filter(({ id }) => !goneIds.has(id)));
  }
  const seeds = keepOrphans === true ? [] : [...gone].sort(byName);
  return findOrphans(new Selection(installed, goneIds, fresh), seeds, suspects, isRoot);
}

function orphanOf(installed: Problem["installed"], item: Member | undefined): InstalledPackage | undefined {
  return item === undefined ? undefined : installed.byName(item.meta.name);
}

function kindOf(before: InstalledPackage | undefined, after: PackageMeta): ChangeKind {
  if (before === undefined) return "install";
  const order = compareRelease(after, before.meta);
  return order < 0 ? "upgrade" : order > 0 ? "downgrade" : "reinstall";
}
