// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Where a build writes its stones until all of them are there. Half of a build's packages under their names would be taken
 * for its result, by people and by an index that is made of the folder.
 */
import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { holdUnfinished, sweepFiles, sweepFolders } from "#stone/leftovers";
import { syncPath } from "#sys/sync";

const NAME = "boulder-emit";
let serial = 0;

/** A folder in that of the stones, hidden from indexes; disposed with all that was not published. */
export class Staging {
  readonly folder: string;
  readonly #out: string;
  readonly #held: number;

  /** Makes the folder of the stones too, and removes what killed builds left in it. Throws system errors. */
  constructor(out: string) {
    this.#out = out;
    mkdirSync(out, { recursive: true });
    sweepFiles(out, readdirSync(out));
    sweepFolders(out, NAME);
    // Two builds of one process may write to one folder; those of others have other numbers.
    this.folder = join(out, `.${NAME}.${++serial}.${process.pid}.part`);
    mkdirSync(this.folder);
    this.#held = openSync(this.folder, "r");
    holdUnfinished(this.#held);
  }

  /** Where a file of the folder will lie. */
  placeOf(file: string): string {
    return join(this.#out, basename(file));
  }

  /** Puts all files in their places, over those of an earlier build. */
  publish(): void {
    for (const name of readdirSync(this.folder).sort()) renameSync(join(this.folder, name), join(this.#out, name));
    syncPath(this.#out);
  }

  [Symbol.dispose](): void {
    closeSync(this.#held);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
