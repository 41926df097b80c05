// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Enters the root of a recipe: with the folders of its last build where there are some, else with empty ones. */
import { openShell } from "../phases/shell";
import { Workspace } from "../phases/workspace";
import { makeRoot } from "../root/make";
import { groundOf } from "./build";
import { refuseForeignMachine } from "./foreign";
import type { BuildOptions } from "./options";
import { contextOf } from "./stages";

/** Opens a shell and gives its exit code. Throws what resolving and making the root throw, and `build.busy`. */
export async function enter(options: BuildOptions): Promise<number> {
  refuseForeignMachine(options.recipe, options.target);
  const { plan, packages } = await groundOf(options);
  using workspace = Workspace.open(options.cache, options.recipe);
  using root = await makeRoot(packages, {
    cache: options.cache,
    download: options.sources.download,
    command: options.command,
    onEvent: (event) => options.onEvent({ kind: "root", event }),
  });
  const stage = plan.stages.at(-1);
  if (stage === undefined) throw new Error("a plan has at least one stage");
  const begun = workspace.begun;
  workspace.prepare();
  // Scripts begin in the folder of the sources, so it is there even where nothing was unpacked.
  workspace.place(stage.workFolder);
  try {
    return await openShell(stage, contextOf(plan, root, workspace, options));
  } finally {
    if (!begun) workspace.clean();
  }
}
