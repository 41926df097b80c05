// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The steps that every transition shares: begin, exchange, end, and what to do about one that did not end. */
import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { errnoCode, Failure } from "#base/errors";
import type { ReadTransaction, WriteTransaction } from "#moss-db/index";
import { Arrival, discardArrivals } from "#store/arrival";
import { diskFailure } from "#store/disk";
import { makePlainDirectory } from "#store/owner";
import { renameExchange } from "#sys/exchange";
import { sha256Hex } from "#sys/sha256";
import { syncPath } from "#sys/sync";
import { makeRootLinks, mountPoint } from "#transition/checks";
import { fault } from "#transition/fault";
import { shownState, writtenState } from "#transition/live";
import { activeState, type MossRoot } from "#transition/root";
import {
  COUNTERS,
  CURRENT,
  JOURNAL,
  type JournalRecord,
  LIVE,
  STATES,
  TREES,
  type TreeRecord,
} from "#transition/schema";
import { type Begun, type Candidate, candidates, freePlace } from "#transition/staging";

function next(tx: WriteTransaction, counter: string): number {
  const value = (tx.bucket(COUNTERS).get(counter) ?? 0) + 1;
  tx.bucket(COUNTERS).set(counter, value);
  return value;
}

/** The folder into which a transition unpacks. */
export function arrivalOf(root: MossRoot, transition: number, distrusted?: ReadonlySet<string>): Arrival {
  return new Arrival(root.store, `${arrivalsOf(root)}${transition}`, distrusted);
}

/**
 * Removes what runs of this root that did not end have left in the store; the lock must be held. In a store of its own that is all
 * that has not been admitted: the root may have had another path then, as one has that is prepared elsewhere and then booted.
 */
export function discardOwnArrivals(root: MossRoot): void {
  const own = arrivalsOf(root);
  discardArrivals(root.store, (id) => root.shared && !id.startsWith(own));
}

function arrivalsOf(root: MossRoot): string {
  return `${sha256Hex(root.directory).slice(0, 12)}-`;
}

/**
 * Writes that a transition has begun. `state` is the state to go to, or absent for a new one, whose number is allotted here
 * and never again.
 */
export function begin(
  root: MossRoot,
  kind: "apply" | "activate",
  command: string,
  choose: (list: readonly Candidate[]) => Candidate | undefined,
  state?: number,
): Begun {
  const begun = root.database.update((tx) => {
    const trees = [...tx.bucket(TREES).entries()];
    const places = trees.map(([place]) => place);
    const spare = choose(candidates(trees));
    const journal: JournalRecord = {
      kind,
      phase: "staging",
      transition: next(tx, "transition"),
      state: state ?? next(tx, "state"),
      created: state === undefined,
      before: activeState(root, tx)?.id ?? 0,
      place: spare?.place ?? freePlace(root, places),
      started: Date.now(),
      command,
    };
    if (spare !== undefined) tx.bucket(TREES).delete(spare.place);
    tx.bucket(JOURNAL).set(CURRENT, journal);
    return { journal, spare, touched: false };
  });
  fault("begun");
  return begun;
}

/** The one instant at which the staged tree becomes /usr, made durable. Throws root.mountpoint. */
export function exchange(root: MossRoot, place: string): void {
  fault("before-exchange");
  const staged = root.treePath(place);
  if (!existsSync(root.usr)) makePlainDirectory(root.usr, 0o755);
  try {
    renameExchange(staged, root.usr);
  } catch (error) {
    if (errnoCode(error) === "EBUSY" || errnoCode(error) === "EXDEV") throw mountPoint(root.usr);
    throw error;
  }
  fault("exchanged");
  syncPath(root.directory);
  syncPath(`${root.trees}/${place}`);
  makeRootLinks(root.directory);
  fault("linked");
}

