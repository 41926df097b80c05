// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Recovering a root as a command of its own: what the boot service runs. */
import type { Listener } from "#transition/events";
import type { Hooks } from "#transition/hooks";
import { recover } from "#transition/recover";
import type { RemovalOptions } from "#transition/removal";
import type { MossRoot } from "#transition/root";

/** Finishes or takes back what an earlier run left; undefined where there was nothing. Throws root.busy. */
export async function recoverRoot(
  root: MossRoot,
  options: {
    readonly command: string;
    readonly hooks?: Hooks;
    readonly removal?: RemovalOptions;
    readonly wait?: number;
  },
  onEvent: Listener = () => {},
): Promise<"finished" | "undone" | undefined> {
  using _lock = root.locked ? undefined : root.lock({ command: options.command, wait: options.wait ?? 0 });
  return await recover(root, options.hooks ?? {}, onEvent, options.removal ?? {});
}
