// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Advisory locks between processes (flock), with the holder's name for the one who has to wait. */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { c } from "#sys/libc";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

export type LockKind = "shared" | "exclusive";

/** A held lock; it is let go by `using`, or by the end of the process whatever way it ends. */
export class FileLock {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Takes the lock on `path` without waiting. Undefined where another process holds it.
   * An exclusive holder writes `owner` into the file, for `lockOwner`.
   */
  static tryAcquire(path: string, kind: LockKind, owner: string): FileLock | undefined {
    const fd = openSync(path, kind === "exclusive" ? "a+" : "r", 0o644);
    if (c.flock(fd, (kind === "exclusive" ? LOCK_EX : LOCK_SH) | LOCK_NB) !== 0) {
      closeSync(fd);
      return undefined;
    }
    if (kind === "exclusive") {
      ftruncateSync(fd, 0);
      writeSync(fd, owner);
    }
    return new FileLock(fd);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** What the last exclusive holder of a lock wrote into it, or an empty text. */
export function lockOwner(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
