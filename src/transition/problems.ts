// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a check of a root finds. */
import { getOrInsert } from "#base/order";
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
  if (problem.where === "store") return `store: ${problem.name.slice(0, 16)}: ${findingText(problem)}`;
  if (problem.where === "root") return `/${problem.path}: ${findingText(problem)}`;
  const tree = problem.place === LIVE ? "" : ` in the tree of state ${problem.state}`;
  return `/usr/${problem.path}${tree}: ${findingText(problem)}`;
}

function findingText({ difference, found, expected, packages }: Finding & { packages?: readonly string[] }): string {
  const whose = packages !== undefined && packages.length > 0 ? ` (${packages.join(", ")})` : "";
  if (difference === "missing" || difference === "extra") return difference + whose;
  return `${difference}: ${shortened(found)}, expected ${shortened(expected)}${whose}`;
}

/** Nobody compares all of a digest by eye. */
function shortened(text: string): string {
  return /^[0-9a-f]{64}$/.test(text) ? `SHA-256 ${text.slice(0, 12)}...` : text;
}

/**
 * Problems in words, a line for each thing that is wrong: a file of the store stands in several trees at once, and so does
 * its damage.
 */
export function describeProblems(problems: readonly Problem[]): string[] {
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) getOrInsert(groups, groupOf(problem), () => []).push(problem);
  const files = new Map<string, { store: number; tree: number }>();
  for (const [first] of groups.values()) {
    if (first === undefined || (first.where !== "store" && first.where !== "tree")) continue;
    getOrInsert(files, findingText(first), () => ({ store: 0, tree: 0 }))[first.where] += 1;
  }
  // The same is wrong with as many paths of the same packages: these are the files of the store.
  const ofStore = (problem: Problem) => {
    if (problem.where !== "store" && problem.where !== "tree") return false;
    const { store, tree } = files.get(findingText(problem)) ?? { store: 0, tree: 0 };
    return problem.difference !== "missing" && store > 0 && tree >= store;
  };
  return [...groups.values()].flatMap((group) => {
    const live = group.find((problem) => problem.where === "tree" && problem.place === LIVE);
    const first = live ?? group[0];
    if (first === undefined || (first.where === "store" && ofStore(first))) return [];
    if (first.where === "store" && group.length > 1) return `store: ${group.length} files ${findingText(first)}`;
    if (first.where !== "tree") return describeProblem(first);
    const places = ofStore(first) ? ["the store"] : [];
    if (group.length > 1) places.push(`${group.length} trees`);
    return describeProblem(first) + (places.length === 0 ? "" : `, in ${places.join(" and ")}`);
  });
}

/** What two problems have in common that are one for whoever reads of them. */
function groupOf(problem: Problem): string {
  // A store that lost many files lost all of some packages, mostly.
  if (problem.where === "store" && problem.difference === "missing") return `store: ${findingText(problem)}`;
  if (problem.where !== "tree") return describeProblem(problem);
  const { path, difference, found, expected } = problem;
  return JSON.stringify([path, difference, found, expected]);
}
