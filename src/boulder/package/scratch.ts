// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A folder for files that packaging makes of installed ones; the install folder itself is never changed. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export class Scratch {
  readonly #folder: string;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** A new path in the folder, of which nothing exists yet. */
  path(suffix = ""): string {
    return join(this.#folder, `${this.#count++}${suffix}`);
  }

  /** A new, empty folder. */
  folder(): string {
    const path = this.path();
    mkdirSync(path);
    return path;
  }

  /** Writes bytes to a new file and gives its path. */
  write(bytes: Uint8Array): string {
    const path = this.path();
    writeFileSync(path, bytes);
    return path;
  }
}
