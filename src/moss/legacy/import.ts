// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Takes over a root of the older moss. First the live state becomes a state of ours, by the same journalled transition as
 * every change: until its exchange the older root is as it was. Then the history follows, one commit a state. A run that
 * was cut off anywhere is simply run again, and goes on where it was.
 */
import { existsSync } from "node:fs";
import { Failure } from "#base/errors";
import { compareText } from "#base/order";
import type { EngineListener } from "#moss/events";
import { convert } from "#moss/legacy/convert";
import type { LegacyRoot, LegacyState } from "#moss/legacy/root";
import { type Incomplete, type Survey, survey } from "#moss/legacy/survey";
import type { Moss } from "#moss/moss";
import { systemModel } from "#moss/system-model";
import { freeSpace } from "#store/disk";
import type { Unpacked } from "#store/unpack";
import { FileLock } from "#sys/lock";
import { type ApplyResult, apply } from "#transition/apply";
import type { Bring } from "#transition/arrive";
import type { Selection } from "#transition/change";
import { recordPast, reservedPast, reservePast } from "#transition/history";
import { writtenState } from "#transition/live";
import type { MossRoot } from "#transition/root";

/** What an import would do, or has left to do. */
export interface ImportPlan extends Survey {
  /** The live state of the older moss; absent once it has been taken over. */
  readonly live?: LegacyState;
  /** The highest number of a state there. */
  readonly last: number;
}

export interface Imported {
  /** What taking over the live state did; absent where an earlier run had done it. */
  readonly live?: ApplyResult;
  /** Numbers of the states that came, in the order in which they did. */
  readonly states: readonly number[];
  readonly incomplete: readonly Incomplete[];
}

export interface ImportOptions {
  /** The command line, and who ran it. */
  readonly command: string;
  readonly user?: string;
  readonly onEvent?: EngineListener;
}

/**
 * What there is to take over. Throws root.invalid where no older moss was at work or ours was before it, state.unknown and
 * what stands in the way where the live state cannot be taken over, db.corrupt, format.invalid.
 */
export function planImport(root: MossRoot, legacy: LegacyRoot, onEvent: EngineListener = () => {}): ImportPlan {
  const all = legacy.states();
  const taken = root.states().map(({ id }) => id);
  if (taken.length > 0 && reservedPast(root) === 0) {
    throw new Failure("root.invalid", `Cannot import into the root "${root.directory}": it has states of its own`, {
      hint: "Only a root that the older moss made, and nobody else has changed, can be taken over.",
    });
  }
  const liveId = taken.length === 0 ? writtenState(root.usr) : undefined;
  const live = all.find(({ id }) => id === liveId);
  if (taken.length === 0 && live === undefined) {
    const found = liveId === undefined ? "its usr/.stateID names no state" : `its database has no state ${liveId}`;
    throw new Failure("state.unknown", `Cannot import the root "${root.directory}": ${found}, expected the live one`);
  }
  const left = all.filter(({ id }) => !taken.includes(id));
  const result = survey(
    legacy,
    left,
    (id) => root.package(id) !== undefined,
    (done, total) => onEvent({ kind: "verify", what: "store", done, total }),
  );
  const hindered = result.incomplete.find(({ id }) => id === live?.id);
  if (hindered !== undefined) throw hindered.reason;
  const last = all.reduce((most, { id }) => Math.max(most, id), 0);
  return { ...result, last, ...(live === undefined ? {} : { live }) };
}

/** Keeps the older moss from changing the root meanwhile. Throws root.busy where it is at work. */
export function lockOlder(root: MossRoot, command: string): Disposable {
  const path = `${root.private}/.moss-lockfile`;
  if (!existsSync(path)) return { [Symbol.dispose]: () => {} };
  const lock = FileLock.tryAcquire(path, "exclusive", JSON.stringify({ pid: process.pid, command }));
  if (lock !== undefined) return lock;
  throw new Failure("root.busy", `Cannot import the root "${root.directory}": the older moss is at work in it`);
}

/**
 * Takes over what a plan, made under the same lock, says. The root's lock must be held, and nothing pending. Throws what
 * `apply` throws, and disk.full before anything is changed.
 */
export async function importLegacy(
  moss: Moss,
  legacy: LegacyRoot,
  plan: ImportPlan,
  options: ImportOptions,
): Promise<Imported> {
  const { root } = moss;
  const { command, user, onEvent = () => {} } = options;
  checkRoom(root, plan.bytes);
  const bring = bringFrom(legacy, onEvent);
  const collections = await moss.collections();
  const modelOf = (selections: readonly Selection[]) => {
    const names = selections.flatMap(({ id, explicit }) => (explicit ? [legacy.meta(id).name] : []));
    return systemModel(collections, [...new Set(names)].sort(compareText));
  };
  let live: ApplyResult | undefined;
  if (plan.live !== undefined) {
    // Before the first state of ours, so that its number is above all of theirs.
    reservePast(root, plan.last);
    const { id, selections } = plan.live;
    live = await apply(
      root,
      {
        selections,
        stones: bring,
        summary: `Import of state ${id} of the older moss`,
        command,
        ...(user === undefined ? {} : { user }),
        systemModel: modelOf(selections),
        base: 0,
        takeOver: true,
      },
      onEvent,
    );
  }
  let near = root.active();
  const states: number[] = [];
  const incomplete = [...plan.incomplete];
  for (const state of [...plan.complete].sort((a, b) => b.id - a.id)) {
    if (near === undefined) throw new Error("after an import a state is live");
    const past = { ...state, command: "(the older moss)", systemModel: modelOf(state.selections) };
    try {
      near = await recordPast(root, past, near, bring, onEvent);
      states.push(state.id);
    } catch (reason) {
      if (!(reason instanceof Failure) || !OF_THE_STATE.has(reason.code)) throw reason;
      incomplete.push({ id: state.id, summary: state.summary, reason });
    }
  }
  return { states, incomplete, ...(live === undefined ? {} : { live }) };
}

/** Failures that tell of one state; with any other the import ends. */
const OF_THE_STATE: ReadonlySet<string> = new Set([
  "store.missing",
  "store.corrupt",
  "tree.collision",
  "tree.path",
  "stone.layout",
  "stone.path",
  "solver.conflict",
  "format.invalid",
  "package.unknown",
]);

function bringFrom(legacy: LegacyRoot, onEvent: EngineListener): Bring {
  let token = 0;
  return (ids, arrival) => {
    const arrived = new Map<string, Unpacked>();
    for (const id of ids) {
      const item = convert(legacy, id, arrival, `legacy-${token++}`);
      arrived.set(id, item);
      onEvent({ kind: "unpack", name: item.meta.name, done: arrived.size, total: ids.length });
    }
    return arrived;
  };
}

/** The bodies are copied, since ours differ in mode and owner from what the older trees are linked to. */
function checkRoom(root: MossRoot, bytes: number): void {
  // A twentieth for blocks that are not filled, folders and the database.
  const wanted = Math.ceil(bytes * 1.05) + (bytes === 0 ? 0 : 1 << 20);
  const free = freeSpace(root.store);
  if (free >= wanted) return;
  const mib = (value: number) => `${(value / (1 << 20)).toFixed(1)} MiB`;
  throw new Failure("disk.full", `Cannot import: ${root.store} has ${mib(free)} left, expected ${mib(wanted)}`, {
    hint: "Nothing was changed. Remove states of the older moss that nobody needs, with the older moss.",
  });
}
