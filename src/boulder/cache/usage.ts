// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Room on disk. Roots are links to the files of the store, so a file is counted once, and its room comes back only when the
 * last of its names goes.
 */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { errnoCode } from "#base/errors";

/** Blocks of `stat` are of this size whatever the file system's own are. */
const BLOCK = 512;

interface Links {
  /** Names seen, of how many that there are. */
  seen: number;
  readonly all: number;
  readonly bytes: number;
}

/** Adds up folders, one after the other. */
export class Room {
  readonly #linked = new Map<string, Links>();
  /** Bytes on disk of all that was seen, each file once. */
  bytes = 0;
  /** Bytes on disk that come back when all of it goes. */
  freed = 0;

  /** Adds a file or folder with all that is in it. What goes away meanwhile counts nothing. */
  add(path: string): void {
    try {
      const stat = lstatSync(path);
      const bytes = stat.blocks * BLOCK;
      if (stat.isDirectory()) {
        this.bytes += bytes;
        this.freed += bytes;
        for (const name of readdirSync(path)) this.add(join(path, name));
      } else if (stat.nlink === 1) {
        this.bytes += bytes;
        this.freed += bytes;
      } else this.#link(`${stat.dev}:${stat.ino}`, stat.nlink, bytes);
    } catch (error) {
      // What a build nested deeper than a path can name is not counted; it is removed like all else.
      const code = errnoCode(error);
      if (code !== "ENOENT" && code !== "ENAMETOOLONG") throw error;
    }
  }

  #link(file: string, all: number, bytes: number): void {
    const links = this.#linked.get(file) ?? { seen: 0, all, bytes };
    this.#linked.set(file, links);
    links.seen += 1;
    if (links.seen === 1) this.bytes += bytes;
    if (links.seen === links.all) this.freed += bytes;
  }
}
