// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `--to DIR` of install and upgrade: a tree in a folder of its own, made from the store; no state, nothing of the root changes. */
import { resolve } from "node:path";
import { openForChange } from "#cli/moss/engine";
import { askToGoOn, sinceStart } from "#cli/moss/result";
import { waitOf } from "#cli/moss/root";
import { showPlan } from "#cli/moss/show-plan";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { counted, formatDuration } from "#cli/style";
import { writeOut } from "#moss/carry-out";
import type { Moss } from "#moss/moss";
import type { Plan } from "#moss/plan";
import { checkTarget } from "#transition/export";

export async function writeTree(
  invocation: Invocation,
  makePlan: (moss: Moss) => Promise<Plan>,
  before?: (moss: Moss) => Promise<void>,
): Promise<void> {
  const { ui, options, command } = invocation;
  const wait = waitOf(invocation);
  const directory = resolve(options.text("to") ?? "");
  const force = options.flag("force");
  using moss = await openForChange(invocation);
  checkTarget(moss.root, directory, force);
  await before?.(moss);
  const plan = await makePlan(moss);
  showPlan(ui, plan);
  if (options.flag("dry-run")) return;
  askToGoOn(ui, `Do you wish to write this tree to ${directory}?`);
  using _lock = moss.root.lock({ command, wait });
  using watcher = watch(ui);
  const { tree, packages } = await writeOut(moss, plan, directory, { command, force, onEvent: watcher.on });
  watcher[Symbol.dispose]();
  ui.event({ type: "done", directory, tree: tree.content, packages, milliseconds: Math.round(sinceStart()) });
  ui.say(`${ui.style.green(directory)} holds ${counted(packages, "package")}, in ${formatDuration(sinceStart())}.`);
  if (ui.verbose) ui.say(`Tree ${tree.content}`);
}
