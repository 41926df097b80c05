// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Worker processes for scanning and writing packages. Processes, not threads: each has a heap of its own, so the memory of
 * the whole stays flat however many packages pass through.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CODES, type Code, Failure } from "#base/errors";
import type { EmittedStone } from "#deb/emit";
import { type Job, type JobFailure, type Reply, runJob } from "#deb/jobs";
import type { PackageScan } from "#deb/scan-model";

interface Pending {
  resolve(result: PackageScan | EmittedStone): void;
  reject(error: unknown): void;
}

interface Worker {
  readonly process: Bun.Subprocess<"ignore", "inherit", "inherit">;
  readonly pending: Map<number, Pending>;
}

/** How a worker is started: from the sources, or by this very executable where it is compiled. */
function workerCommand(): { command: string[]; argv0?: string } {
  const source = join(import.meta.dir, "worker.ts");
  if (existsSync(source)) return { command: [process.execPath, source] };
  return { command: [process.execPath, "worker"], argv0: "moss-deb" };
}

function isCode(code: string | undefined): code is Code {
  return code !== undefined && Object.hasOwn(CODES, code);
}

function errorOf({ code, message, hint }: JobFailure): Error {
  return isCode(code) ? new Failure(code, message, hint === undefined ? {} : { hint }) : new Error(message);
}

/** A fixed number of workers. Dispose it with `using`: the processes end with it. One job: this process does the work. */
export class JobPool implements Disposable {
  readonly size: number;
  readonly #workers: Worker[] = [];
  #next = 0;

  constructor(size: number) {
    this.size = Math.max(1, size);
    if (this.size === 1) return;
    for (let i = 0; i < this.size; i++) this.#workers.push(this.#start());
  }

  #start(): Worker {
    const { command, argv0 } = workerCommand();
    const pending = new Map<number, Pending>();
    const child = Bun.spawn(command, {
      ...(argv0 === undefined ? {} : { argv0 }),
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
      ipc: (message: unknown) => {
        const reply = message as Reply; // our own program on the other end
        const waiting = pending.get(reply.id);
        pending.delete(reply.id);
        if ("failure" in reply) waiting?.reject(errorOf(reply.failure));
        else waiting?.resolve(reply.result);
      },
      onExit: (_process, code, signal) => {
        for (const waiting of pending.values()) {
          waiting.reject(new Failure("io", `Cannot import: a worker ended with ${signal ?? code}, expected an answer`));
        }
      },
    });
    return { process: child, pending };
  }

  /** Does a job on the worker with the least to do. */
  async run(job: Job & { kind: "scan" }): Promise<PackageScan>;
  async run(job: Job & { kind: "emit" }): Promise<EmittedStone>;
  async run(job: Job): Promise<PackageScan | EmittedStone> {
    const worker = this.#workers.toSorted((a, b) => a.pending.size - b.pending.size)[0];
    if (worker === undefined) return runJob(job);
    const id = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<PackageScan | EmittedStone>();
    worker.pending.set(id, { resolve, reject });
    worker.process.send({ id, job });
    return promise;
  }

  [Symbol.dispose](): void {
    for (const { process: child } of this.#workers) child.kill();
  }
}
