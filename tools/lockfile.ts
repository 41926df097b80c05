// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Checks the lockfile: no registry addresses, a digest of every package, and every platform's optional packages. npm leaves
 * out digests of what is installed, and such packages, where it writes the file beside an existing node_modules: then
 * nothing is verified, and `npm ci` fails on a fresh machine.
 */
import { readFileSync } from "node:fs";
import * as v from "valibot";

const lockfile = v.object({
  packages: v.record(
    v.string(),
    v.object({
      resolved: v.optional(v.string()),
      integrity: v.optional(v.string()),
      dependencies: v.optional(v.record(v.string(), v.string()), {}),
      optionalDependencies: v.optional(v.record(v.string(), v.string()), {}),
    }),
  ),
});

/** What is wrong with the lockfile, a line each. */
export function lockfileProblems(text: string): string[] {
  const { packages } = v.parse(lockfile, JSON.parse(text));
  return Object.entries(packages).flatMap(([path, item]) => [
    ...(item.resolved === undefined ? [] : [`${path}: has the address it came from`]),
    ...(path === "" || item.integrity?.startsWith("sha512-") === true ? [] : [`${path}: has no digest (sha512)`]),
    ...Object.keys({ ...item.dependencies, ...item.optionalDependencies })
      .filter((name) => !isLocked(packages, path, name))
      .map((name) => `${path}: needs ${name}, which is not in the file`),
  ]);
}

/** Is there a package of this name where Node would look for it: below the one that needs it, or in a folder above? */
function isLocked(packages: Readonly<Record<string, unknown>>, path: string, name: string): boolean {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    if (`${at}${at === "" ? "" : "/"}node_modules/${name}` in packages) return true;
    if (at === "") return false;
  }
}

if (import.meta.main) {
  const problems = lockfileProblems(readFileSync(`${import.meta.dir}/../package-lock.json`, "utf8"));
  for (const problem of problems) console.log(problem);
  if (problems.length > 0)
    console.log("Make it anew in an empty folder with package.json and .npmrc: npm install --package-lock-only");
  process.exit(problems.length === 0 ? 0 : 1);
}
