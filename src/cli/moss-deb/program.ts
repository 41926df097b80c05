// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The command line of moss-deb. */
import { Command } from "commander";

const EXAMPLES = `
Examples:
  moss-deb import bash nano -o protosnek     these and all they need, as a collection
  moss-deb import ./foo_1.0_amd64.deb -o out one package at hand
  moss-deb resolve gcc                       what an import would take, and why
  moss-deb index -o everything               an index of all that apt offers

docs/deb.md says where files go, and what each kind of loss in a report means.`;

/** Options of every verb that asks apt. */
function withApt(command: Command): Command {
  return command
    .option("--cache <dir>", "apt's private state and downloads (default: the user's cache folder)")
    .option("--max-age <hours>", "fetch lists again that are older", "24")
    .option("--offline", "use the lists that are there, whatever their age")
    .option("--json", "one JSON value on stdout");
}

function withClosure(command: Command): Command {
  return withApt(command)
    .option("--recommends", "take recommended packages too")
    .option("--no-essential", "leave out Debian's essential packages where nothing needs them");
}

/** Builds the program; verbs load what they need when they run. */
export function mossDeb(): Command {
  const program = new Command("moss-deb")
    .description("Imports Debian binary packages as stones.")
    .showHelpAfterError()
    .addHelpText("after", EXAMPLES);

  withClosure(program.command("import"))
    .description("import packages, by name through apt or as files, with all that they need")
    .argument("<package...>", "names (NAME or NAME=VERSION) and .deb files")
    .requiredOption("-o, --output <dir>", "folder of the collection")
    .option("-j, --jobs <n>", "packages at once (default: one a processor)")
    .option("--profile <name>", "compression: fast, default or max", "default")
    .option("--report <file>", "write what was lost or changed, as JSON")
    .option("--allow-missing", "report what the set does not satisfy instead of failing")
    .option("--no-index", "do not write stone.index")
    .action(async (words: string[], flags: import("#cli/moss-deb/import").ImportFlags) => {
      await (await import("#cli/moss-deb/import")).importVerb(words, flags);
    });

  withClosure(program.command("resolve"))
    .description("show the packages that an import would take")
    .argument("<name...>")
    .action(async (names: string[], flags: import("#cli/moss-deb/options").SharedOptions) => {
      await (await import("#cli/moss-deb/apt")).resolveVerb(names, flags);
    });

  withClosure(program.command("fetch"))
    .description("fetch the packages that an import would take, and print their paths")
    .argument("<name...>")
    .option("-o, --output <dir>", "put them there under their own names")
    .action(async (names: string[], flags: import("#cli/moss-deb/options").SharedOptions & { output?: string }) => {
      await (await import("#cli/moss-deb/apt")).fetchVerb(names, flags);
    });

  withApt(program.command("index"))
    .description("write a collection's index of everything that apt offers, from its lists alone")
    .requiredOption("-o, --output <dir>", "folder of the index")
    .action(async (flags: import("#cli/moss-deb/options").SharedOptions & { output: string }) => {
      await (await import("#cli/moss-deb/apt")).indexVerb(flags);
    });

  program.command("worker", { hidden: true }).action(async () => {
    (await import("#deb/serve")).serveJobs();
  });
  return program;
}
