// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The one class of expected failure and the one table of its codes.
 *
 * Bugs throw ordinary errors. Everything a user can cause, or a disk, a network or a hostile file can cause, is a
 * `Failure`: a code for programs, a message for people, a hint about what to do, and the cause underneath.
 */

/** Exit codes of every program here (documented in docs/guide.md). */
export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  declined: 4,
  unresolved: 5,
  network: 6,
  trigger: 7,
  boot: 8,
  locked: 9,
} as const;

/** Every code of an expected failure, with the exit code its program ends with. */
export const CODES = {
  // reading foreign bytes
  "stone.magic": EXIT.error,
  "stone.version": EXIT.error,
  "stone.header": EXIT.error,
  "stone.truncated": EXIT.error,
  "stone.payload": EXIT.error,
  "stone.checksum": EXIT.error,
  "stone.zstd": EXIT.error,
  "stone.record": EXIT.error,
  "stone.layout": EXIT.error,
  "stone.path": EXIT.error,
  "stone.index": EXIT.error,
  "stone.digest": EXIT.error,
  "stone.meta": EXIT.error,
  "stone.limit": EXIT.error,
  "stone.write": EXIT.error,
  "format.invalid": EXIT.error,
  "dependency.invalid": EXIT.usage,
  // database
  "db.open": EXIT.error,
  "db.corrupt": EXIT.error,
  "db.schema": EXIT.error,
  "db.closed": EXIT.error,
  "db.decode": EXIT.error,
  "db.key": EXIT.error,
  // store, tree, transition
  "tree.collision": EXIT.error,
  "tree.path": EXIT.error,
  "store.missing": EXIT.error,
  "store.corrupt": EXIT.error,
  "root.invalid": EXIT.error,
  "root.mountpoint": EXIT.error,
  "root.readonly": EXIT.error,
  "root.foreign": EXIT.error,
  "root.dangerous": EXIT.error,
  "root.busy": EXIT.locked,
  "root.recovery": EXIT.error,
  "disk.full": EXIT.error,
  "state.unknown": EXIT.error,
  "state.active": EXIT.error,
  "verify.found": EXIT.error,
  // resolution
  "package.unknown": EXIT.unresolved,
  "package.essential": EXIT.unresolved,
  "solver.unsatisfied": EXIT.unresolved,
  "solver.conflict": EXIT.unresolved,
  // collections and network
  "collection.unknown": EXIT.error,
  "collection.exists": EXIT.error,
  "collection.invalid": EXIT.error,
  "fetch.failed": EXIT.network,
  "fetch.digest": EXIT.network,
  "fetch.toolarge": EXIT.network,
  // containers, triggers, boot
  "container.failed": EXIT.error,
  "container.unavailable": EXIT.error,
  "trigger.failed": EXIT.trigger,
  "boot.failed": EXIT.boot,
  // deb importer
  "deb.invalid": EXIT.error,
  "deb.unsatisfied": EXIT.unresolved,
  "deb.apt": EXIT.network,
  "deb.busy": EXIT.locked,
  // boulder
  "recipe.invalid": EXIT.error,
  "recipe.unknown-key": EXIT.error,
  "macro.invalid": EXIT.error,
  "upstream.failed": EXIT.network,
  "upstream.digest": EXIT.network,
  "upstream.signature": EXIT.network,
  "upstream.unsafe": EXIT.error,
  "build.failed": EXIT.error,
  "build.busy": EXIT.locked,
  "manifest.differs": EXIT.error,
  "package.path": EXIT.error,
  "package.empty": EXIT.error,
  "package.strip": EXIT.error,
  "package.analysis": EXIT.error,
  "profile.unknown": EXIT.error,
  "profile.invalid": EXIT.error,
  // general
  usage: EXIT.usage,
  declined: EXIT.declined,
  io: EXIT.error,
  interrupted: EXIT.error,
} as const satisfies Record<string, number>;

export type Code = keyof typeof CODES;

export interface FailureDetail {
  /** What the user can do about it, one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * An expected failure. The message reads `Cannot <verb> "<thing>": <found>, expected <what>`.
 */
export class Failure extends Error {
  readonly code: Code;
  readonly hint: string | undefined;

  constructor(code: Code, message: string, detail: FailureDetail = {}) {
    super(message, detail.cause === undefined ? {} : { cause: detail.cause });
    this.name = "Failure";
    this.code = code;
    this.hint = detail.hint;
  }

  /** The exit code that a program ends with on this failure. */
  get exitCode(): number {
    return CODES[this.code];
  }
}

/** The text of an unknown thrown value and of its causes, joined by `: `, for one line of a report. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  while (current !== undefined && parts.length < 8) {
    const code = errnoCode(current);
    // A message that names the system's code has said all that the system's own says.
    if (code === undefined || !/^E[A-Z0-9]+$/.test(code) || !parts.some((part) => part.includes(code))) {
      parts.push(
        current instanceof Error ? current.message : typeof current === "string" ? current : JSON.stringify(current),
      );
    }
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.filter((part, i) => i === 0 || !parts[i - 1]?.includes(part)).join(": ");
}

/** The `code` of a system error such as ENOENT, or undefined. */
export function errnoCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
