// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A shell in the root of a build, with the environment, folders and rights that its phases have. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runInRoot } from "#container/run";
import { scriptText } from "../macros/expand";
import { buildFolder, GUEST } from "../plan/guest";
import type { PlannedStage } from "../plan/plan";
import { environmentOf, type PhaseContext } from "./phase";

/** After the environment of scripts: a shell for people goes on after a command that fails, and repeats none. */
const FOR_PEOPLE = `set +o errexit +o errtrace +o pipefail +o nounset +x
trap - ERR
unset HISTFILE
PS1='boulder \\w \\$ '
`;

/** Opens the shell on the caller's terminal and waits for its end. Its exit code comes back. */
export async function openShell(stage: PlannedStage, context: PhaseContext): Promise<number> {
  const name = "shell.rc";
  // The last line of the environment shows every command; what that would print here is of no use.
  const prelude = scriptText(stage.prelude).replace(/^\s*set -x\n/gm, "");
  writeFileSync(join(context.workspace.scripts, name), `${prelude}${FOR_PEOPLE}`);
  const result = await runInRoot({
    root: context.root,
    command: ["/usr/bin/bash", "--rcfile", `${GUEST.scripts}/${name}`, "-i"],
    env: { ...environmentOf(stage), TERM: "dumb" },
    cwd: buildFolder(stage.target),
    fakeroot: true,
    network: context.recipe.options.networking,
    hostname: "boulder",
    binds: context.binds,
    interactive: true,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  return result.code;
}
