// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Shows a build as it goes: steps, output behind the phase that it is from, times. */
import { basename } from "node:path";
import type { BuildEvent, StepTime } from "#boulder/build/events";
import { Downloads, sourceText } from "#cli/boulder/sources";
import type { Progress } from "#cli/progress";
import { counted, formatBytes, printable } from "#cli/style";
import type { Ui } from "#cli/ui";
import { formatProblem } from "#formats/yaml";

/** A listener that shows a build; dispose it when the build has ended, however it ended. */
export interface BuildWatcher extends Disposable {
  readonly on: (event: BuildEvent) => void;
  readonly downloads: Downloads;
  /** Takes bars off the screen. */
  readonly end: () => void;
}

/**
 * Shows the events of a build: lines on stderr for people, or one JSON object a line on stdout.
 *
 * @param output shows the output of the phases, else a bar with the number of its lines
 */
export function watchBuild(ui: Ui, output: boolean): BuildWatcher {
  const downloads = new Downloads(ui);
  let bar: Progress | undefined;
  let lines = 0;
  const end = (): void => {
    downloads[Symbol.dispose]();
    bar?.end();
    bar = undefined;
  };
  const pen = new LinePen((part) => {
    if (ui.json || bar === undefined) ui.note(part.join("\n"), "debug");
    else bar.update((lines += part.length), undefined, part.at(-1));
  });
  const decoder = new TextDecoder();
  const on = (event: BuildEvent): void => {
    if (event.kind === "output") {
      if (ui.json) tell(ui, { type: "output", text: decoder.decode(event.chunk, { stream: true }) });
      else pen.add(event.chunk);
      return;
    }
    pen.end();
    if (event.kind !== "source") end();
    if (ui.json) tellProgram(ui, event);
    else tellPeople(ui, event);
    // A bar would write over what the shell shows.
    if (event.kind === "breakpoints" && event.opens) end();
    if (event.kind !== "phase") return;
    lines = 0;
    if (output) pen.tag = `${event.phase.padEnd(8)}| `;
    else if (!ui.json) bar = ui.progress(`${event.target} ${event.phase}, lines`);
  };
  return { on, downloads, end, [Symbol.dispose]: end };
}

/** An event as it stands on a line of `--json`. */
function tellProgram(ui: Ui, event: Exclude<BuildEvent, { kind: "output" }>): void {
  if (event.kind === "source" || event.kind === "root") {
    const { kind: step, ...rest } = event.event;
    tell(ui, { type: event.kind, step, ...rest });
  } else if (event.kind === "packaging") {
    const { type: step, ...rest } = event.event;
    tell(ui, { type: "packaging", step, ...rest });
  } else {
    const { kind, ...rest } = event;
    tell(ui, { type: kind === "done" ? "phase-done" : kind, ...rest });
  }
}

/** Every event of a build says when it was. */
function tell(ui: Ui, event: { readonly type: string } & Readonly<Record<string, unknown>>): void {
  ui.event({ ...event, time: new Date().toISOString() });
}

function tellPeople(ui: Ui, event: Exclude<BuildEvent, { kind: "output" }>): void {
  const text = textOf(event);
  if (event.kind === "problem" && event.problem.place.line !== 0) ui.problem(text);
  else if (isWarning(event)) ui.warn(text);
  else ui.note(text);
}

/** Cuts output into lines and puts the phase before each. */
class LinePen {
  tag = "";
  readonly #say: (lines: readonly string[]) => void;
  readonly #decoder = new TextDecoder();
  #open = "";

  constructor(say: (lines: readonly string[]) => void) {
    this.#say = say;
  }

  add(chunk: Uint8Array): void {
    const parts = (this.#open + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#open = parts.pop() ?? "";
    if (parts.length > 0) this.#say(parts.map((part) => this.tag + clean(part)));
  }

  end(): void {
    if (this.#open !== "") this.#say([this.tag + clean(this.#open)]);
    this.#open = "";
  }
}

/** What a build prints must not move the cursor or change the terminal: escape sequences and control characters go. */
function clean(line: string): string {
  let out = "";
  for (const part of line
    .split("\u001b")
    .map((text, i) => (i === 0 ? text : text.replace(/^\[[0-9;?]*[A-Za-z]/, "")))) {
    for (const char of part) if (char >= " " || char === "\t") out += char;
  }
  return out;
}

function isWarning(event: Exclude<BuildEvent, { kind: "output" }>): boolean {
  const { kind } = event;
  return (
    kind === "problem" ||
    kind === "unresolved" ||
    (kind === "breakpoints" && !event.opens) ||
    (kind === "packaging" && event.event.type === "warning")
  );
}

function textOf(event: Exclude<BuildEvent, { kind: "output" }>): string {
  return printable(plainTextOf(event));
}

function plainTextOf(event: Exclude<BuildEvent, { kind: "output" }>): string {
  switch (event.kind) {
    case "problem":
      return event.problem.place.line === 0 ? event.problem.message : formatProblem(event.problem);
    case "resolved":
      return `Root of ${counted(event.packages, "package")}`;
    case "root":
      return rootText(event.event);
    case "source":
      return `Source ${sourceText(event.event)}`;
    case "network":
      return "The recipe asks for the network: its phases can reach it, and what they fetch is not verified";
    case "prepare":
      return `Unpacking for ${event.target}${event.stage === "none" ? "" : `, stage ${event.stage}`}`;
    case "phase":
      return `${event.target} ${event.phase}`;
    case "done":
      return `${event.phase} took ${seconds(event.wallMs)} (${seconds(event.cpuMs)} of processor time)`;
    case "packaging":
      return packagingText(event.event);
    case "shell":
      return `${event.message}\nA shell where ${event.phase} failed; leave it to end the build`;
    case "breakpoints": {
      const where = `${event.lines.length === 1 ? "line" : "lines"} ${event.lines.join(", ")} of the recipe`;
      return event.opens
        ? `A shell opens at ${where}`
        : `No shell opens at the breakpoint at ${where}: stdin is no terminal`;
    }
    case "unresolved":
      return `${event.package} needs ${event.dependency}, which nothing gives (from ${event.files.slice(0, 3).join(", ") || "the recipe"})`;
    case "manifest":
      return `Manifest ${event.text}`;
    default:
      return event satisfies never;
  }
}

function rootText(event: Extract<BuildEvent, { kind: "root" }>["event"]): string {
  switch (event.kind) {
    case "reused":
      return "  found ready";
    case "making":
      return `  made now; ${counted(event.missing, "package")} new to the store`;
    case "shared":
      return "  the same as one that is kept";
    default:
      return event satisfies never;
  }
}

function packagingText(event: Extract<BuildEvent, { kind: "packaging" }>["event"]): string {
  switch (event.type) {
    case "step":
      return `${event.name}: ${counted(event.files, "file")}`;
    case "warning":
      return `${event.path}: ${event.text}`;
    case "package":
      return `  ${basename(event.file)}  ${formatBytes(event.size)}`;
    default:
      return event satisfies never;
  }
}

export function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(2)} s` : `${(ms / 1000).toFixed(1)} s`;
}

/** The times of all steps, with their part of the whole. */
export function timesTable(times: readonly StepTime[]): string {
  const total = times.reduce((sum, item) => sum + item.ms, 0);
  const width = Math.max(...times.map((item) => item.name.length), 5);
  const row = (name: string, ms: number) =>
    `  ${name.padEnd(width)}  ${seconds(ms).padStart(9)}  ${((100 * ms) / Math.max(total, 1)).toFixed(1).padStart(5)} %`;
  return [...times.map((item) => row(item.name, item.ms)), row("total", total)].join("\n");
}
