// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss recover`: what the boot service runs, so that a root is whole before anything else uses it. */
import { openForChange } from "#cli/moss/engine";
import { openReader, waitOf } from "#cli/moss/root";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { recoverRoot } from "#transition/recovery";

export async function run(invocation: Invocation): Promise<void> {
  const { ui, command } = invocation;
  {
    using reader = openReader(invocation);
    // Trees that a killed command was still making are removed too, where there is the right to.
    if (reader.pending() === undefined && (!reader.exists || process.geteuid?.() !== 0)) {
      ui.event({ type: "done", recovered: false });
      ui.say("There is nothing to recover.");
      return;
    }
  }
  using moss = await openForChange(invocation);
  using watcher = watch(ui);
  const how = await recoverRoot(moss.root, { command, wait: waitOf(invocation) }, watcher.on);
  ui.event({ type: "done", recovered: how !== undefined, how });
  if (how === undefined) ui.say("There is nothing to recover.");
}
