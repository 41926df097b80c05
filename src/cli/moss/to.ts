// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `--to DIR` of install and upgrade: a tree in a folder of its own, made from the store; no state, nothing of the root changes. */
import { accessSync, constants, mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { noteCopies } from "#cli/moss/copies";
import { openForAsking, openForChange, openMade } from "#cli/moss/engine";
import { interruptible } from "#cli/moss/interrupt";
import { askToGoOn, sinceStart } from "#cli/moss/result";
import { waitOf } from "#cli/moss/root";
import { showPlan } from "#cli/moss/show-plan";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { counted, formatDuration } from "#cli/style";
import { writeOut } from "#moss/carry-out";
import { Moss } from "#moss/moss";
import type { Plan } from "#moss/plan";
import { checkTarget } from "#transition/export";
import type { MossRoot } from "#transition/root";

export interface TreeRequest {
  /** Plans from the collections of `moss`, for the store of `into`. */
  readonly plan: (moss: Moss, into: MossRoot) => Promise<Plan>;
  readonly before?: (moss: Moss) => Promise<void>;
  /** True where all packages can be had anew: then a user may read the collections of a root that is not theirs. */
  readonly anew: boolean;
}

function writable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A store of the user's own, for trees made from the collections of a root that they may only read. */
function ownStore(): Moss {
  const { XDG_CACHE_HOME, HOME } = process.env;
  const folder = `${XDG_CACHE_HOME ?? `${HOME ?? "/tmp"}/.cache`}/moss/trees`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return Moss.open(folder);
}

/** Plans, asks, and writes the tree to the folder of `--to`. Throws as a change does. */
export async function writeTree(invocation: Invocation, { plan: makePlan, before, anew }: TreeRequest): Promise<void> {
  const { ui, options, command } = invocation;
  const wait = waitOf(invocation);
  const directory = resolve(options.text("to") ?? "");
  const force = options.flag("force");
  const foreign = anew && !writable(options.text("directory") ?? "/");
  using moss = foreign ? openForAsking(invocation) : await (anew ? openForChange : openMade)(invocation);
  // Where nothing was ever installed there is nothing to take over either: this says so.
  if (!anew) moss.root.view(() => undefined);
  using own = foreign ? ownStore() : undefined;
  const home = own ?? moss;
  checkTarget(home.root, directory, force);
  if (!foreign) await before?.(moss);
  const plan = await makePlan(moss, home.root);
  showPlan(ui, plan);
  noteCopies(ui, home.root, plan, directory);
  if (options.flag("dry-run")) return;
  askToGoOn(ui, `Do you wish to write this tree to ${directory}?`);
  using _lock = home.root.lock({ command, wait });
  using watcher = watch(ui);
  const { tree, packages } = await interruptible(ui, watcher.on, async (given) => {
    return await writeOut(home, plan, directory, { command, force, ...given });
  });
  watcher[Symbol.dispose]();
  ui.event({ type: "done", directory, tree: tree.content, packages, milliseconds: Math.round(sinceStart()) });
  ui.say(`${ui.style.green(directory)} holds ${counted(packages, "package")}, in ${formatDuration(sinceStart())}.`);
  if (ui.verbose) ui.say(`Tree ${tree.content}`);
}
