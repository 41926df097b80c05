// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Shows a build as it goes: steps, output behind the phase that it is from, times. */
import { basename } from "node:path";
import type { BuildEvent, StepTime } from "#boulder/build/events";
import { eventText } from "#cli/boulder/fetch";
import { formatProblem } from "#formats/yaml";

export interface WatchOptions {
  readonly json: boolean;
  /** Shows the output of the phases; else only their names and times. */
  readonly output: boolean;
}

/** A listener that prints to stderr for people, or one JSON object a line to stdout. */
export function watchBuild(options: WatchOptions): (event: BuildEvent) => void {
  if (options.json) return jsonWatcher();
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const pen = new LinePen((line) => say(line));
  return (event) => {
    if (event.kind === "output") {
      if (options.output) pen.add(event.chunk);
      return;
    }
    pen.end();
    if (event.kind === "phase") pen.tag = `${event.phase.padEnd(8)}| `;
    const text = textOf(event);
    if (text !== undefined) say(text);
  };
}

/** Cuts output into lines and puts the phase before each. */
class LinePen {
  tag = "";
  readonly #say: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #open = "";

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  add(chunk: Uint8Array): void {
    const parts = (this.#open + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#open = parts.pop() ?? "";
    for (const part of parts) this.#say(this.tag + clean(part));
  }

  end(): void {
    if (this.#open !== "") this.#say(this.tag + clean(this.#open));
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

function textOf(event: Exclude<BuildEvent, { kind: "output" }>): string | undefined {
  switch (event.kind) {
    case "problem":
      return event.problem.place.line === 0 ? `warning: ${event.problem.message}` : formatProblem(event.problem);
    case "resolved":
      return `Root of ${event.packages} packages`;
    case "root":
      return event.event.kind === "reused"
        ? "  found ready"
        : `  made now; ${event.event.missing} packages are new to the store`;
    case "source":
      return `Source ${eventText(event.event)}`;
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
    case "unresolved":
      return `warning: ${event.package} needs ${event.dependency}, which nothing gives (from ${event.files.slice(0, 3).join(", ") || "the recipe"})`;
    case "manifest":
      return `Manifest ${event.text}`;
    default:
      return event satisfies never;
  }
}

function packagingText(event: Extract<BuildEvent, { kind: "packaging" }>["event"]): string {
  switch (event.type) {
    case "step":
      return `${event.name}: ${event.files} files`;
    case "warning":
      return `warning: ${event.path}: ${event.text}`;
    case "package":
      return `  ${basename(event.file)}  ${event.size} bytes`;
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

function jsonWatcher(): (event: BuildEvent) => void {
  const decoder = new TextDecoder();
  return (event) => {
    const data =
      event.kind === "output" ? { kind: "output", text: decoder.decode(event.chunk, { stream: true }) } : event;
    process.stdout.write(`${JSON.stringify(data)}\n`);
  };
}
