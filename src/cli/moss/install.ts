// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss install`. */
import { change } from "#cli/moss/change";
import type { Invocation } from "#cli/spec";
import { planInstall } from "#moss/plans";

export async function run(invocation: Invocation): Promise<void> {
  const { operands, options } = invocation;
  if (options.text("to") !== undefined) {
    await (await import("#cli/moss/to")).writeTree(
      invocation,
      async (moss) => await planInstall(moss, operands, { empty: true }),
    );
    return;
  }
  await change(invocation, {
    plan: async (moss) => await planInstall(moss, operands, { allowEssential: options.flag("allow-essential") }),
    nothing: ({ satisfied }) =>
      operands.length === 0
        ? "There is nothing to install."
        : `Installed already: ${[...new Set(satisfied)].join(", ")}.`,
  });
}
