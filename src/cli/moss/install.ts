// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss install`. */
import { existsSync } from "node:fs";
import { change } from "#cli/moss/change";
import { openForAsking } from "#cli/moss/engine";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { refreshCollections } from "#moss/collections";
import { planInstall } from "#moss/plans";
import { isStonePath } from "#moss/words";

export async function run(invocation: Invocation): Promise<void> {
  const { operands, options, ui } = invocation;
  const onlyLook = options.flag("dry-run");
  if (options.text("to") !== undefined) {
    const { writeTree } = await import("#cli/moss/to");
    await writeTree(invocation, {
      anew: true,
      plan: async (moss, into) => await planInstall(moss, operands, { empty: true, into, onlyLook }),
    });
    return;
  }
  await refuseEarly(invocation);
  await change(invocation, {
    begins: operands.length > 0,
    before: async (moss) => {
      const unread = (await moss.catalogue()).unread().map(({ name }) => name);
      if (unread.length === 0 || moss.root.readOnly) return;
      using watcher = watch(ui);
      await refreshCollections(moss, { names: unread, onEvent: watcher.on });
    },
    plan: async (moss) =>
      await planInstall(moss, operands, { allowEssential: options.flag("allow-essential"), onlyLook }),
    nothing: ({ satisfied }) =>
      operands.length === 0
        ? "There is nothing to install."
        : `Installed already: ${[...new Set(satisfied)].join(", ")}.`,
  });
}

/** Where there are neither packages nor collections of any, what cannot be found is told before anything is made in the folder. */
async function refuseEarly(invocation: Invocation): Promise<void> {
  using moss = openForAsking(invocation);
  // A /usr of others is another refusal.
  if (moss.root.exists || existsSync(moss.root.usr) || invocation.operands.some(isStonePath)) return;
  if ((await moss.collections()).length === 0) await planInstall(moss, invocation.operands);
}