/** Writes that the exchange has happened. `more`: hooks still have to run, so the journal stays. */
export function settle(root: MossRoot, journal: JournalRecord, more: boolean): void {
  const was = root.treePath(journal.place);
  const inode = String(lstatSync(was, { bigint: true }).ino);
  const kept = root.database.update((tx) => {
    const trees = tx.bucket(TREES);
    const old = trees.get(LIVE);
    // What was /usr before the first state, or was put there by others, is no tree of a state.
    // Nor is the empty folder that stood in for a /usr that was gone, which may have got the number of the lost one.
    const same = old?.inode === inode && readdirSync(was).length > 0;
    const kept = old !== undefined && (same || writtenState(was) === old.state);
    if (journal.staged !== undefined) trees.set(LIVE, { ...journal.staged, since: journal.transition });
    if (kept) trees.set(journal.place, archived(old, inode, journal.transition));
    if (more) tx.bucket(JOURNAL).set(CURRENT, { ...journal, phase: "after" });
    else tx.bucket(JOURNAL).delete(CURRENT);
    return kept;
  });
  fault("settled");
  if (!kept) rmSync(`${root.trees}/${journal.place}`, { recursive: true, force: true });
}

function archived(old: TreeRecord, inode: string, since: number): TreeRecord {
  // A tree that was copied into place by others is not what its record says: never start from it.
  return old.inode === inode ? { ...old, since } : { ...old, inode, since, windows: [] };
}

/** Ends the journal. */
export function end(root: MossRoot): void {
  root.database.update((tx) => tx.bucket(JOURNAL).delete(CURRENT));
  fault("ended");
}

/** True where the live tree is the one that was staged. */
export function exchanged(root: MossRoot, tx: ReadTransaction, journal: JournalRecord): boolean {
  const stat = lstatSync(root.usr, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined || journal.staged === undefined) return false;
  const inode = String(stat.ino);
  if (inode === journal.staged.inode) return true;
  const live = tx.bucket(TREES).get(LIVE);
  if (inode === live?.inode || journal.before === 0) return false;
  // Neither: the root was copied, and its inodes are others. What the tree says of itself decides.
  return shownState(root, tx)?.id === journal.state;
}

/**
 * Takes back a transition that has not exchanged. Its state is gone; a tree that was whole stays as a spare, and one that
 * is known to be `untouched` stays what it was.
 */
export function undo(root: MossRoot, journal: JournalRecord, untouched?: Candidate): void {
  arrivalOf(root, journal.transition).discard();
  const whole = journal.phase === "exchange" ? journal.staged : undefined;
  const kept = whole === undefined ? untouched?.record : { ...whole, since: 0 };
  if (kept === undefined) rmSync(`${root.trees}/${journal.place}`, { recursive: true, force: true });
  root.database.update((tx) => {
    if (journal.created) tx.bucket(STATES).delete(journal.state);
    if (kept !== undefined) tx.bucket(TREES).set(journal.place, kept);
    tx.bucket(JOURNAL).delete(CURRENT);
  });
}

/** Writes that the staged tree is whole and on the disk, so that the exchange may happen from now on. */
export function commitStaged(
  root: MossRoot,
  begun: JournalRecord,
  staged: TreeRecord,
  more: (tx: WriteTransaction) => void = () => {},
): JournalRecord {
  const journal: JournalRecord = { ...begun, phase: "exchange", staged };
  root.database.update((tx) => {
    more(tx);
    tx.bucket(JOURNAL).set(CURRENT, journal);
  });
  fault("committed");
  return journal;
}

/**
 * Undoes what has not exchanged; where even that fails, the journal stays and the next command does it. Gives the failure to
 * throw for `error`: it says so where the new state is live all the same.
 */
export function takeBack(root: MossRoot, { journal, spare, touched }: Begun, error: unknown, verb: string): unknown {
  const failure = diskFailure(error, verb);
  try {
    const pending = root.pending();
    const ended = pending?.transition !== journal.transition || pending.phase === "after";
    if (!ended && !root.view((tx) => exchanged(root, tx, pending))) {
      undo(root, pending, touched ? undefined : spare);
      return failure;
    }
    return root.active()?.id === journal.state ? liveAllTheSame(failure, journal.state) : failure;
  } catch {
    // The disk may be full or gone: the record in the journal says what to do later.
    return failure;
  }
}

function liveAllTheSame(failure: unknown, state: number): unknown {
  if (!(failure instanceof Failure)) return failure;
  const told = `State ${state} is live all the same; what was left to do, the next command does.`;
  const hint = failure.hint === undefined ? told : `${failure.hint} ${told}`;
  return new Failure(failure.code, failure.message, { hint, cause: failure.cause });
}
