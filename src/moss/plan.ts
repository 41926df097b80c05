// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a change would do, as a value: shown before anything is asked, printed as JSON, and then carried out. */
import { existsSync } from "node:fs";
import { compareText } from "#base/order";
import type { Collection, CollectionOffer } from "#collections/model";
import type { PackageId, PackageMeta } from "#model/package";
import { reasonText, removalText } from "#moss/reasons";
import { explicitOf, systemModel } from "#moss/system-model";
import type { ChangeKind, Reason, RemovalReason, Solution } from "#solver/model";
import type { Selection } from "#transition/change";
import type { MossRoot } from "#transition/root";
import type { StateRecord } from "#transition/schema";

/** A package that comes or changes. */
export interface PlannedPackage {
  readonly id: PackageId;
  readonly name: string;
  readonly meta: PackageMeta;
  readonly kind: ChangeKind;
  readonly explicit: boolean;
  readonly reason: Reason;
  /** The word that asked for it, where that is not its name. */
  readonly asked?: string;
  /** What it takes the place of. */
  readonly before?: PackageMeta;
  readonly collection?: string;
  /** Bytes to fetch; 0 where its stone, or all its files, are here. */
  readonly download: number;
  /** Bytes that its files take, as far as they are known. */
  readonly size: number;
  /** Where its stone is; absent where its files are in the store already. */
  readonly offer?: CollectionOffer;
}

export interface PlannedRemoval {
  readonly id: PackageId;
  readonly name: string;
  readonly meta: PackageMeta;
  readonly reason: RemovalReason;
  readonly size: number;
}

export interface Plan {
  /** The state that it was made on; 0: none. */
  readonly base: number;
  readonly summary: string;
  readonly incoming: readonly PlannedPackage[];
  readonly outgoing: readonly PlannedRemoval[];
  readonly heldBack: readonly { readonly name: string; readonly version: string; readonly explanation: string }[];
  /** Names of the packages that satisfy what was asked for. */
  readonly satisfied: readonly string[];
  /** Bytes to fetch. */
  readonly download: number;
  /** Bytes of stones that are on this machine already. */
  readonly local: number;
  /** Bytes by which /usr grows; negative where it shrinks. */
  readonly delta: number;
  /** Bytes that the store needs, at most. */
  readonly store: number;
  readonly systemModel: string;
}

/** True where nothing would change. */
export function isEmpty(plan: Plan): boolean {
  return plan.incoming.length + plan.outgoing.length === 0;
}

/** Do two plans change the same packages in the same way? */
export function samePlan(a: Plan, b: Plan): boolean {
  const key = (plan: Plan) =>
    JSON.stringify([
      plan.incoming.map(({ id, explicit, kind }) => [id, explicit, kind]),
      plan.outgoing.map(({ id }) => id),
    ]);
  return key(a) === key(b);
}

/** Why a package comes, in words. */
export function whyComing({ name, reason, asked }: PlannedPackage): string {
  // That it is needed by its own name need not be said.
  if (reason.kind === "needed" && reason.capability === `name(${name})`) return `needed by ${reason.by}`;
  return reason.kind === "asked" && asked !== undefined ? `${reasonText(reason)}: ${asked}` : reasonText(reason);
}

/** What a transition is given of a plan: packages with the reason that states remember. */
export function additionsOf(plan: Plan): Selection[] {
  return plan.incoming.map((item) => {
    const { id, explicit, meta } = item;
    return { id, explicit, reason: whyComing(item), promised: meta };
  });
}

/** The ids of the packages that leave. */
export function removalsOf(plan: Plan): PackageId[] {
  return plan.outgoing.map(({ id }) => id);
}

/** Where the stone of an offer is kept once it is fetched. */
export function downloadPath(cache: string, id: PackageId): string {
  return `${cache}/downloads/${id.slice(0, 2)}/${id}`;
}

// Where an index says nothing of the size unpacked: archives of programs shrink to a third or a fourth.
const UNPACKED = 4;

function sizeOf(meta: PackageMeta, stone: number): number {
  return meta.installedSize ?? stone * UNPACKED;
}

