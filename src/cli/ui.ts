// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * All that a program says and asks. Data goes to stdout, everything else to stderr; with `--json` stdout carries JSON
 * only: one value of a query, or one event a line of what changes something.
 */
import { Failure } from "#base/errors";
import type { Logger } from "#cli/log";
import { PlainProgress, type Progress, QuietProgress, TerminalProgress } from "#cli/progress";
import { makeStyle, type Style } from "#cli/style";
import { beginWork, isTerminal, readTerminalLine, writeAll } from "#cli/terminal";

export interface UiOptions {
  readonly json: boolean;
  readonly yes: boolean;
  readonly verbose: boolean;
  readonly colour: boolean;
  readonly logger?: Logger;
}

const FLUSH = 64 * 1024;

export class Ui {
  readonly json: boolean;
  readonly verbose: boolean;
  /** For what goes to stdout. */
  readonly style: Style;
  /** For what goes to stderr. */
  readonly errorStyle: Style;
  readonly #yes: boolean;
  readonly #logger: Logger | undefined;
  readonly #terminal = isTerminal(2);
  /** A terminal that obeys no escape sequences, such as the shell of an editor. */
  readonly #dumb = process.env["TERM"] === "dumb";
  #progress: Progress | undefined;
  #pending = "";

  constructor(options: UiOptions) {
    this.json = options.json;
    this.verbose = options.verbose;
    this.#yes = options.yes;
    this.#logger = options.logger;
    const plain = !options.colour || (process.env["NO_COLOR"] ?? "") !== "" || this.#dumb;
    this.style = makeStyle(!plain && isTerminal(1));
    this.errorStyle = makeStyle(!plain && this.#terminal);
  }

  /** A line of data on stdout. */
  print(line = ""): void {
    this.#pending += `${line}\n`;
    if (this.#pending.length >= FLUSH) this.flush();
  }

  /** A line that is only for people: nothing with `--json`. */
  say(line = ""): void {
    if (!this.json) this.print(line);
  }

  /** The one JSON value of a query. */
  value(value: unknown): void {
    this.print(JSON.stringify(value));
  }

  /** An event of what changes something; nothing without `--json`. */
  event(event: { readonly type: string } & Readonly<Record<string, unknown>>): void {
    if (!this.json) return;
    beginWork();
    this.print(JSON.stringify(event));
    this.flush();
  }

  /** A line about what is going on, on stderr; nothing with `--json`. */
  note(line: string, level: "debug" | "info" = "info"): void {
    this.log(level, line);
    if (!this.json) this.#tell(line);
  }

  /** A line on stderr that says itself what is wrong, with `--json` too. */
  problem(line: string): void {
    this.log("warn", line);
    this.#tell(line);
  }

  #tell(line: string): void {
    this.flush();
    this.#progress?.hide();
    writeAll(2, `${line}\n`);
  }

  warn(line: string): void {
    this.log("warn", line);
    if (this.json) this.event({ type: "warning", message: line });
    this.#tell(`${this.errorStyle.yellow("Warning:")} ${line}`);
  }

  log(level: "debug" | "info" | "warn" | "error", message: string): void {
    this.#logger?.write(level, message);
  }

  /** Hands out what was printed so far. */
  flush(): void {
    if (this.#pending === "") return;
    const text = this.#pending;
    this.#pending = "";
    this.#progress?.hide();
    writeAll(1, text);
  }

  /** Begins a piece of work that is shown while it runs. Dispose it with `using`. */
  progress(label: string, unit: "bytes" | "items" = "items"): Progress {
    beginWork();
    this.flush();
    this.log("info", label);
    this.#progress?.end();
    this.#progress = this.json
      ? new QuietProgress(label, unit, (event) => this.event(event))
      : this.#terminal && !this.#dumb
        ? new TerminalProgress(label, unit, this.errorStyle)
        : new PlainProgress(label, unit);
    return this.#progress;
  }

  /**
   * Asks, with no as the default; `look` is how one only looks. Throws `declined` for anything but yes, and where nobody can be
   * asked.
   */
  confirm(question: string, look = "give --dry-run"): void {
    if (this.#yes) {
      beginWork();
      return;
    }
    this.flush();
    if (!isTerminal(0) || !this.#terminal) {
      throw new Failure("declined", `Cannot ask "${question}": there is no terminal, expected one or --yes-all`, {
        hint: `Give -y to agree beforehand. To look only, ${look}.`,
      });
    }
    this.#progress?.hide();
    writeAll(2, `${this.errorStyle.bold(question)} [y/N] `);
    const answer = readTerminalLine()?.toLowerCase();
    // Where input ended nobody has ended the line.
    if (answer === undefined) writeAll(2, "\n");
    if (answer !== "y" && answer !== "yes") {
      throw new Failure("declined", "Cannot go on: you did not agree, and nothing was changed");
    }
  }
}
