// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The folders of one run of the demo. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Failure } from "#base/errors";

export class Places {
  readonly folder: string;
  readonly kept: boolean;

  /** @param keep the folder that `--keep` names; it must be empty or absent. */
  constructor(keep: string | undefined) {
    this.kept = keep !== undefined;
    if (keep === undefined) {
      // Not /tmp, which may be memory: this takes two gigabytes.
      this.folder = mkdtempSync("/var/tmp/moss-demo-");
    } else {
      this.folder = resolve(keep);
      mkdirSync(this.folder, { recursive: true });
      if (readdirSync(this.folder).length > 0) {
        throw new Failure("usage", `Cannot use "${keep}": it is not empty, expected an empty or a new folder`);
      }
    }
    for (const name of ["collections", "probe", "recipes"]) mkdirSync(join(this.folder, name), { recursive: true });
  }

  in(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** Removes everything, unless it is kept. */
  remove(): void {
    if (!this.kept) rmSync(this.folder, { recursive: true, force: true });
  }
}
