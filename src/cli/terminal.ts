// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The streams of the process, written at once and without loading the runtime's stream classes (8 ms). */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { errnoCode } from "#base/errors";
import { c } from "#sys/libc";

/** Is a stream (1: output, 2: errors, 0: input) a terminal? */
export function isTerminal(fd: number): boolean {
  return c.isatty(fd) === 1;
}

/** Columns of the terminal at stdout or stderr; 80 where there is none. */
export function terminalWidth(): number {
  return process.stdout.columns ?? process.stderr.columns ?? 80;
}

/** Whoever reads the output has gone: nothing is left to say. */
export class ClosedOutput extends Error {}

/** Writes a whole text. Throws ClosedOutput where nobody reads any more. */
export function writeAll(fd: number, text: string): void {
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
