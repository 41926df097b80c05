// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A tree of packages in any directory (`--to`): no state, no journal, nothing of the root changes but its store. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, dirname } from "node:path";
import { Failure } from "#base/errors";
import type { PackageId } from "#model/package";
import { diskFailure } from "#store/disk";
import { putSmall } from "#store/put";
import { renameExchange } from "#sys/exchange";
import { sha256Hex } from "#sys/sha256";
import { syncFileSystem } from "#sys/sync";
import { arrive, writePackages } from "#transition/arrive";
import { changeOf, mergeState, type Selection } from "#transition/change";
import { makeRootLinks } from "#transition/checks";
import type { Listener } from "#transition/events";
import { arrivalOf } from "#transition/journal";
import { recover } from "#transition/recover";
import type { MossRoot } from "#transition/root";
import { TreeSource } from "#transition/source";
import { blitTo, checkTop } from "#transition/staging";
import type { RootRef } from "#tree/entry";

export interface ExportRequest {
  readonly selections: readonly Selection[];
  readonly stones: ReadonlyMap<PackageId, string>;
  readonly systemModel: string;
  readonly command: string;
  /** Replaces what is in a directory that moss did not make. */
  readonly force?: boolean;
}

const MARKER = ".moss-tree";

/** A path without symlinks as far as it is there, and what follows as written. */
function realPlace(path: string): string {
  if (path === "/" || existsSync(path)) return realpathSync(path);
  const above = realPlace(dirname(path));
  return `${above === "/" ? "" : above}/${basename(path)}`;
}

/**
 * Refuses a directory that must not be written over: a part of the root or of its store, a mount point, /, the home directory, one that holds the root's store, and one
 * with files in it that no earlier run put there. Throws root.dangerous.
 */
export function checkTarget(root: MossRoot, directory: string, force: boolean): void {
  const refuse = (found: string, hint: string) => {
    throw new Failure(
      "root.dangerous",
      `Cannot write a tree to "${directory}": ${found}, expected an empty directory`,
      { hint },
    );
  };
  // What moss itself keeps and makes is not to be written into: the trees of a root, its store and its database.
  const place = realPlace(directory);
  const top = root.directory === "/" ? "" : root.directory;
  const kept = [`${top}/.moss`, `${top}/usr`, realpathSync(root.store), realpathSync(root.cache)];
  if (kept.some((folder) => place === folder || place.startsWith(`${folder}/`))) {
    refuse("it is a part of the root or of its store", "Choose a directory of its own.");
  }
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory()) refuse("it is no directory", "Choose another one.");
  const real = realpathSync(directory);
  const within = (inner: string) => inner === real || inner.startsWith(real === "/" ? "/" : `${real}/`);
  if (real === "/" || within(realpathSync(root.store)) || within(homedir())) {
    refuse("it holds more than a tree", "Choose a directory of its own.");
  }
  if (lstatSync(dirname(real)).dev !== stat.dev) refuse("it is a mount point", "Choose a directory below it.");
  const empty = readdirSync(real).length === 0;
  if (!empty && !force && !existsSync(`${real}/${MARKER}`)) {
    refuse("it is not empty", "Empty it first, or give --force.");
  }
}

/** Writes the tree of packages below `directory`/usr. Takes the root's lock. */
export async function exportTree(
  root: MossRoot,
  directory: string,
  request: ExportRequest,
  onEvent: Listener = () => {},
): Promise<RootRef> {
  checkTarget(root, directory, request.force === true);
  using _lock = root.locked ? undefined : root.lock({ command: request.command });
  await recover(root, {}, onEvent);
  const arrival = arrivalOf(root, 0);
  const fresh = `${directory}/.usr.new`;
  try {
    const ids = request.selections.map(({ id }) => id);
    const arrived = await arrive(root, ids, request.stones, arrival, onEvent);
    if (arrived.size > 0) {
      // The names in the store must be on the disk before a package needs them.
      syncFileSystem(root.store);
      root.database.update((tx) => writePackages(tx, arrived));
    }
    mkdirSync(directory, { recursive: true });
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { mode: 0o755 });
    const tree = root.view((tx) => {
      const source = new TreeSource(tx);
      const change = changeOf(tx, undefined, { selections: request.selections }, arrived);
      const merged = mergeState(tx, source, [root.store], undefined, change, arrived);
      if (merged.fresh !== undefined) putSmall(root.store, merged.fresh.node, merged.fresh.text);
      checkTop(source, merged.tree);
      onEvent({ kind: "phase", phase: "stage" });
      blitTo(root, source, fresh, merged.tree, onEvent);
      return { key: merged.tree.key, content: merged.tree.content };
    });
    writeFileSync(`${fresh}/lib/system-model.kdl`, request.systemModel, { mode: 0o444, flag: "wx" });
    writeFileSync(`${directory}/${MARKER}`, `tree ${tree.content}\nmodel ${sha256Hex(request.systemModel)}\n`);
    const usr = `${directory}/usr`;
    // One step, so that there is a whole tree at any time.
    if (existsSync(usr)) renameExchange(fresh, usr);
    else renameSync(fresh, usr);
    rmSync(fresh, { recursive: true, force: true });
    makeRootLinks(directory);
    return tree;
  } catch (error) {
    arrival.discard();
    rmSync(fresh, { recursive: true, force: true });
    throw diskFailure(error, `write a tree to "${directory}"`);
  }
}
