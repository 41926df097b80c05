// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** git on the host, for the cache of upstreams and their working trees. */
import { Failure } from "#base/errors";
import { run } from "#sys/process";

// Nothing of the user's or the machine's configuration, no questions, no hooks.
const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: "/usr/bin:/usr/sbin:/bin",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: "true",
  LC_ALL: "C.UTF-8",
};

/** Runs git in a folder. Throws `upstream.failed` where there is no git. */
export async function git(
  words: readonly string[],
  cwd: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return await run(["git", "-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*", ...words], {
      cwd,
      env: ENVIRONMENT,
    });
  } catch (cause) {
    throw new Failure("upstream.failed", "Cannot run git: it is not installed", {
      hint: "Install the package git.",
      cause,
    });
  }
}
