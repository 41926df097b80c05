// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss state import`: a root that an older moss made becomes ours, with its history. */
import { existsSync } from "node:fs";
import { openForAsking, openForChange } from "#cli/moss/engine";
import { askToGoOn, tellOutcome } from "#cli/moss/result";
import { userName, waitOf } from "#cli/moss/root";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { counted, formatBytes, printable } from "#cli/style";
import type { Ui } from "#cli/ui";
import { deleteLegacy } from "#moss/legacy/delete";
import { type ImportPlan, importLegacy, lockOlder, planImport } from "#moss/legacy/import";
import { LegacyRoot } from "#moss/legacy/root";
import type { Incomplete } from "#moss/legacy/survey";
import type { Moss } from "#moss/moss";
import { reservedPast } from "#transition/history";
import { recover } from "#transition/recover";

export async function run(invocation: Invocation): Promise<void> {
  const { ui, options, command } = invocation;
  const dry = options.flag("dry-run");
  const wait = waitOf(invocation);
  const found = existsSync(`${options.text("directory") ?? "/"}/.moss`);
  using moss = dry || !found ? openForAsking(invocation) : await openForChange(invocation, true);
  const { root } = moss;
  // Where neither moss has been, opening the databases says so.
  const left = LegacyRoot.isThere(root.private) || reservedPast(root) === 0;
  if (!left) ui.say("There is nothing left to import.");
  if (dry || !found) {
    if (!left) return;
    using legacy = new LegacyRoot(root.private);
    showPlan(ui, planImport(root, legacy));
    return;
  }
  using _lock = root.lock({ command, wait });
  using _older = lockOlder(root, command);
  if (left) await takeOver(invocation, moss);
  if (options.flag("delete-old")) {
    askToGoOn(ui, "Remove what the older moss has left, for good?");
    const removed = deleteLegacy(root);
    ui.event({ type: "deleted", paths: removed });
    ui.say(`What the older moss had left is gone: ${counted(removed.length, "file or folder", "files and folders")}.`);
  }
}

async function takeOver({ ui, command }: Invocation, moss: Moss): Promise<void> {
  const { root } = moss;
  using watcher = watch(ui);
  using legacy = new LegacyRoot(root.private);
  await recover(root, {}, watcher.on);
  const plan = planImport(root, legacy, watcher.on);
  watcher[Symbol.dispose]();
  showPlan(ui, plan);
  if (plan.live === undefined && plan.complete.length === 0) return;
  askToGoOn(ui, "Do you wish to continue?");
  const result = await importLegacy(moss, legacy, plan, { command, user: userName(), onEvent: watcher.on });
  watcher[Symbol.dispose]();
  ui.event({ type: "imported", states: result.states, incomplete: result.incomplete.map(incompleteValue) });
  if (result.live !== undefined) tellOutcome(ui, result.live);
  ui.say(`${ui.style.green(`${counted(result.states.length, "state")} of the older moss came`)} with their numbers.`);
  const known = new Set(plan.incomplete.map(({ id }) => id));
  for (const item of result.incomplete) if (!known.has(item.id)) tellIncomplete(ui, item);
}

function showPlan(ui: Ui, plan: ImportPlan): void {
  const { live, complete, incomplete, packages, bytes } = plan;
  ui.event({
    type: "plan",
    ...(live === undefined ? {} : { live: live.id }),
    states: complete.map(({ id }) => id),
    incomplete: incomplete.map(incompleteValue),
    packages,
    bytes,
  });
  if (live !== undefined) ui.say(`State ${live.id} is live there: ${counted(live.selections.length, "package")}.`);
  ui.say(
    complete.length === 0
      ? "There is no state to import."
      : `To import: ${counted(complete.length, "state")}, ${counted(packages, "package")}, ${formatBytes(bytes)} to copy.`,
  );
  for (const item of incomplete) tellIncomplete(ui, item);
}

function tellIncomplete(ui: Ui, { id, reason }: Incomplete): void {
  ui.warn(`State ${id} cannot come: ${printable(reason.message)}`);
}

function incompleteValue({ id, summary, reason }: Incomplete) {
  return { id, summary, code: reason.code, message: reason.message };
}
