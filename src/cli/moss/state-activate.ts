// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss state activate` and `moss state rollback`. Neither asks: going back must never be made difficult. */
import { finishEarlier, openForAsking, openMade } from "#cli/moss/engine";
import { tellOutcome } from "#cli/moss/result";
import { stateNumber, waitOf } from "#cli/moss/root";
import { diffLines } from "#cli/moss/show-diff";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { rollbackTarget } from "#moss/states";
import { activate } from "#transition/activate";
import { diffStates } from "#transition/diff-states";

export async function run(invocation: Invocation): Promise<void> {
  const { ui, operands, options, command, verb } = invocation;
  const wait = waitOf(invocation);
  const typed = verb.name === "activate" ? stateNumber(operands[0] ?? "") : undefined;
  const dryRun = options.flag("dry-run");
  using moss = dryRun ? openForAsking(invocation) : await openMade(invocation);
  const { root } = moss;
  if (!dryRun) await finishEarlier(invocation, moss);
  const { id } = typed === undefined ? rollbackTarget(root) : root.state(typed);
  const live = root.active()?.id ?? 0;
  if (live === id) {
    ui.event({ type: "done", state: id, before: id, made: false });
    ui.say(`State ${id} is live already.`);
    return;
  }
  if (dryRun) {
    const diff = diffStates(root, live, id);
    const { added, removed, changed } = diff;
    ui.event({ type: "plan", state: id, before: live, added, removed, changed });
    ui.say(ui.style.bold(`State ${id} would become the live one in place of state ${live}:`));
    for (const line of diffLines(diff, ui.style, false)) ui.say(line);
    return;
  }
  using watcher = watch(ui);
  const outcome = await activate(root, id, { command, wait }, watcher.on);
  watcher[Symbol.dispose]();
  tellOutcome(ui, outcome);
}
