// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder split`: which package each path of a list would go to. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { EXIT, errnoCode, Failure } from "#base/errors";
import { splitPaths } from "#boulder/package/collect";
import { print } from "#cli/boulder/options";
import { recipeRules } from "#cli/boulder/rules";

export interface SplitFlags {
  readonly paths: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** The list of a file: a JSON array of texts, or a path a line. Throws `usage` for anything that is no absolute path. */
export function readPathList(text: string): string[] {
  let paths: string[];
  if (text.trimStart().startsWith("[")) {
    try {
      paths = v.parse(v.array(v.string()), JSON.parse(text));
    } catch (cause) {
      throw new Failure("usage", "Cannot read the list of paths: it is no JSON array of texts", { cause });
    }
  } else {
    paths = text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
    paths = paths.filter((line) => line.trim() !== "");
  }
  const relative = paths.find((path) => !path.startsWith("/"));
  if (relative === undefined) return paths;
  throw new Failure("usage", `Cannot read the list of paths: "${relative}" is not absolute, expected /usr/...`);
}

function readInput(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (cause) {
    throw new Failure("io", `Cannot read "${file}": ${errnoCode(cause) ?? "unreadable"}, expected a list of paths`, {
      cause,
    });
  }
}

export function splitVerb(recipe: string, flags: SplitFlags): void {
  const { definitions } = recipeRules(recipe, flags.dataDir);
  const split = splitPaths(definitions, readPathList(readInput(flags.paths)));
  const lines =
    flags.json === true
      ? [JSON.stringify({ paths: Object.fromEntries(split.paths) }, undefined, 2)]
      : [...split.paths].map(([path, owner]) => `${path}\t${owner}`);
  if (lines.length > 0) print(lines.join("\n"));
  for (const path of split.refused)
    process.stderr.write(`Error: "${path}" lies outside /usr; no package can hold it\n`);
  if (split.refused.length > 0) process.exitCode = EXIT.error;
}
