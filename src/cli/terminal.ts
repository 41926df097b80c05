// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The streams of the process, written at once and without loading the runtime's stream classes (8 ms). */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { errnoCode } from "#base/errors";

export { isTerminal } from "#sys/descriptors";

/** Columns of the terminal at stdout or stderr; 80 where there is none, or one that does not know (it says 0). */
export function terminalWidth(): number {
  return [process.stdout.columns, process.stderr.columns].find((columns) => columns > 0) ?? 80;
}

/** Whoever reads the output has gone: nothing is left to say. */
export class ClosedOutput extends Error {}

let working = false;
let lost: unknown;

/** Says that something is being done from here on: output that cannot be written is no reason to stop in the middle. */
export function beginWork(): void {
  working = true;
}

/** What kept output from being written while something was done; undefined where all was, or where its reader went. */
export function lostOutput(): unknown {
  return lost;
}

/**
 * Writes a whole text. Throws ClosedOutput where nobody reads any more, and what the system says where stdout takes no
 * more; once work has begun neither. What stderr does not take is nobody's to hear.
 */
export function writeAll(fd: number, text: string): void {
  if (working && fd === 1 && lost !== undefined) return;
  try {
    writeWhole(fd, text);
  } catch (error) {
    if (fd === 2) return;
    if (!working || fd !== 1) throw error;
    if (!(error instanceof ClosedOutput)) lost = error;
  }
}

function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  let at = 0;
  while (at < bytes.byteLength) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const code = errnoCode(error);
      if (code === "EPIPE") throw new ClosedOutput("nobody reads the output", { cause: error });
      if (code !== "EAGAIN") throw error;
      Bun.sleepSync(5);
    }
  }
}

/** A line typed at the terminal of the process; undefined where there is none, or where input ends. */
export function readTerminalLine(): string | undefined {
  let fd: number;
  try {
    fd = openSync("/dev/tty", "r");
  } catch {
    return undefined;
  }
  try {
    const buffer = Buffer.alloc(1024);
    const length = readSync(fd, buffer);
    return length === 0 ? undefined : buffer.subarray(0, length).toString().trim();
  } finally {
    closeSync(fd);
  }
}
