// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Runs boulder: arguments in, exit code out, failures on stderr. */
import { CommanderError } from "commander";
import { describeError, EXIT, errnoCode, Failure } from "#base/errors";
import { boulder } from "#cli/boulder/program";

/** @param args the words after the program's name. Sets `process.exitCode`. */
export async function runBoulder(args: readonly string[]): Promise<void> {
  const program = boulder();
  // Whoever reads our output may have seen enough of it.
  process.stdout.on("error", (error) => {
    if (errnoCode(error) === "EPIPE") process.exit(EXIT.ok);
    throw error;
  });
  try {
    if (args.length === 0) {
      program.outputHelp({ error: true });
      process.exitCode = EXIT.usage;
      return;
    }
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    } else if (error instanceof Failure) {
      if (args.includes("--json")) {
        const { code, hint } = error;
        const value = { type: "error", code, message: describeError(error), ...(hint === undefined ? {} : { hint }) };
        process.stdout.write(`${JSON.stringify(value)}\n`);
      }
      const hint = error.hint === undefined ? "" : `Hint: ${error.hint}\n`;
      process.stderr.write(`Error: ${describeError(error)}\n${hint}`);
      process.exitCode = error.exitCode;
    } else throw error;
  }
}
