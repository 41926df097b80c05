// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What downloads tell while they run, and what they are asked for. */

export interface DownloadRequest {
  /** http:, https: or file: */
  readonly url: string;
  /** Where the whole, verified file is to stand. */
  readonly path: string;
  /** Lower-case hexadecimal SHA-256, where it is known. */
  readonly sha256?: string;
  /** Bytes, where they are known. A download that gives more is ended at once. */
  readonly size?: number;
  /** How people know it. */
  readonly name: string;
}

export type DownloadEvent =
  /** More bytes are there, or fewer where some were wrong; `total` is what the server says of the whole file. */
  | { readonly kind: "bytes"; readonly name: string; readonly bytes: number; readonly total?: number }
  /** A file is there; `cached` where nothing was fetched. */
  | { readonly kind: "done"; readonly name: string; readonly cached: boolean; readonly bytes: number }
  | { readonly kind: "retry"; readonly name: string; readonly reason: string; readonly wait: number };

export interface DownloadOptions {
  /** Files at once. */
  readonly parallel?: number;
  /** Further attempts after one that failed in a way that may pass. */
  readonly retries?: number;
  /** Milliseconds before the first further attempt; each next one waits twice as long. */
  readonly backoff?: number;
  /** Milliseconds without a byte after which a connection is given up. */
  readonly idle?: number;
  /** Bytes a second, over `slowTime` milliseconds, below which a connection is given up; 0 takes any. */
  readonly slow?: number;
  readonly slowTime?: number;
  /** Bytes that a download of unknown size may have. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: DownloadEvent) => void;
}

export const DEFAULTS = {
  parallel: 6,
  retries: 4,
  backoff: 400,
  idle: 30_000,
  slow: 1024,
  slowTime: 30_000,
  limit: 64 * 1024 ** 3,
} as const;

/** When a connection counts as dead. */
export type Pace = Required<Pick<DownloadOptions, "idle" | "slow" | "slowTime">>;

/** What options say of a connection's pace, or the defaults. */
export function paceOf({ idle, slow, slowTime }: DownloadOptions): Pace {
  return { idle: idle ?? DEFAULTS.idle, slow: slow ?? DEFAULTS.slow, slowTime: slowTime ?? DEFAULTS.slowTime };
}
