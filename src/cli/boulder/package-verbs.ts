// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The verbs of boulder that say, without building, where files go and where dependencies come from. */
import type { Command } from "commander";
import type { ExplainFlags } from "#cli/boulder/explain";
import type { SplitFlags } from "#cli/boulder/split";

/** Adds `split` and `explain` to boulder's program. */
export function addPackageVerbs(program: Command): void {
  program
    .command("split")
    .description("say which package each path of a list would go to")
    .argument("[recipe]", "stone.yaml or its folder", ".")
    .requiredOption("--paths <file>", "paths, one a line or as a JSON array; - reads stdin")
    .option("--json", '{"paths": {"/usr/...": "package"}} on stdout')
    .action(async (recipe: string, _: unknown, command: Command) => {
      (await import("#cli/boulder/split")).splitVerb(recipe, command.optsWithGlobals<SplitFlags>());
    });

  program
    .command("explain")
    .description("say why a file goes to its package, or which file a dependency came from")
    .argument("<word>", "a path (/usr/...) or a capability (soname(libz.so.1(x86_64)))")
    .argument("[recipe]", "stone.yaml or its folder", ".")
    .option(
      "--build <dir>",
      "folder with the stones of a build, whose analysis is asked (default: here, or the recipe's folder)",
    )
    .option("--json", "one JSON value on stdout")
    .action(async (word: string, recipe: string, _: unknown, command: Command) => {
      (await import("#cli/boulder/explain")).explainVerb(word, recipe, command.optsWithGlobals<ExplainFlags>());
    });
}
