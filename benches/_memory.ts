// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The state of memory that a measured run finds. A virtual machine gives memory that lies free back to its host, and each page
 * of it then costs a trip to the host when it is first used again: seconds for a gigabyte of new files, for anyone's program.
 * On a machine that has been up for a while no memory lies free: it holds files that were read, and new pages are taken from
 * those. `fillMemory` brings that about.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";

const MORE = 2 ** 30;

const CHUNK = Buffer.alloc(2 ** 20);

function free(): number {
  return Number(/^MemFree:\s+(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? 0) * 1024;
}

/** Memory full of the pages of a file that was read. One a bench; it takes no room on the disk. */
export class FullMemory {
  readonly #path: string;
  readonly #file: number;
  #at = 0;

  constructor(folder: string) {
    this.#path = join(folder, "hole");
    this.#file = openSync(this.#path, "w+");
    // A hole: it reads as zeros and takes pages like any file.
    ftruncateSync(this.#file, totalmem() * 20);
  }

  /**
   * Reads on where it stood until new pages come from those that were read, and then the files that the run will read, twice,
   * so that they stay in memory: what was downloaded a moment ago still is. To be called right before each run that is measured.
   */
  fill(inputs: readonly string[] = []): void {
    // What lies free, and some more: the kernel keeps a part of its memory free whatever is read.
    for (const end = this.#at + free() + MORE; this.#at < end; this.#at += CHUNK.byteLength) {
      const count = readSync(this.#file, CHUNK, 0, CHUNK.byteLength, this.#at);
      if (count === 0) throw new Error("the file that fills memory has come to its end");
    }
    for (const path of [...inputs, ...inputs]) readFileSync(path);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
    rmSync(this.#path, { force: true });
  }
}
