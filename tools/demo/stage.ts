// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** How the demo shows what it does: numbered steps, commands as a user would type them, checks, times. */
import { join } from "node:path";
import { formatDuration, makeStyle } from "#cli/style";
import { isTerminal, writeAll } from "#cli/terminal";

const repository = join(import.meta.dir, "../..");
/** Lines of output that are shown; of longer ones, the middle is left out. */
const SHOWN = 12;
const PROGRAMS = new Set(["moss", "moss-deb", "moss-container", "boulder"]);

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  /** Milliseconds from start to end. */
  readonly ms: number;
}

export interface RunOptions {
  readonly cwd: string;
  /** What is shown instead of the words, where these say more than a reader needs. */
  readonly shown?: string;
  /** `quiet`: the output is only looked at by the demo; `hidden`: and so is the command. */
  readonly output?: "shown" | "quiet" | "hidden";
  /** Lines of output that are shown at most. */
  readonly lines?: number;
  /** Exit codes besides 0 that are no failure. */
  readonly codes?: readonly number[];
  readonly timeout?: number;
}

interface Row {
  readonly title: string;
  readonly ms: number;
  readonly note: string;
}

/** A step that cannot go on. */
export class StepFailed extends Error {}

export class Stage {
  readonly #style = makeStyle(isTerminal(1) && (process.env["NO_COLOR"] ?? "") === "");
  readonly #started = performance.now();
  readonly #rows: Row[] = [];
  readonly #figures: [name: string, value: string][] = [];
  #checks = 0;
  readonly #failures: string[] = [];

  say(line = ""): void {
    writeAll(1, `${line}\n`);
  }

  /** Does a step, with its title and time; `action` gives what its row of the closing table says. */
  async step(title: string, action: () => Promise<string>): Promise<void> {
    const started = performance.now();
    this.say();
    this.say(this.#style.bold(this.#style.blue(`== ${this.#rows.length + 1}. ${title}`)));
    let note = "failed";
    try {
      note = await action();
    } finally {
      const ms = performance.now() - started;
      this.#rows.push({ title, ms, note });
      this.say(this.#style.dim(`   step ${this.#rows.length}: ${formatDuration(ms)}`));
    }
  }

  /** Runs a command to its end. Throws StepFailed where it fails. */
  async run(words: readonly string[], options: RunOptions): Promise<Ran> {
    const [program = "", ...rest] = words;
    const command = PROGRAMS.has(program)
      ? [process.execPath, join(repository, "bin", `${program}.ts`), ...rest]
      : [program, ...rest];
    const hidden = options.output === "hidden";
    if (!hidden) this.say(`${this.#style.bold("$")} ${this.#style.bold(options.shown ?? words.map(quoted).join(" "))}`);
    const started = performance.now();
    const child = Bun.spawn(command, {
      cwd: options.cwd,
      stdio: ["ignore", "pipe", "inherit"],
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    });
    const stdout = await new Response(child.stdout).text();
    const code = await child.exited;
    const ms = performance.now() - started;
    if ((options.output ?? "shown") === "shown" || code !== 0) this.#excerpt(stdout, options.lines ?? SHOWN);
    if (code !== 0 && options.codes?.includes(code) !== true) {
      throw new StepFailed(`"${words.slice(0, 3).join(" ")}" ended with code ${code}`);
    }
    if (!hidden) this.say(this.#style.dim(`   ${formatDuration(ms)}`));
    return { code, stdout, ms };
  }

  #excerpt(text: string, most: number): void {
    const lines = text.trimEnd().split("\n");
    if (text.trim() === "") return;
    const cut = lines.length > most;
    const head = cut ? lines.slice(0, Math.ceil(most / 2)) : lines;
    const tail = cut ? lines.slice(-Math.floor(most / 2)) : [];
    for (const line of head) this.say(`  ${line}`);
    if (cut) this.say(this.#style.dim(`  ... ${lines.length - most} more lines ...`));
    for (const line of tail) this.say(`  ${line}`);
  }

  /** Says whether something is as it must be. Where not, the demo goes on and fails at its end. */
  check(what: string, right: boolean, found = ""): void {
    this.#checks += 1;
    const mark = right ? this.#style.green("ok") : this.#style.red("WRONG");
    this.say(`   ${mark}  ${what}${right || found === "" ? "" : `: ${found}`}`);
    if (!right) this.#failures.push(`${what}${found === "" ? "" : `: ${found}`}`);
  }

  /** A step that could not go on. */
  failed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#failures.push(message);
    this.say(this.#style.red(`   ${message}`));
    if (!(error instanceof StepFailed) && error instanceof Error) this.say(error.stack ?? "");
  }

  /** A number for the closing table. */
  figure(name: string, value: string): void {
    this.#figures.push([name, value]);
  }

  /** The closing table. Gives the exit code. */
  close(): number {
    const total = performance.now() - this.#started;
    const width = Math.max(...this.#rows.map((row) => row.title.length), ...this.#figures.map(([name]) => name.length));
    this.say();
    this.say(this.#style.bold("== What it took"));
    for (const { title, ms, note } of this.#rows) {
      this.say(`  ${title.padEnd(width)}  ${formatDuration(ms).padStart(11)}  ${note}`);
    }
    this.say(`  ${"all".padEnd(width)}  ${formatDuration(total).padStart(11)}`);
    this.say();
    this.say(this.#style.bold("== Numbers"));
    for (const [name, value] of this.#figures) this.say(`  ${name.padEnd(width)}  ${value}`);
    this.say();
    const failed = this.#failures.length;
    this.say(`${this.#checks} checks, ${failed === 0 ? "all right" : `${failed} WRONG`}`);
    for (const failure of this.#failures) this.say(this.#style.red(`  ${failure}`));
    return failed === 0 ? 0 : 1;
  }
}

/** A word as a shell would need it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
