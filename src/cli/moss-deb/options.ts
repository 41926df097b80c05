// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Options that several verbs of moss-deb share, checked. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { Failure } from "#base/errors";

/** Folder for apt's private state and downloads where `--cache` says none. */
export function cacheFolder(given: string | undefined): string {
  const base = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return resolve(given ?? join(base, "moss-deb"));
}

/** A whole number from 1 up to a limit. */
export function count(text: string, option: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw new Failure("usage", `Cannot use "${text}" for ${option}: expected a number from 1 to ${max}`);
  }
  return value;
}

/** Hours: a number from 0 up. */
export function hours(text: string): number {
  const value = Number(text);
  if (text === "" || !(value >= 0)) {
    throw new Failure("usage", `Cannot use "${text}" for --max-age: expected hours, 0 or more`);
  }
  return value;
}

export interface SharedOptions {
  readonly cache?: string;
  readonly json?: boolean;
  readonly recommends?: boolean;
  readonly essential?: boolean;
  readonly maxAge?: string;
  readonly offline?: boolean;
}

/** The age of lists that is accepted, in hours; any where `--offline`. */
export function maxAge(options: SharedOptions): number {
  if (options.offline === true) return Number.POSITIVE_INFINITY;
  return options.maxAge === undefined ? 24 : hours(options.maxAge);
}
