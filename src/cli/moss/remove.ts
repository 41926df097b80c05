// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss remove`. */
import { change } from "#cli/moss/change";
import type { Invocation } from "#cli/spec";
import { planRemove } from "#moss/plans";

export async function run(invocation: Invocation): Promise<void> {
  const { operands, options } = invocation;
  await change(invocation, {
    plan: async (moss) =>
      await planRemove(moss, operands, {
        allowEssential: options.flag("allow-essential"),
        keepOrphans: options.flag("keep-deps"),
        dependents: !options.flag("only"),
      }),
    nothing: () => "There is nothing to remove.",
  });
}
