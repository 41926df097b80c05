// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The engine on the root that a command line names. */
import { existsSync, statSync } from "node:fs";
import { waitOf } from "#cli/moss/root";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { Moss } from "#moss/moss";
import { checkRoot } from "#transition/checks";
import { recoverRoot } from "#transition/recovery";

/** For asking: nothing is made, no lock is taken. Throws root.invalid. */
export function openForAsking({ options }: Invocation): Moss {
  return open(options.text("directory"), options.text("cache"), true);
}

/** For asking, as whoever made the root sees it: modes and owners, and what is closed to all but root. Throws root.invalid. */
export async function openAsOwner(invocation: Invocation): Promise<Moss> {
  await becomeRoot(invocation.options.text("directory") ?? "/");
  return openForAsking(invocation);
}

/** For changing; `takeOver` where /usr may be what others put there. Throws root.invalid, root.readonly. */
export async function openForChange({ options }: Invocation, takeOver = false): Promise<Moss> {
  const directory = options.text("directory");
  await becomeRoot(directory ?? "/");
  return open(directory, options.text("cache"), false, takeOver);
}

/** In a user namespace, for users who own the root; see #cli/moss/namespace. */
async function becomeRoot(directory: string): Promise<void> {
  if (process.geteuid?.() !== 0) await (await import("#cli/moss/namespace")).enterNamespace(directory);
}

/**
 * For changing what moss has made. Where it never made anything there is nothing to change: then nothing is made now, and the root
 * can be asked only, so that the answer is that of an empty one. Throws as `openForChange` does.
 */
export async function openMade(invocation: Invocation): Promise<Moss> {
  const directory = invocation.options.text("directory") ?? "/";
  if (existsSync(`${directory}/.moss`)) return await openForChange(invocation);
  checkFirst(directory);
  return openForAsking(invocation);
}

/**
 * Finishes or undoes what a run that was cut off left, before anything is planned on what it is about to be. Throws
 * root.busy.
 */
export async function finishEarlier(invocation: Invocation, moss: Moss): Promise<void> {
  const { ui, command } = invocation;
  if (moss.root.readOnly) return;
  using watcher = watch(ui);
  await recoverRoot(moss.root, { command, wait: waitOf(invocation) }, watcher.on);
}

/** Refuses what could never become a root of moss before anything is made in it, such as the /usr of another system. */
function checkFirst(directory: string): void {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found?.isDirectory() === true && !existsSync(`${directory}/.moss/db/data.mdb`)) checkRoot(directory, false);
}

function open(directory = "/", cache: string | undefined, readOnly: boolean, takeOver = false): Moss {
  if (!readOnly && !takeOver) checkFirst(directory);
  return Moss.open(directory, cache === undefined ? { readOnly } : { readOnly, cache });
}
