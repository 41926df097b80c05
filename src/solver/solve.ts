// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From installed packages, offers and jobs to a selection in which every need is met, or to an explanation. */
import type { Offer, Problem, Solution } from "#solver/model";

/**
 * Solves the jobs together, keeping what is installed where it can. The same input gives the same result.
 * Throws `package.unknown`, `package.essential`, `solver.unsatisfied`, `solver.conflict`, with the chain of reasons.
 */
export function solve<O extends Offer>(_problem: Problem<O>): Solution<O> {
  throw new Error("not filled yet");
}
