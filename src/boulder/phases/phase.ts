// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** One phase: its script runs in the root, its output goes to a log and to whoever watches, a failure is explained. */
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { type Bind, type ContainerResult, runInRoot } from "#container/run";
import { type ScriptLine, scriptText } from "../macros/expand";
import { buildFolder, GUEST } from "../plan/guest";
import type { PlannedPhase, PlannedStage } from "../plan/plan";
import type { Recipe } from "../recipe/model";
import { BREAKPOINT_FILE, BREAKPOINT_SCRIPT, breakpointsOf, ENDS_HERE, TERMINAL_FD } from "./breakpoint";
import { type Excerpt, excerptOf } from "./excerpt";
import { forgetWord, readWord } from "./word";
import { STATUS, type Workspace } from "./workspace";

export interface PhaseContext {
  readonly recipe: Recipe;
  readonly workspace: Workspace;
  /** Folder of the root, never written. */
  readonly root: string;
  readonly binds: readonly Bind[];
  /** Seconds until the phase is killed. */
  readonly timeout?: number;
  /** Bytes of memory of the whole phase, where cgroups allow. */
  readonly memory?: number;
  /** Processes and threads of the phase at a time. */
  readonly processes?: number;
  readonly signal?: AbortSignal;
  /** Whether breakpoints can open a shell: stdin is a terminal, and output is for people. */
  readonly terminal: boolean;
  readonly onOutput?: (chunk: Uint8Array) => void;
}

export interface PhaseResult {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly log: string;
}

/**
 * Processes and threads of one build at a time: far more than a build has, even one whose tests start threads by the hundred,
 * and what a fork bomb makes of it does not stop the machine.
 */
const MAX_PIDS = 1024 + 128 * availableParallelism();
/** Lines of output in which its cause is looked for. */
const HEARD_LINES = 2000;
const SHELL = "/usr/bin/bash";

/** The name of a phase's log and script: `x86_64-build`, `emul32.x86_64-one-build`. */
export function phaseName(stage: PlannedStage, phase: string): string {
  const target = stage.target.replaceAll("/", ".");
  return stage.stage === "none" ? `${target}-${phase}` : `${target}-${stage.stage}-${phase}`;
}

/** Runs a phase to its end. Throws `build.failed` with command, recipe line and last lines; `disk.full`; `interrupted`. */
export async function runPhase(
  stage: PlannedStage,
  planned: PlannedPhase,
  context: PhaseContext,
): Promise<PhaseResult> {
  const { workspace, recipe } = context;
  const name = phaseName(stage, planned.phase);
  const log = join(workspace.logs, `${name}.log`);
  writeFileSync(join(workspace.scripts, `${name}.sh`), scriptText(planned.lines));
  const stops = breakpointsOf(planned.lines).length > 0;
  if (stops) writeFileSync(join(workspace.scripts, BREAKPOINT_FILE), BREAKPOINT_SCRIPT);
  const terminal = stops && context.terminal;
  const failureFile = join(workspace.status, "failure");
  forgetWord(failureFile);
  const handle = openSync(log, "w");
  const tail = new Tail(HEARD_LINES);
  try {
    const result = await runInRoot(
      {
        root: context.root,
        // One stream keeps messages and output in their order.
        command: [
          SHELL,
          "-c",
          `exec 2>&1 ${TERMINAL_FD}<&0 </dev/null "$0" "$1"`,
          SHELL,
          `${GUEST.scripts}/${name}.sh`,
        ],
        env: { ...environmentOf(stage), ...(terminal ? { BOULDER_TERM: process.env["TERM"] ?? "dumb" } : {}) },
        terminal,
        cwd: buildFolder(stage.target),
        fakeroot: true,
        network: recipe.options.networking,
        hostname: "boulder",
        binds: context.binds,
        limits: {
          pids: context.processes ?? MAX_PIDS,
          ...(context.memory === undefined ? {} : { memory: context.memory }),
        },
        // Nobody is to hurry in a shell.
        ...(context.timeout === undefined || terminal ? {} : { timeout: context.timeout * 1000 }),
        ...(context.signal === undefined ? {} : { signal: context.signal }),
      },
      (chunk) => {
        writeSync(handle, chunk);
        tail.add(chunk);
        context.onOutput?.(chunk);
      },
    );
    const { usage } = result;
    if (result.code === 0) return { wallMs: usage.wallMs, cpuMs: usage.userMs + usage.systemMs, log };
    if (result.cancelled) throw new Failure("interrupted", `Cannot build "${recipe.name}": it was interrupted`);
    throw failureOf({ stage, planned, recipe, log, tail, failureFile, ...reasonOf(result, context) });
  } finally {
    closeSync(handle);
  }
}

