// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The manifest for people: JSON with one comment above it, in a layout that differs only where the build differs. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { Failure } from "#base/errors";

export interface ReportPackage {
  readonly name: string;
  readonly buildDepends: readonly string[];
  readonly depends: readonly string[];
  /** Absolute paths. */
  readonly files: readonly string[];
  readonly provides: readonly string[];
}

export interface ManifestReport {
  readonly sourceName: string;
  readonly sourceRelease: string;
  readonly sourceVersion: string;
  readonly packages: readonly ReportPackage[];
}

const COMMENT = "/** Human readable report. This is not consumed by boulder */\n";
const VERSION = "0.2";

const list = v.optional(v.array(v.string()), []);
const schema = v.object({
  "manifest-version": v.literal(VERSION),
  packages: v.record(
    v.string(),
    v.object({ name: v.string(), "build-depends": list, depends: list, files: list, provides: list }),
  ),
  "source-name": v.string(),
  "source-release": v.string(),
  "source-version": v.string(),
});

/** JSON of an object with its keys in the order given: a plain object would put keys that look like numbers first. */
function object(pairs: readonly (readonly [string, string])[], depth: number): string {
  const tabs = "\t".repeat(depth);
  if (pairs.length === 0) return "{}";
  const lines = pairs.map(([key, json]) => `${tabs}\t${JSON.stringify(key)}: ${json}`);
  return `{\n${lines.join(",\n")}\n${tabs}}`;
}

function array(items: readonly string[], depth: number): string {
  const tabs = "\t".repeat(depth);
  return `[\n${items.map((item) => `${tabs}\t${JSON.stringify(item)}`).join(",\n")}\n${tabs}]`;
}

/** The text of a report. Lists that are empty are left out; their order is the caller's. */
export function formatReport(report: ManifestReport): string {
  const packages = report.packages.map((item) => {
    const pairs: (readonly [string, string])[] = [];
    const add = (key: string, items: readonly string[]) => {
      if (items.length > 0) pairs.push([key, array(items, 3)]);
    };
    add("build-depends", item.buildDepends);
    add("depends", item.depends);
    add("files", item.files);
    pairs.push(["name", JSON.stringify(item.name)]);
    add("provides", item.provides);
    return [item.name, object(pairs, 2)] as const;
  });
  const text = object(
    [
      ["manifest-version", JSON.stringify(VERSION)],
      ["packages", object(packages, 1)],
      ["source-name", JSON.stringify(report.sourceName)],
      ["source-release", JSON.stringify(report.sourceRelease)],
      ["source-version", JSON.stringify(report.sourceVersion)],
    ],
    0,
  );
  return `${COMMENT}${text}\n`;
}

/** Reads the text of a report. Throws `format.invalid`; `name` is how the message calls it. */
export function parseReport(text: string, name: string): ManifestReport {
  const body = text.replace(/^\s*\/\*[\s\S]*?\*\/\s*/, "");
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new Failure("format.invalid", `Cannot read "${name}": not JSON, expected a build manifest`, { cause });
  }
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const problem = `${v.getDotPath(issue) ?? "the whole"}: ${issue.message}`;
    throw new Failure("format.invalid", `Cannot read "${name}": ${problem}, expected a build manifest`);
  }
  const { output } = parsed;
  return {
    sourceName: output["source-name"],
    sourceRelease: output["source-release"],
    sourceVersion: output["source-version"],
    packages: Object.values(output.packages).map((item) => ({
      name: item.name,
      buildDepends: item["build-depends"],
      depends: item.depends,
      files: item.files,
      provides: item.provides,
    })),
  };
}

/** Reads a report from a file. Throws `format.invalid`, or a system error. */
export function readReport(path: string): ManifestReport {
  return parseReport(readFileSync(path, "utf8"), path);
}
