// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder split`: which package each path of a list would go to. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { EXIT, errnoCode, Failure } from "#base/errors";
import { splitPaths } from "#boulder/package/collect";
import { recipeRules } from "#cli/boulder/rules";
import type { Invocation } from "#cli/spec";
import { printable } from "#cli/style";

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

export function run({ operands, options, ui }: Invocation): number {
  const { definitions } = recipeRules(operands[0] ?? ".", options);
  const split = splitPaths(definitions, readPathList(readInput(options.text("paths") ?? "-")));
  if (ui.json) ui.value({ paths: Object.fromEntries(split.paths) });
  else for (const [path, owner] of split.paths) ui.print(`${path}\t${owner}`);
  for (const path of split.refused) {
    ui.problem(`${ui.errorStyle.red("Error:")} "${printable(path)}" lies outside /usr; no package can hold it`);
  }
  return split.refused.length > 0 ? EXIT.error : EXIT.ok;
}
