// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The command line of boulder. Verbs load what they need when they run. */
import { Command } from "commander";
import type { BuildFlags } from "#cli/boulder/build";
import type { FetchFlags } from "#cli/boulder/fetch";
import { addPackageVerbs } from "#cli/boulder/package-verbs";
import type { PlanVerbFlags } from "#cli/boulder/plan";
import type { AddFlags, ProfileFlags, UpdateFlags } from "#cli/boulder/profile";
import type { CheckFlags, MacrosFlags } from "#cli/boulder/recipe";

const EXAMPLES = `
Examples:
  boulder recipe check .                     is the recipe in this folder right?
  boulder plan stone.yaml                    root with reasons, flags and scripts, without building
  boulder fetch stone.yaml                   only fetch and verify the sources
  boulder bi stone.yaml -p local-x86_64      build`;

function many(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

function withPlan(command: Command): Command {
  return command
    .option("-p, --profile <name>", "profile whose collections the root is made of (default: local-x86_64)")
    .option("--family <name>", "names of implied dependencies: serpent or debian (default: the profile's)")
    .option("-j, --jobs <n>", "jobs of one build (default: one a processor)")
    .option("--toolchain <name>", "gnu or llvm, whatever the recipe says")
    .option("-c, --compiler-cache", "keep what compilers made for later builds")
    .option("--no-check", "leave out the check phase and what only it needs");
}

export function boulder(): Command {
  const program = new Command("boulder")
    .description("Builds packages from recipes, in minimal roots.")
    .option("-v, --verbose", "say more")
    .option("-y, --yes", "answer questions with yes")
    .option("--cache-dir <dir>", "sources, roots and build folders")
    .option("--config-dir <dir>", "profiles, from here only")
    .option("--data-dir <dir>", "macros, from here only")
    .showHelpAfterError()
    .showSuggestionAfterError()
    .addHelpText("after", EXAMPLES)
    .exitOverride();

  const recipe = program.command("recipe").description("look at recipes");
  recipe
    .command("check")
    .description("find every mistake; an unknown key is one too")
    .argument("<recipe...>", "recipe files, or folders with a stone.yaml")
    .option("--family <name>", "whose macros to check scripts with")
    .option("--json", "problems as JSON")
    .action(async (files: string[], _: unknown, command: Command) => {
      (await import("#cli/boulder/recipe")).checkVerb(files, command.optsWithGlobals<CheckFlags>());
    });
  recipe
    .command("show")
    .description("print what is understood of recipes")
    .argument("<recipe...>")
    .option("--json", "as JSON")
    .action(async (files: string[], _: unknown, command: Command) => {
      (await import("#cli/boulder/recipe")).showVerb(files, command.optsWithGlobals<CheckFlags>());
    });
  recipe
    .command("macros")
    .description("list actions, definitions and tuning groups, or show one")
    .argument("[name]", "such as %configure or %(libdir)")
    .option("--target <name>", "for another target, such as emul32/x86_64")
    .option("--family <name>", "over another family of roots")
    .option("--json", "as JSON")
    .action(async (name: string | undefined, _: unknown, command: Command) => {
      (await import("#cli/boulder/recipe")).macrosVerb(name, command.optsWithGlobals<MacrosFlags>());
    });

  withPlan(program.command("plan"))
    .description("show root, flags and scripts of a build without building")
    .argument("[recipe]", "recipe file or its folder (default: here)")
    .option("--phase <name>", "only the scripts of one phase, whole")
    .option("--json", "as JSON")
    .action(async (file: string | undefined, _: unknown, command: Command) => {
      await (await import("#cli/boulder/plan")).planVerb(file, command.optsWithGlobals<PlanVerbFlags>());
    });

  withPlan(program.command("build"))
    .alias("bi")
    .description("build stones from a recipe, in a root of only what it needs")
    .argument("[recipe]", "recipe file or its folder (default: here)")
    .option("-o, --output <dir>", "where stones and manifests go (default: here)")
    .option("-l, --local", "into the profile's local collection, and index it")
    .option("-u, --update", "refresh the indexes of the collections first")
    .option("-b, --build-release <n>", "the builds of one release are told apart by it (default: 1)")
    .option("--from <phase>", "go on with the last build, which failed, at this phase")
    .option("--keep", "keep the build folders after a success too")
    .option("--shell", "open a shell in the root where a phase failed")
    .option("--verify <manifest>", "fail where the result is not what this manifest says")
    .option("--mirror <place>", "folder or address that has sources by hash or name; can be repeated", many)
    .option("--offline", "use no network, but that which a recipe asks for itself")
    .option("--timeout <seconds>", "end a phase that takes longer")
    .option("--memory <MiB>", "memory that a phase may use, where cgroups allow")
    .option("--processes <n>", "processes and threads that a phase may have at a time (default: 8192)")
    .option("-q, --quiet", "do not show the output of the phases")
    .option("--json", "events and result as JSON, one a line")
    .action(async (file: string | undefined, _: unknown, command: Command) => {
      await (await import("#cli/boulder/build")).buildVerb(file, command.optsWithGlobals<BuildFlags>());
    });

  withPlan(program.command("chroot"))
    .description("open a shell in the root of a recipe, where its last build left its folders")
    .argument("[recipe]", "recipe file or its folder (default: here)")
    .option("-u, --update", "refresh the indexes of the collections first")
    .action(async (file: string | undefined, _: unknown, command: Command) => {
      await (await import("#cli/boulder/chroot")).chrootVerb(file, command.optsWithGlobals<BuildFlags>());
    });

  program
    .command("fetch")
    .description("fetch and verify the upstreams of recipes, nothing else")
    .argument("[recipe...]")
    .option("--mirror <place>", "folder or address that has files by hash or name; can be repeated", many)
    .option("--offline", "use no network")
    .option("--json", "as JSON")
    .action(async (files: string[], _: unknown, command: Command) => {
      await (await import("#cli/boulder/fetch")).fetchVerb(files, command.optsWithGlobals<FetchFlags>());
    });

  const profile = program.command("profile").description("the layered collections that roots are made of");
  profile
    .command("list")
    .description("list profiles and their collections")
    .option("--json", "as JSON")
    .action(async (_: unknown, command: Command) => {
      (await import("#cli/boulder/profile")).listProfiles(command.optsWithGlobals<ProfileFlags>());
    });
  profile
    .command("add")
    .description("write a profile")
    .argument("<name>")
    .requiredOption("-r, --repo <key=value,...>", "name=..,uri=..[,priority=N]; can be repeated", many)
    .option("--family <name>", "names of implied dependencies: serpent or debian")
    .action(async (name: string, _: unknown, command: Command) => {
      await (await import("#cli/boulder/profile")).addProfile(name, command.optsWithGlobals<AddFlags>());
    });
  profile
    .command("update")
    .description("fetch the indexes of a profile's collections anew")
    .option("-p, --profile <name>", "only of this profile")
    .option("--json", "as JSON")
    .action(async (_: unknown, command: Command) => {
      await (await import("#cli/boulder/profile")).updateProfiles(command.optsWithGlobals<UpdateFlags>());
    });

  addPackageVerbs(program);

  for (const command of [program, ...program.commands, ...recipe.commands, ...profile.commands]) command.exitOverride();
  return program;
}
