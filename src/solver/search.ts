// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The search: what was asked for is met first, then upgrades are tried, then what these need, breadth first, each time by
 * the candidate that is preferred. What is there already meets a need before anything new does.
 */
import { Failure } from "#base/errors";
import type { Offer } from "#solver/model";
import type { Requirement, Rules } from "#solver/rules";
import { FALSE, type Literal, OPEN, TRUE, yes } from "#solver/sat";
import type { Build } from "#solver/why";

/** An upgrade to try: the first of the builds that is possible, or nothing. */
export interface Wish<O extends Offer> {
  readonly installed: Build<O>;
  readonly targets: readonly Build<O>[];
}

/**
 * Conflicts after which the search is given up, and how many more there may be for each build that has a part in it: an input that is
 * made to be hard ends with a message. Upgrades of 6,000 packages in the middle of a change of half their libraries take 1,600.
 */
const MAX_CONFLICTS = 5_000;
const MORE_CONFLICTS = 4;

/** Where the search stood at the beginning of a level. */
interface Mark {
  readonly agenda: number;
  readonly next: number;
  readonly wish: number;
}

/** Assigns every variable that has to be. Throws Contradiction. */
export function search<O extends Offer>(
  rules: Rules<O>,
  asked: readonly Requirement<O>[],
  wishes: readonly Wish<O>[],
): void {
  const { sat } = rules;
  const agenda: Requirement<O>[] = [...asked];
  const marks: Mark[] = [];
  let next = 0;
  let wish = 0;
  /** How much of the trail has brought its requirements. */
  let seen = 0;

  const back = (level: number) => {
    if (sat.conflicts > MAX_CONFLICTS + MORE_CONFLICTS * rules.builds.length) throw tooHard();
    const mark = marks[level];
    if (mark === undefined) return;
    marks.length = level;
    agenda.length = mark.agenda;
    ({ next, wish } = mark);
    seen = Math.min(seen, sat.trail.length);
  };
  const decide = (literal: Literal) => {
    marks.push({ agenda: agenda.length, next, wish });
    sat.decide(literal);
  };
  const settleAll = () => {
    for (;;) {
      sat.settle(back);
      const literal = sat.trail[seen];
      if (literal === undefined) return;
      const found = rules.requirements(literal);
      seen += 1;
      agenda.push(...found);
    }
  };

  for (;;) {
    settleAll();
    const literal = nextAsked() ?? nextWish() ?? nextNeed();
    if (literal === undefined) return;
    decide(literal);
  }

  function nextAsked(): Literal | undefined {
    while (next < asked.length) {
      const literal = choose(agenda[next]);
      if (literal !== undefined) return literal;
      next += 1;
    }
    return undefined;
  }
  function nextWish(): Literal | undefined {
    for (; wish < wishes.length; wish++) {
      const item = wishes[wish];
      if (item === undefined || valueOf(item.installed) === TRUE) continue;
      if (item.targets.some((target) => valueOf(target) === TRUE)) continue;
      const target = item.targets.find((one) => valueOf(one) === OPEN);
      if (target !== undefined) return yes(target.variable);
    }
    return undefined;
  }
  function nextNeed(): Literal | undefined {
    for (; next < agenda.length; next++) {
      const literal = choose(agenda[next]);
      if (literal !== undefined) return literal;
    }
    return undefined;
  }
  /** The candidate to take, or undefined where nothing is left to be done. */
  function choose(requirement: Requirement<O> | undefined): Literal | undefined {
    if (requirement === undefined) return undefined;
    const { guard, candidates } = requirement;
    if (guard !== undefined && valueOf(guard) === FALSE) return undefined;
    if (candidates.some((one) => valueOf(one) === TRUE)) return undefined;
    const candidate = candidates.find((one) => valueOf(one) === OPEN);
    return candidate === undefined ? undefined : yes(candidate.variable);
  }
  function valueOf(build: Build<O>): number {
    return sat.value(yes(build.variable));
  }
}

function tooHard(): Failure {
  return new Failure("solver.unsatisfied", "Cannot find a selection of packages: the search took too many steps", {
    hint: "Ask for fewer packages at a time, or for exact ones.",
  });
}
