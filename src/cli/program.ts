// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Runs a program by its table: words in, exit code out; failures are told on stderr, never as a stack trace. */
import { describeError, EXIT, errnoCode, Failure } from "#base/errors";
import { checkBytes } from "#cli/bytes";
import { type Parsed, parseWords } from "#cli/parse";
import type { OptionSpec, ProgramSpec } from "#cli/spec";
import { makeStyle, printable } from "#cli/style";
import { ClosedOutput, isTerminal, lostOutput, writeAll } from "#cli/terminal";
import { Ui } from "#cli/ui";

/** Options that every program has. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { name: "yes-all", short: "y", aliases: ["yes"], help: "agree to everything beforehand" },
  { name: "json", help: "JSON on stdout: one value of a query, one event a line of a change" },
  { name: "verbose", short: "v", help: "say more" },
  { name: "no-color", help: "no colours (NO_COLOR is honoured too)" },
  { name: "log", value: "level", help: "write a log: LEVEL[:text|json[:stderr|FILE]]" },
  { name: "version", short: "V", help: "show the version" },
  { name: "help", short: "h", help: "show this help" },
  { name: "generate-manpages", value: "dir", help: "write manual pages", hidden: true, complete: "directory" },
  {
    name: "generate-completions",
    value: "dir",
    help: "write completions of shells",
    hidden: true,
    complete: "directory",
  },
];

/** Runs a program. Gives its exit code. */
export async function runProgram(program: ProgramSpec, words: readonly string[]): Promise<number> {
  let json = words.includes("--json");
  let ui: Ui | undefined;
  try {
    checkBytes(words);
    const parsed = parseWords(program, words);
    json = parsed.options.flag("json");
    const { options } = parsed;
    const log = options.text("log");
    ui = new Ui({
      json,
      yes: options.flag("yes-all"),
      verbose: options.flag("verbose"),
      colour: !options.flag("no-color"),
      ...(log === undefined ? {} : { logger: (await import("#cli/log")).makeLogger(log) }),
    });
    const code = await dispatch(program, parsed, ui, [program.name, ...words].join(" "));
    ui.flush();
    if (lostOutput() !== undefined) throw lostOutput();
    return code;
  } catch (error) {
    return report(error, json, ui);
  }
}

async function dispatch(program: ProgramSpec, parsed: Parsed, ui: Ui, command: string): Promise<number> {
  const { verb, options, operands, path } = parsed;
  const manuals = options.text("generate-manpages");
  const completions = options.text("generate-completions");
  if (manuals !== undefined) {
    (await import("#cli/manual")).writeManuals(program, manuals);
    return EXIT.ok;
  }
  if (completions !== undefined) {
    (await import("#cli/completion")).writeCompletions(program, completions);
    return EXIT.ok;
  }
  if (options.flag("version")) {
    if (ui.json) ui.value({ name: program.name, version: program.version });
    else ui.print(`${program.name} ${program.version}`);
    return EXIT.ok;
  }
  const asked = options.flag("help");
  if (asked || verb.load === undefined) {
    const { helpText } = await import("#cli/help");
    ui.flush();
    writeAll(asked ? 1 : 2, helpText(program, path, asked ? ui.style : ui.errorStyle));
    return asked ? EXIT.ok : EXIT.usage;
  }
  if (ui.verbose) ui.note(`${program.name} ${program.version}`);
  const { run } = await verb.load();
  return (await run({ program, verb, operands, options, ui, command })) ?? EXIT.ok;
}

/**
 * What a user can cause, as a Failure; undefined for a bug. Where nobody has put what the system says into words of the
 * work at hand, it still is the system's: a folder without rights, a full disk, a name that is too long.
 */
function expectedFailure(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error;
  const code = errnoCode(error);
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code) || !(error instanceof Error && "syscall" in error)) {
    return undefined;
  }
  const full = code === "ENOSPC" || code === "EDQUOT";
  const where = "path" in error && typeof error.path === "string" ? ` at "${error.path}"` : "";
  return new Failure(full ? "disk.full" : "io", `Cannot go on${where}`, {
    ...(full ? { hint: "Free some space on that disk, and run the command again." } : {}),
    cause: error,
  });
}

/** Writes to stdout where it takes the text. A failure may be just that it does not: then stderr tells it. */
function tryWrite(text: string): void {
  try {
    writeAll(1, text);
  } catch (error) {
    if (error instanceof ClosedOutput) throw error;
  }
}

/** Tells a failure. What is no expected failure is a bug: that is said, and the way to its stack. */
function report(thrown: unknown, json: boolean, ui: Ui | undefined): number {
  if (thrown instanceof ClosedOutput) return EXIT.ok;
  const expected = expectedFailure(thrown);
  const error = expected ?? thrown;
  try {
    ui?.flush();
    const style = ui?.errorStyle ?? makeStyle(isTerminal(2) && (process.env["NO_COLOR"] ?? "") === "");
    const message = describeError(error);
    const hint = expected === undefined ? "This is a bug. MOSS_TRACE=1 shows where." : expected.hint;
    ui?.log("error", message);
    if (json) {
      const value = {
        type: "error",
        code: expected?.code ?? "bug",
        message,
        ...(hint === undefined ? {} : { hint }),
      };
      tryWrite(`${JSON.stringify(value)}\n`);
    }
    // Messages quote names and texts of packages, which must not reach the terminal as they are.
    const told = hint === undefined ? "" : `${style.dim("Hint:")} ${printable(hint)}\n`;
    writeAll(2, `${style.red("Error:")} ${printable(message)}\n${told}`);
    if ((process.env["MOSS_TRACE"] ?? "") !== "" && thrown instanceof Error) writeAll(2, `${thrown.stack}\n`);
    return expected?.exitCode ?? EXIT.error;
  } catch (second) {
    if (second instanceof ClosedOutput) return EXIT.error;
    throw second;
  }
}