export interface PlanContext {
  readonly root: MossRoot;
  readonly base: number;
  readonly summary: string;
  readonly collections: readonly Collection[];
}

/** Turns what the solver found into a plan with sizes. */
export function planOf(solution: Solution<CollectionOffer>, { root, base, summary, collections }: PlanContext): Plan {
  const incoming = solution.incoming.map((item): PlannedPackage => {
    const { id, meta, kind, explicit, reason, offer, before } = item;
    const record = root.package(id);
    const known = { id, name: meta.name, meta, kind, explicit, reason };
    const replaced = before === undefined ? known : { ...known, before: before.meta };
    if (record !== undefined || offer === undefined) {
      const more = offer === undefined ? {} : { collection: offer.collection };
      return { ...replaced, ...more, download: 0, size: record?.size ?? 0 };
    }
    const here = offer.url.startsWith("file:") || existsSync(downloadPath(root.cache, id));
    const size = sizeOf(meta, offer.size);
    return { ...replaced, collection: offer.collection, offer, download: here ? 0 : offer.size, size };
  });
  const installedSize = (id: PackageId) => root.package(id)?.size ?? 0;
  const outgoing = solution.outgoing.map(({ package: { id, meta }, reason }) => ({
    id,
    name: meta.name,
    meta,
    reason,
    size: installedSize(id),
  }));
  const sum = (list: readonly number[]) => list.reduce((total, value) => total + value, 0);
  const coming = incoming.filter(({ kind }) => kind !== "mark");
  const replaced = solution.incoming.flatMap(({ before, kind }) =>
    before === undefined || kind === "mark" ? [] : [installedSize(before.id)],
  );
  return {
    base,
    summary,
    incoming,
    outgoing,
    heldBack: solution.heldBack.map(({ package: { meta }, offer, explanation }) => ({
      name: meta.name,
      version: offer.meta.version,
      explanation,
    })),
    satisfied: solution.satisfied,
    download: sum(incoming.map(({ download }) => download)),
    local: sum(incoming.map(({ offer, download }) => (offer !== undefined && download === 0 ? offer.size : 0))),
    delta: sum(coming.map(({ size }) => size)) - sum(replaced) - sum(outgoing.map(({ size }) => size)),
    store: sum(incoming.filter(({ offer }) => offer !== undefined).map(({ size }) => size)),
    systemModel: systemModel(collections, explicitNames(root, base, incoming, outgoing)),
  };
}

function explicitNames(
  root: MossRoot,
  base: number,
  incoming: readonly PlannedPackage[],
  outgoing: readonly PlannedRemoval[],
): string[] {
  const names = new Set(base === 0 ? [] : explicitIn(root, root.state(base)));
  for (const { name } of outgoing) names.delete(name);
  for (const { name, explicit } of incoming) {
    if (explicit) names.add(name);
    else names.delete(name);
  }
  return [...names].sort(compareText);
}

/** Its own model says what was asked for in a state, so that the list of all packages need not be read. */
function explicitIn(root: MossRoot, state: StateRecord): string[] {
  const all = () => root.packages(state).flatMap(({ name, explicit }) => (explicit ? [name] : []));
  return explicitOf(root.systemModel(state)) ?? all();
}

/** A plan as programs get it. */
export function planValue(plan: Plan) {
  return {
    base: plan.base,
    summary: plan.summary,
    incoming: plan.incoming.map((item) => ({
      name: item.name,
      version: item.meta.version,
      release: item.meta.release,
      kind: item.kind,
      ...(item.before === undefined ? {} : { before: { version: item.before.version, release: item.before.release } }),
      ...(item.collection === undefined ? {} : { collection: item.collection }),
      explicit: item.explicit,
      reason: whyComing(item),
      download: item.download,
      size: item.size,
      id: item.id,
    })),
    outgoing: plan.outgoing.map(({ name, meta: { version, release }, reason, size, id }) => ({
      name,
      version,
      release,
      reason: removalText(reason),
      size,
      id,
    })),
    heldBack: plan.heldBack,
    download: plan.download,
    local: plan.local,
    delta: plan.delta,
    store: plan.store,
  };
}
