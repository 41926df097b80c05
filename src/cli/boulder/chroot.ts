// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder chroot`: a shell in the root of a recipe. */
import { enter } from "#boulder/build/enter";
import { type BuildFlags, buildOptions } from "#cli/boulder/build";

export async function chrootVerb(argument: string | undefined, flags: BuildFlags): Promise<void> {
  // An interrupt from the terminal is for what runs in the shell.
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  try {
    process.exitCode = await enter(await buildOptions(argument, flags));
  } finally {
    process.removeListener("SIGINT", ignore);
  }
}
