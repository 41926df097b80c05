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
  new Search(rules, asked, wishes).run();
}

class Search<O extends Offer> {
  readonly #rules: Rules<O>;
  readonly #asked: readonly Requirement<O>[];
  readonly #wishes: readonly Wish<O>[];
  /** What was asked for, then what the builds that were taken need, in the order in which it came up. */
  readonly #agenda: Requirement<O>[];
  readonly #marks: Mark[] = [];
  /** The first of the agenda that may still be unmet. */
  #next = 0;
  #wish = 0;
  /** How much of the trail has brought its requirements. */
  #seen = 0;

  constructor(rules: Rules<O>, asked: readonly Requirement<O>[], wishes: readonly Wish<O>[]) {
    this.#rules = rules;
    this.#asked = asked;
    this.#wishes = wishes;
    this.#agenda = [...asked];
  }

  run(): void {
    for (;;) {
      this.#settle();
      const literal = this.#nextOf(this.#asked.length) ?? this.#nextWish() ?? this.#nextOf(this.#agenda.length);
      if (literal === undefined) return;
      this.#marks.push({ agenda: this.#agenda.length, next: this.#next, wish: this.#wish });
      this.#rules.sat.decide(literal);
    }
  }

  /** Follows what was decided to its end: what it excludes, what it makes necessary, and what that needs. */
  #settle(): void {
    const { sat } = this.#rules;
    for (;;) {
      sat.settle((level) => this.#back(level));
      const literal = sat.trail[this.#seen];
      if (literal === undefined) return;
      this.#seen += 1;
      this.#agenda.push(...this.#rules.requirements(literal));
    }
  }

  /** Goes back to the beginning of a level. */
  #back(level: number): void {
    const { sat, builds } = this.#rules;
    if (sat.conflicts > MAX_CONFLICTS + MORE_CONFLICTS * builds.length) throw tooHard();
    const mark = this.#marks[level];
    if (mark === undefined) return;
    this.#marks.length = level;
    this.#agenda.length = mark.agenda;
    this.#next = mark.next;
    this.#wish = mark.wish;
    this.#seen = Math.min(this.#seen, sat.trail.length);
  }

  /** What to take for the next of the agenda, up to its `end`, that is not met. */
  #nextOf(end: number): Literal | undefined {
    for (; this.#next < end; this.#next++) {
      const literal = this.#choose(this.#agenda[this.#next]);
      if (literal !== undefined) return literal;
    }
    return undefined;
  }

  #nextWish(): Literal | undefined {
    for (; this.#wish < this.#wishes.length; this.#wish++) {
      const item = this.#wishes[this.#wish];
      if (item === undefined || this.#valueOf(item.installed) === TRUE) continue;
      const literal = this.#firstOpen(item.targets);
      if (literal !== undefined) return literal;
    }
    return undefined;
  }

  #choose(requirement: Requirement<O> | undefined): Literal | undefined {
    if (requirement === undefined) return undefined;
    const { guard, candidates } = requirement;
    return guard !== undefined && this.#valueOf(guard) === FALSE ? undefined : this.#firstOpen(candidates);
  }

  /** The candidate to take; undefined where one is taken already, or none can be. */
  #firstOpen(candidates: readonly Build<O>[]): Literal | undefined {
    if (candidates.some((one) => this.#valueOf(one) === TRUE)) return undefined;
    const candidate = candidates.find((one) => this.#valueOf(one) === OPEN);
    return candidate === undefined ? undefined : yes(candidate.variable);
  }

  #valueOf(build: Build<O>): number {
    return this.#rules.sat.value(yes(build.variable));
  }
}

function tooHard(): Failure {
  return new Failure("solver.unsatisfied", "Cannot find a selection of packages: the search took too many steps", {
    hint: "Ask for fewer packages at a time, or for exact ones.",
  });
}
