// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Runs moss-deb: arguments in, exit code out, failures on stderr. */
import { CommanderError } from "commander";
import { describeError, EXIT, errnoCode, Failure } from "#base/errors";
import { mossDeb } from "#cli/moss-deb/program";

/** @param args the words after the program's name. Sets `process.exitCode`. */
export async function runMossDeb(args: readonly string[]): Promise<void> {
  const program = mossDeb().exitOverride();
  for (const command of program.commands) command.exitOverride();
  try {
    if (args.length === 0) {
      program.outputHelp({ error: true });
      process.exitCode = EXIT.usage;
      return;
    }
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    else if (error instanceof Failure) {
      process.stderr.write(
        `Error: ${describeError(error)}\n${error.hint === undefined ? "" : `Hint: ${error.hint}\n`}`,
      );
      process.exitCode = error.exitCode;
    } else if (errnoCode(error) === "EPIPE") {
      process.exitCode = EXIT.error; // the reader of our output has gone
    } else throw error;
  }
}
