// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Why packages come, and why they leave. */
import { compareText } from "#base/order";
import type { PackageId, PackageMeta } from "#model/package";
import { givenBy, neededBy, refusedBy } from "#solver/installed";
import type { InstalledPackage, Offer, Problem, Reason, RemovalReason } from "#solver/model";
import type { Member, Orphan, Selection } from "#solver/orphans";
import type { Build } from "#solver/why";

/** Why a new build comes: followed from what was asked for, then from what is there. */
export function whyComing<O extends Offer>(
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
export function needOf(
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

/** What is known of a package that leaves, and of the change that it leaves in. */
export interface Circumstances<O extends Offer> {
  readonly problem: Problem<O>;
  /** What there is after the change. */
  readonly selection: Selection;
  readonly fresh: readonly Build<O>[];
  /** What made it an orphan, where it is one. */
  readonly orphan: Orphan | undefined;
  /** The new build of another name that takes its place. */
  readonly heir: Build<O> | undefined;
}

/** Why a package leaves. */
export function whyLeaving<O extends Offer>(
  { meta }: InstalledPackage,
  { problem: { installed, jobs }, selection, fresh, orphan, heir }: Circumstances<O>,
): RemovalReason {
  if (orphan !== undefined) return orphan.of === undefined ? { kind: "orphan" } : { kind: "orphan", of: orphan.of };
  if (jobs.some((job) => job.kind === "remove" && job.names.includes(meta.name))) return { kind: "asked" };
  if (heir !== undefined) return { kind: "replaced", by: heir.name };
  for (const text of neededBy(meta)) {
    if (givenBy(meta).has(text) || !selection.providing(text).next().done) continue;
    const [lost] = [...installed.providing(text)].sort((a, b) => compareText(a.meta.name, b.meta.name));
    if (lost !== undefined) return { kind: "needs", name: lost.meta.name, capability: text };
  }
  const enemy = fresh.find((build) => refuses(build.meta, meta) || refuses(meta, build.meta));
  return enemy === undefined ? { kind: "orphan" } : { kind: "conflict", with: enemy.name };
}

function refuses(a: PackageMeta, b: PackageMeta): boolean {
  const given = givenBy(b);
  return [...refusedBy(a)].some((text) => given.has(text));
}
