// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A check of everything that a root has: database, store, the trees on disk, the links at its top. It changes nothing, takes no lock,
 * and waits for nobody.
 *
 * A writer changes on the disk only what a commit has let go before: a spare that is no longer recorded, files that no package
 * needs. So what is found is true where nobody has committed since the view began, and else is looked at once more, in a new view.
 */
import { accessSync, constants } from "node:fs";
import { errnoCode } from "#base/errors";
import type { Listener } from "#transition/events";
import { type Counts, type Evidence, gather } from "#transition/gather";
import type { Hooks } from "#transition/hooks";
import type { Problem } from "#transition/problems";
import { recover } from "#transition/recover";
import type { MossRoot } from "#transition/root";
import { checkMadeByRoot, checkOwnership, checkPresent } from "#transition/root-paths";
import type { JournalRecord } from "#transition/schema";
import { isOfDisk, suspectsOf } from "#transition/suspects";

export interface VerifyOptions {
  /** Reads no file's bytes: only sizes, modes, owners, names. */
  readonly quick?: boolean;
}

/** Of a check that a repair is to follow. */
export interface ExamineOptions extends VerifyOptions {
  readonly command: string;
  /** Milliseconds to wait for another writer. */
  readonly wait?: number;
  /** What a transition that did not end still has to run. */
  readonly hooks?: Hooks;
}

export interface VerifyReport extends Counts {
  readonly problems: readonly Problem[];
  /** The state that was live when the check began, whose tree it took for /usr; 0 for none. */
  readonly state: number;
  /** What others did meanwhile, or have not ended. */
  readonly beside: Beside;
  /** What was not looked at for want of rights; absent where nothing was. */
  readonly unread?: { readonly store: boolean; readonly entries: number };
}

export interface Beside {
  /** The state that is live at the end. */
  readonly live: number;
  /** What has begun and not ended; its writer may be at work, or may have been cut off. */
  readonly pending?: Pick<JournalRecord, "kind" | "state" | "command">;
  /** States whose trees have meanwhile become those of others, so that what was found in them says nothing. */
  readonly changed: readonly number[];
  /** Differences that are not told, since the root was changed each time they were looked at again. */
  readonly unsettled: number;
}

/** How often suspicious things are looked at again while others go on to commit. */
const ROUNDS = 20;
/** Milliseconds, times the round, to leave a writer alone before the next look. */
const PAUSE = 5;

/**
 * Checks a root, also beside a writer and without rights to its store. Throws db.corrupt, root.foreign where it is another user's,
 * and root.invalid where the store that it shares is gone.
 */
export function verifyRoot(root: MossRoot, options: VerifyOptions = {}, onEvent: Listener = () => {}): VerifyReport {
  if (!root.exists) return { ...NOTHING, beside: { live: 0, changed: [], unsettled: 0 } };
  checkOwnership(root.directory, root.private, root.store);
  if (root.shared) checkPresent(root.cache, root.directory);
  const everything = !isClosed(root.store) && !isClosed(root.trees);
  if (!everything) checkMadeByRoot(root.directory, root.private);
  const look = { bytes: options.quick !== true, everything };
  const first = gather(root, look, onEvent);
  let last = first;
  let suspicious = first.report.problems.filter(isOfDisk);
  const changed = new Set<number>();
  let settled = true;
  for (let round = 0; suspicious.length > 0 && root.database.newest !== last.commit; round++) {
    if (round === ROUNDS) {
      settled = false;
      break;
    }
    if (round > 0) Bun.sleepSync(PAUSE * round);
    const before = last;
    const only = suspectsOf(suspicious, before.trees);
    last = gather(root, { ...look, only }, () => {});
    for (const key of only.paths.keys()) if (!last.trees.has(key)) changed.add(before.trees.get(key)?.state ?? 0);
    suspicious = last.report.problems.filter(isOfDisk);
  }
  const database = first.report.problems.filter((problem) => !isOfDisk(problem));
  const pending = root.pending();
  return {
    ...first.report,
    problems: settled ? [...database, ...suspicious] : database,
    state: first.live,
    beside: {
      live: root.active()?.id ?? 0,
      ...(pending === undefined
        ? {}
        : { pending: { kind: pending.kind, state: pending.state, command: pending.command } }),
      changed: [...changed].sort((a, b) => a - b),
      unsettled: settled ? 0 : suspicious.length,
    },
    ...(everything ? {} : { unread: { store: true, entries: first.unread } }),
  };
}

const NOTHING = { problems: [], assets: 0, bytes: 0, unneeded: 0, trees: 0, entries: 0, state: 0 };

function isClosed(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
    return false;
  } catch (error) {
    // What is not there is damage, and told as such.
    return errnoCode(error) === "EACCES";
  }
}

/**
 * Checks a root for a repair, which goes on under the same lock. What an earlier run left is finished or undone first. Throws
 * root.busy, db.corrupt.
 */
export async function examineRoot(
  root: MossRoot,
  options: ExamineOptions,
  onEvent: Listener = () => {},
): Promise<Evidence> {
  using _lock = root.locked ? undefined : root.lock({ command: options.command, wait: options.wait ?? 0 });
  await recover(root, options.hooks ?? {}, onEvent);
  return gather(root, { bytes: options.quick !== true }, onEvent);
}
