// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Advisory locks between processes (flock), with the holder's name for the one who has to wait. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { errnoCode } from "#base/errors";
import { c, lastError } from "#sys/libc";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
/** Bytes of a lock file that are written over; a longer one is none of ours. */
const LONGEST = 1 << 20;

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
    const { O_CREAT, O_NOFOLLOW, O_RDONLY, O_RDWR } = constants;
    // The owner's name is never written through a link that somebody has put there.
    const fd = openSync(path, kind === "exclusive" ? O_RDWR | O_CREAT | O_NOFOLLOW : O_RDONLY, 0o644);
    if (c.flock(fd, (kind === "exclusive" ? LOCK_EX : LOCK_SH) | LOCK_NB) !== 0) {
      closeSync(fd);
      return undefined;
    }
    if (kind === "exclusive") sign(fd, owner);
    return new FileLock(fd);
  }

  /** Takes the lock for reading among others, waiting for an exclusive holder to end. The file must exist. */
  static acquireShared(path: string): FileLock {
    const fd = openSync(path, "r");
    if (c.flock(fd, LOCK_SH) === 0) return new FileLock(fd);
    const error = lastError("flock", path);
    closeSync(fd);
    throw error;
  }

  /**
   * Runs `work` with the lock held exclusively, or gives undefined at once where others hold it too. Not atomic: between
   * the two kinds another process may hold it.
   */
  exclusively<T>(work: () => T): T | undefined {
    try {
      return c.flock(this.#fd, LOCK_EX | LOCK_NB) === 0 ? work() : undefined;
    } finally {
      c.flock(this.#fd, LOCK_SH);
    }
  }

  /** Is the locked file still the one at its path? A holder may remove the file, while another has opened it already. */
  isAt(path: string): boolean {
    const there = statSync(path, { bigint: true, throwIfNoEntry: false });
    const held = fstatSync(this.#fd, { bigint: true });
    return there?.ino === held.ino && there.dev === held.dev;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/**
 * On a full disk the lock counts all the same: whoever wants to free space needs it. Written over what stands there, with
 * spaces to its end: cutting off a file that was written just before waits until that is on the disk (2 to 13 ms).
 */
function sign(fd: number, owner: string): void {
  try {
    const text = Buffer.from(owner);
    const { size } = fstatSync(fd);
    if (size > LONGEST) ftruncateSync(fd);
    const rest = size > LONGEST ? 0 : Math.max(0, size - text.length);
    writeSync(fd, Buffer.concat([text, Buffer.alloc(rest, " ")]), 0, undefined, 0);
  } catch (error) {
    const code = errnoCode(error);
    if (code === "ENOSPC" || code === "EDQUOT") return;
    closeSync(fd);
    throw error;
  }
}

/** How long to wait for a lock that others hold. */
export interface Patience {
  /** Milliseconds to wait at most; 0 looks once. For as long as it takes where absent. */
  readonly atMost?: number;
  /** Called once where the waiting takes more than a moment. */
  readonly onWait?: () => void;
}

/** Milliseconds between looks whether a lock is free: the kernel's own waiting knows no end but the lock. */
const PAUSE = 20;
/** Milliseconds of waiting that nobody needs to be told of. */
const MOMENT = 2000;

/** Takes a lock as `take` does once that gives one, and lets others run meanwhile. Undefined where the patience ends first. */
export async function waitForLock(
  take: () => FileLock | undefined,
  patience?: Patience & { readonly atMost?: never },
): Promise<FileLock>;
export async function waitForLock(take: () => FileLock | undefined, patience: Patience): Promise<FileLock | undefined>;
export async function waitForLock(
  take: () => FileLock | undefined,
  patience: Patience = {},
): Promise<FileLock | undefined> {
  const looks = looking(take, patience);
  for (;;) {
    const look = looks.next();
    if (look.done === true) return look.value;
    await Bun.sleep(look.value);
  }
}

/** As `waitForLock`; this thread does nothing else meanwhile. */
export function waitForLockSync(take: () => FileLock | undefined, patience: Patience = {}): FileLock | undefined {
  const looks = looking(take, patience);
  for (;;) {
    const look = looks.next();
    if (look.done === true) return look.value;
    Bun.sleepSync(look.value);
  }
}

/** Looks for a lock, and gives the milliseconds to wait before the next look. */
function* looking(
  take: () => FileLock | undefined,
  { atMost = Number.POSITIVE_INFINITY, onWait }: Patience,
): Generator<number, FileLock | undefined> {
  const start = performance.now();
  for (let told = false; ; ) {
    const lock = take();
    if (lock !== undefined) return lock;
    const waited = performance.now() - start;
    if (waited >= atMost) return undefined;
    if (!told && waited >= MOMENT) {
      told = true;
      onWait?.();
    }
    yield Math.min(PAUSE, atMost - waited);
  }
}

/** What the last exclusive holder of a lock wrote into it, or an empty text. */
export function lockOwner(path: string): string {
  try {
    return readFileSync(path, "utf8").trimEnd();
  } catch {
    return "";
  }
}
