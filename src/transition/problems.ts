// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a check of a root finds. */
import type { Finding } from "#store/check";
import { LIVE } from "#transition/schema";

export type Problem =
  /** A row of the database that is missing or damaged. */
  | {
      readonly where: "database";
      readonly what: "package" | "node" | "selections" | "state";
      readonly name: string;
      readonly found: string;
    }
  /** A file of the store. `name` is its asset name. */
  | ({ readonly where: "store"; readonly name: string; readonly packages: readonly string[] } & Finding)
  /** A path (relative to /usr) of a tree on disk. */
  | ({
      readonly where: "tree";
      readonly place: string;
      readonly state: number;
      readonly path: string;
      readonly packages: readonly string[];
    } & Finding)
  /** A link at the top of the root. */
  | ({ readonly where: "root"; readonly path: string } & Finding);

/** A problem in words. */
export function describeProblem(problem: Problem): string {
  if (problem.where === "database") return `database: ${problem.what} ${problem.name}: ${problem.found}`;
  const { difference, found, expected } = problem;
  const whose = "packages" in problem && problem.packages.length > 0 ? ` (${problem.packages.join(", ")})` : "";
  const text =
    difference === "missing" || difference === "extra" ? difference : `${difference}: ${found}, expected ${expected}`;
  if (problem.where === "store") return `store: ${problem.name.slice(0, 16)}: ${text}${whose}`;
  if (problem.where === "root") return `/${problem.path}: ${text}`;
  const tree = problem.place === LIVE ? "" : ` in the tree of state ${problem.state}`;
  return `/usr/${problem.path}${tree}: ${text}${whose}`;
}
