// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder chroot`: a shell in the root of a recipe. */
import { enter } from "#boulder/build/enter";
import { buildOptions } from "#cli/boulder/build";
import { watchBuild } from "#cli/boulder/watch";
import type { Invocation } from "#cli/spec";

/** Gives the exit code of the shell. */
export async function run(invocation: Invocation): Promise<number> {
  // An interrupt from the terminal is for what runs in the shell.
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  using watcher = watchBuild(invocation.ui, true);
  try {
    return await enter(await buildOptions(invocation, watcher));
  } finally {
    process.removeListener("SIGINT", ignore);
  }
}
