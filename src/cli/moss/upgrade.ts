// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss upgrade`, which is `moss sync` too. */
import { change } from "#cli/moss/change";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { refreshCollections } from "#moss/collections";
import type { Moss } from "#moss/moss";
import { planUpgrade } from "#moss/plans";

export async function run(invocation: Invocation): Promise<void> {
  const { operands, options, ui } = invocation;
  const refreshFirst = async (moss: Moss): Promise<void> => {
    if (options.flag("no-refresh") || moss.root.readOnly) return;
    using watcher = watch(ui);
    await refreshCollections(moss, { onEvent: watcher.on });
  };
  const plan = async (moss: Moss) =>
    await planUpgrade(moss, operands, {
      newerOnly: options.flag("upgrade-only"),
      allowEssential: options.flag("allow-essential"),
      onlyLook: options.flag("dry-run"),
    });
  if (options.text("to") !== undefined) {
    const { writeTree } = await import("#cli/moss/to");
    await writeTree(invocation, { anew: false, plan, before: refreshFirst });
    return;
  }
  await change(invocation, {
    before: refreshFirst,
    plan,
    nothing: () => "Everything is up to date.",
  });
}
