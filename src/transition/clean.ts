// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Giving back what no state needs: packages that only trees elsewhere were made of, and files of the store. */
import type { Listener } from "#transition/events";
import type { Hooks } from "#transition/hooks";
import { recover } from "#transition/recover";
import { dropUnneeded } from "#transition/removal";
import type { MossRoot } from "#transition/root";
import { type Swept, sweep } from "#transition/sweep";

export interface CleanOptions {
  readonly command: string;
  /** Milliseconds to wait for another writer. */
  readonly wait?: number;
  readonly hooks?: Hooks;
}

/** Drops packages that are in no state, and sweeps the store. Throws root.busy. */
export async function cleanStore(
  root: MossRoot,
  options: CleanOptions,
  onEvent: Listener = () => {},
): Promise<Swept & { readonly packages: number }> {
  using _lock = root.locked ? undefined : root.lock({ command: options.command, wait: options.wait ?? 0 });
  await recover(root, options.hooks ?? {}, onEvent);
  const packages = root.database.update(dropUnneeded);
  onEvent({ kind: "phase", phase: "sweep" });
  return { packages, ...sweep(root, onEvent) };
}
