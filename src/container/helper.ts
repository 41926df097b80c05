// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The outer program as a process. It is started first of all and given its steps when they are known: reading its script
 * takes it longer than we need to make them.
 */
import { closeSync, readSync, writeSync } from "node:fs";
import { errnoCode } from "#base/errors";
import type { ContainerOptions } from "#container/options";
import { outerCommand } from "#container/outer";
import { memoryFile, openPipe } from "#sys/descriptors";

const MAX_STATUS = 64 * 1024;

let early: Helper | undefined;

/**
 * Starts a helper for `takeHelper`, before it is known whether the words are right. To be disposed of at the end: one that
 * nobody took is gone then. Undefined where it cannot be started, which the second try will tell.
 */
export function startEarly(): AsyncDisposable | undefined {
  try {
    early = Helper.start({ interactive: true });
  } catch {
    return undefined;
  }
  return {
    async [Symbol.asyncDispose]() {
      await early?.[Symbol.asyncDispose]();
      early = undefined;
    },
  };
}

/** The helper that was started early, or one that starts now, with the caller's stdin, stdout and stderr. */
export function takeHelper(): Helper {
  const taken = early ?? Helper.start({ interactive: true });
  early = undefined;
  return taken;
}

/** One run of the outer program. Disposed of before it has its steps, it has done nothing, and is gone. */
export class Helper implements AsyncDisposable {
  readonly child: Bun.Subprocess;
  /** Milliseconds on the clock of `performance`. */
  readonly started: number;
  readonly #status: number;
  /** Where its steps are written to, until they are. */
  #steps: number | undefined;

  private constructor(started: number, child: Bun.Subprocess, status: number, steps: number) {
    this.started = started;
    this.child = child;
    this.#status = status;
    this.#steps = steps;
  }

  /** Starts it with the container's stdin, stdout and stderr. Throws what the system says where that cannot be done. */
  static start(options: Pick<ContainerOptions, "interactive" | "terminal" | "input">): Helper {
    const started = performance.now();
    const passed = options.interactive === true;
    const output = passed ? "inherit" : "pipe";
    const terminal = passed || options.terminal === true;
    const input = options.input === undefined ? "ignore" : Buffer.from(options.input);
    // What it and bubblewrap report; a pipe would need a reader while they run.
    const status = memoryFile("moss-container");
    let ends: [from: number, to: number] | undefined;
    try {
      ends = openPipe();
      const child = Bun.spawn(outerCommand(), {
        cwd: "/",
        env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" },
        stdio: [terminal ? "inherit" : input, output, output, status, ends[0]],
      });
      closeSync(ends[0]);
      return new Helper(started, child, status, ends[1]);
    } catch (error) {
      for (const fd of [status, ...(ends ?? [])]) closeSync(fd);
      throw error;
    }
  }

  /** Gives it its steps, once: it does them from now on. */
  send(steps: Buffer): void {
    const to = this.#steps;
    if (to === undefined) throw new Error("the steps have been sent");
    try {
      for (let at = 0; at < steps.length; ) at += writeSync(to, steps, at);
    } catch (error) {
      // It has ended already; its exit code and what it said tell why.
      if (errnoCode(error) !== "EPIPE") throw error;
    } finally {
      this.#steps = undefined;
      closeSync(to);
    }
  }

  /** What it and bubblewrap have reported until now. */
  status(): string {
    const buffer = Buffer.alloc(MAX_STATUS);
    return buffer.toString("utf8", 0, readSync(this.#status, buffer, 0, MAX_STATUS, 0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#steps !== undefined) {
      closeSync(this.#steps);
      this.#steps = undefined;
    }
    // Has ended, unless it was not needed: SIGKILL, as its stdin and stdout are the caller's.
    this.child.kill("SIGKILL");
    await this.child.exited;
    closeSync(this.#status);
  }
}