/** Why a phase failed, and whether that was for want of memory. */
function reasonOf(
  { timedOut, code, usage }: ContainerResult,
  { timeout, memory = 0 }: PhaseContext,
): { readonly reason: string; readonly starved: boolean } {
  if (timedOut) return { reason: `it took longer than ${timeout} seconds`, starved: false };
  if ((usage.outOfMemory ?? 0) === 0) return { reason: `code ${code}`, starved: false };
  return { reason: `it used up its memory (${Math.floor(memory / 2 ** 20)} MiB)`, starved: true };
}

export function environmentOf(stage: PlannedStage): Record<string, string> {
  return {
    HOME: buildFolder(stage.target),
    PATH: "/usr/bin:/usr/sbin",
    BOULDER_FAILURE: `${STATUS}/failure`,
  };
}

interface Failed {
  readonly stage: PlannedStage;
  readonly planned: PlannedPhase;
  readonly recipe: Recipe;
  readonly log: string;
  readonly tail: Tail;
  readonly reason: string;
  /** Processes of it were ended because the phase had used up its memory. */
  readonly starved: boolean;
  readonly failureFile: string;
}

/** A phase that failed, in the words of its script and of the recipe. */
export class PhaseFailure extends Failure {
  /** The lines that tell the cause: the last ones, behind errors that came before them. */
  readonly lastLines: readonly string[];
  /** More of them, and the last ones too. */
  readonly heard: readonly string[];
  /** Whether programs of 32 bits were built. */
  readonly narrow: boolean;

  constructor(message: string, failed: Failed, heard: readonly string[], shown: Excerpt) {
    const full = shown.last.some((text) => text.includes("No space left on device"));
    super(full ? "disk.full" : "build.failed", message, {
      hint: `${failed.starved ? "Fewer jobs (-j) need less; --memory gives more.\n" : ""}The whole output is in ${failed.log}`,
    });
    this.narrow = failed.stage.target.startsWith("emul32");
    this.lastLines = [...shown.earlier, ...shown.last];
    this.heard = heard;
  }
}

function failureOf(failed: Failed): PhaseFailure {
  const { stage, planned, recipe, tail } = failed;
  const heard = tail.lines();
  const shown = excerptOf(heard);
  const where = failedLine(failed, shown.last);
  const line = where?.line?.line;
  const via = where?.line?.via[0];
  const place = line === undefined ? "" : ` at ${recipe.file}:${line}${via === undefined ? "" : ` (${via})`}`;
  const ends = where?.command === ENDS_HERE;
  const rows = [
    `Cannot build "${recipe.name}": ${planned.phase} for ${stage.target} ${ends ? "ended" : "failed"}${place}: ${ends ? "a breakpoint is there" : failed.reason}`,
    ...(where?.command === undefined ? [] : [`  command: ${shorten(where.command)}`]),
    ...shown.earlier.map((text) => `  | ${text}`),
    ...(shown.earlier.length === 0 ? [] : ["  | [...]"]),
    ...shown.last.map((text) => `  | ${text}`),
  ];
  return new PhaseFailure(rows.join("\n"), failed, heard, shown);
}

interface Where {
  readonly command?: string;
  readonly line: ScriptLine | undefined;
}

/** Where a script failed: by the word that it left, or by the shell's own message. */
function failedLine(failed: Failed, lines: readonly string[]): Where | undefined {
  const at = (number: number): ScriptLine | undefined => failed.planned.lines[number - 1];
  const word = readWord(failed.failureFile);
  if (word !== undefined) {
    const [head = "", ...command] = word.trimEnd().split("\n");
    const number = Number(head.split(" ")[1]);
    return { command: command.join("\n"), line: at(number) };
  }
  const script = `${phaseName(failed.stage, failed.planned.phase)}.sh: line `;
  for (const text of lines.toReversed()) {
    const from = text.indexOf(script);
    if (from < 0) continue;
    return { line: at(Number.parseInt(text.slice(from + script.length), 10)) };
  }
  // The shell shows each command with a plus sign before it runs it.
  const last = lines.findLast((text) => /^\++ /.test(text));
  return last === undefined ? undefined : { command: last.replace(/^\++ /, ""), line: undefined };
}

function shorten(text: string): string {
  return text.length > 400 ? `${text.slice(0, 397)}...` : text;
}

/** The last lines of an output, whatever bytes are in it. */
export class Tail {
  readonly #most: number;
  readonly #decoder = new TextDecoder();
  #lines: string[] = [];
  #open = "";

  constructor(most: number) {
    this.#most = most;
  }

  add(chunk: Uint8Array): void {
    const parts = (this.#open + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#open = (parts.pop() ?? "").slice(-4096);
    this.#lines.push(...parts);
    if (this.#lines.length > this.#most * 4) this.#lines = this.#lines.slice(-this.#most);
  }

  lines(): string[] {
    const all = this.#open === "" ? this.#lines : [...this.#lines, this.#open];
    return all.slice(-this.#most).map((line) => line.replaceAll("\r", "").slice(0, 2000));
  }
}
