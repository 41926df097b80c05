// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * systemd-nspawn without a systemd on the host puts its control groups beside its own caller's, always under the same names: two
 * boots at one moment, or what an earlier one left, are in its way. Here each boot gets a group of its own, removed afterwards.
 */
import { accessSync, constants, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** Where hierarchies are mounted that systemd-nspawn uses: version 2 alone, or beside version 1. */
const HIERARCHIES = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"];

let count = 0;

/** A control group in each hierarchy that allows it. Dispose it with `using` when all in it have ended. */
export class OwnGroup implements Disposable {
  readonly #folders: string[] = [];

  constructor() {
    const name = `moss-boot-${process.pid}-${++count}`;
    for (const hierarchy of HIERARCHIES) {
      try {
        accessSync(join(hierarchy, "cgroup.procs"), constants.W_OK);
        mkdirSync(join(hierarchy, name));
        this.#folders.push(join(hierarchy, name));
      } catch {
        // None here, or not for this user.
      }
    }
  }

  /** Whether any hierarchy allowed one. */
  get made(): boolean {
    return this.#folders.length > 0;
  }

  /** The command that runs another in the group, as the same process. */
  command(words: readonly string[]): string[] {
    const script = 'for folder in $GROUPS_TO_JOIN; do echo $$ > "$folder/cgroup.procs"; done; exec "$@"';
    return ["env", `GROUPS_TO_JOIN=${this.#folders.join(" ")}`, "sh", "-c", script, "sh", ...words];
  }

  [Symbol.dispose](): void {
    for (const folder of this.#folders) remove(folder);
  }
}

/** Removes a group and those below it; what still holds a process stays. */
function remove(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) remove(join(folder, entry.name));
    }
    rmdirSync(folder);
  } catch {
    // Gone already, or a process is still ending.
  }
}
