// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Options that several verbs of moss-deb share, checked. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { Failure } from "#base/errors";
import type { Options } from "#cli/spec";

/** Folder for apt's private state and downloads where `--cache` says none. */
export function cacheFolder(options: Options): string {
  const base = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return resolve(options.text("cache") ?? join(base, "moss-deb"));
}

/** The folder of `--output`, absolute. Throws `usage` where it is not given. */
export function outputFolder(options: Options): string {
  const given = options.text("output");
  if (given === undefined)
    throw new Failure("usage", "Cannot go on without --output: expected the folder of a collection");
  return resolve(given);
}

/** The age of lists that is accepted, in hours; any with `--offline`. Throws `usage`. */
export function maxAge(options: Options): number {
  if (options.flag("offline")) return Number.POSITIVE_INFINITY;
  const text = options.text("max-age");
  if (text === undefined) return 24;
  const value = Number(text);
  if (text === "" || !(value >= 0)) {
    throw new Failure("usage", `Cannot use "${text}" for --max-age: expected hours, 0 or more`);
  }
  return value;
}
