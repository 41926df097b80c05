// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss state activate` and `moss state rollback`. Neither asks: going back must never be made difficult. */
import { finishEarlier, openMade } from "#cli/moss/engine";
import { tellOutcome } from "#cli/moss/result";
import { stateNumber, waitOf } from "#cli/moss/root";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { rollbackTarget } from "#moss/states";
import { activate } from "#transition/activate";

export async function run(invocation: Invocation): Promise<void> {
  const { ui, operands, command, verb } = invocation;
  const wait = waitOf(invocation);
  const typed = verb.name === "activate" ? stateNumber(operands[0] ?? "") : undefined;
  using moss = await openMade(invocation);
  const { root } = moss;
  await finishEarlier(invocation, moss);
  const { id } = typed === undefined ? rollbackTarget(root) : root.state(typed);
  if (root.active()?.id === id) {
    ui.event({ type: "done", state: id, before: id, made: false });
    ui.say(`State ${id} is live already.`);
    return;
  }
  using watcher = watch(ui);
  const outcome = await activate(root, id, { command, wait }, watcher.on);
  watcher[Symbol.dispose]();
  tellOutcome(ui, outcome);
}
