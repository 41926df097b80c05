// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What a command line is made of, as data. The parser, the help texts, the completions of shells and the manual pages
 * are all made from one such value; the code of a verb is loaded only when that verb runs.
 */
import type { Ui } from "#cli/ui";

/** What a shell can complete a word with. */
export type Completion =
  | "file"
  | "directory"
  | "installed"
  | "available"
  | "collection"
  | "state"
  | "profile"
  | "program"
  | readonly string[];

export interface OptionSpec {
  /** Long name without dashes, such as `dry-run`; verbs ask for its value by this name. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** Other long names. */
  readonly aliases?: readonly string[];
  /** Name of its value in help texts; a switch where absent. */
  readonly value?: string;
  /** The value that a bare `--name` stands for; others are given only as `--name=value`. */
  readonly implied?: string;
  /** Beside `implied`: the next word is its value, where there is one that is no option. */
  readonly takesNext?: boolean;
  readonly help: string;
  /** Can be given several times. */
  readonly repeat?: boolean;
  /** Its verb does not run without it. */
  readonly required?: boolean;
  readonly choices?: readonly string[];
  readonly complete?: Completion;
  readonly hidden?: boolean;
}

export interface OperandSpec {
  readonly name: string;
  readonly help: string;
  readonly optional?: boolean;
  /** Takes all that follow. */
  readonly many?: boolean;
  readonly complete?: Completion;
}

export interface Example {
  readonly command: string;
  readonly help: string;
}

export interface VerbSpec {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One line, for lists. */
  readonly summary: string;
  /** Further paragraphs. */
  readonly description?: string;
  readonly operands?: readonly OperandSpec[];
  readonly options?: readonly OptionSpec[];
  readonly examples?: readonly Example[];
  readonly hidden?: boolean;
  /** Words after the first operand are operands, even those that begin with a dash. */
  readonly passThrough?: boolean;
  readonly verbs?: readonly VerbSpec[];
  readonly load?: () => Promise<VerbModule>;
}

export interface ProgramSpec extends VerbSpec {
  readonly version: string;
  /** Short words that stand for verbs and what follows them; only where a verb can stand. */
  readonly shortcuts?: Readonly<Record<string, readonly string[]>>;
  /** Options of every verb. */
  readonly globals: readonly OptionSpec[];
  /** Its exit codes and what they mean, where they are other than those that all programs share. */
  readonly exits?: readonly (readonly [string, string])[];
}

export interface VerbModule {
  /** Gives the exit code; 0 where nothing is given. */
  readonly run: (invocation: Invocation) => Promise<number | undefined> | Promise<void> | number | undefined | void;
}

/** Options as they were given, with their checks done. */
export interface Options {
  /** Was the switch given? Of `--no-x`, the name is `no-x`. */
  readonly flag: (name: string) => boolean;
  readonly text: (name: string) => string | undefined;
  readonly list: (name: string) => readonly string[];
  /** A whole number from `least` up to `most`. Throws `usage`. */
  readonly number: (name: string, least?: number, most?: number) => number | undefined;
}

export interface Invocation {
  readonly program: ProgramSpec;
  readonly verb: VerbSpec;
  readonly operands: readonly string[];
  readonly options: Options;
  readonly ui: Ui;
  /** The command line as typed, for histories and locks. */
  readonly command: string;
}
