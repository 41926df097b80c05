// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Satisfiability by conflict-driven clause learning: two watched literals, first unique implication points, no restarts and no
 * scores, as the order of decisions is the caller's and is what makes answers good. Clauses may be added at any moment,
 * so that only what the search touches is ever written down. What holds since a much earlier level is asserted on the one before the
 * current (chronological backtracking, Nadel and Ryvchin 2018): the many decisions between would only be made again. Learned clauses remember what they came from: a
 * contradiction is given back as the original clauses that make it.
 */

/** Variable `v` is true: `2 * v`; it is false: `2 * v + 1`. */
export type Literal = number;

export const yes = (variable: number): Literal => 2 * variable;
export const no = (variable: number): Literal => 2 * variable + 1;
const negate = (literal: Literal): Literal => literal ^ 1;
const variableOf = (literal: Literal): number => literal >> 1;

/** At least one of the literals holds. `W` says why it must. */
export interface Clause<W> {
  readonly literals: Literal[];
  readonly why: W | undefined;
  /** Clauses that a learned one follows from. */
  readonly parents: readonly Clause<W>[];
}

/** No assignment satisfies these clauses together. */
export class Contradiction<W> extends Error {
  readonly core: readonly W[];

  constructor(core: readonly W[]) {
    super("contradiction");
    this.core = core;
  }
}

/** What a variable has until it is assigned, and what `value` gives for its literals then. */
export const OPEN = 0;
export const TRUE = 1;
export const FALSE = -1;

/** Levels that are given up at once at most. */
const FAR = 32;

export class Sat<W> {
  readonly #far: number;
  /** By variable. */
  readonly #values: number[] = [];
  readonly #levels: number[] = [];
  readonly #reasons: (Clause<W> | undefined)[] = [];
  /** By variable: whether it holds since an earlier level than the one that it was assigned on. */
  readonly #lifted: boolean[] = [];
  /** By level: clauses that asserted such a variable there. Below that level they are looked at anew. */
  readonly #liftedBy: Clause<W>[][] = [];
  /** By literal: clauses that watch it. */
  readonly #watches: Clause<W>[][] = [];
  readonly #trail: Literal[] = [];
  /** Length of the trail at the beginning of each level. */
  readonly #limits: number[] = [];
  /** Clauses that were added and not looked at yet. */
  readonly #fresh: Clause<W>[] = [];
  #head = 0;
  #conflicts = 0;

  /** @param far levels that are given up at once at most; the answers are right with any number. */
  constructor(far = FAR) {
    this.#far = far;
  }

  addVariable(): number {
    const variable = this.#values.length;
    this.#values.push(OPEN);
    this.#levels.push(0);
    this.#reasons.push(undefined);
    this.#lifted.push(false);
    this.#watches.push([], []);
    return variable;
  }

  value(literal: Literal): number {
    const value = this.#values[variableOf(literal)] ?? OPEN;
    return literal & 1 ? -value : value;
  }

  /** Number of decisions that stand. */
  get level(): number {
    return this.#limits.length;
  }

  /** How often the search ran into a conflict. */
  get conflicts(): number {
    return this.#conflicts;
  }

  /** Everything that is assigned, in the order in which it was. */
  get trail(): readonly Literal[] {
    return this.#trail;
  }

  /** Adds a clause, whatever is assigned now; `settle` takes it into account. */
  add(literals: readonly Literal[], why: W): void {
    const unique = [...new Set(literals)];
    if (unique.some((literal) => unique.includes(negate(literal)))) return;
    const clause = { literals: unique, why, parents: [] };
    this.#watch(clause);
    this.#fresh.push(clause);
  }

  /** Assumes a literal that is open; the level is one higher from here. */
  decide(literal: Literal): void {
    this.#limits.push(this.#trail.length);
    this.#assign(literal, undefined);
  }

  /**
   * Draws every conclusion. Where they contradict each other it learns, goes back, and goes on; `back` is told the level
   * it went back to. Throws Contradiction where nothing can be given up any more.
   */
  settle(back: (level: number) => void): void {
    for (;;) {
      const conflict = this.#propagate(back);
      if (conflict === undefined) return;
      this.#conflicts += 1;
      const highest = this.#highestLevel(conflict.literals);
      if (highest === 0) throw new Contradiction(this.#core(conflict));
      this.#backTo(highest, back);
      this.#learn(conflict, back);
    }
  }

  #learn(conflict: Clause<W>, back: (level: number) => void): void {
    const level = this.level;
    const seen = new Set<number>();
    const parents = [conflict];
    const others: Literal[] = [];
    let here = 0;
    const take = (literals: readonly Literal[]) => {
      for (const literal of literals) {
        const variable = variableOf(literal);
        if (seen.has(variable)) continue;
        seen.add(variable);
        if (this.#levels[variable] === level) here += 1;
        else others.push(literal);
      }
    };
    take(conflict.literals);
    const single = here === 1;
    let at = this.#trail.length - 1;
    for (; ; at--) {
      const literal = this.#trail[at] ?? 0;
      const variable = variableOf(literal);
      if (!seen.has(variable)) continue;
      here -= 1;
      const reason = this.#reasons[variable];
      if (here === 0 || reason === undefined) break;
      parents.push(reason);
      take(reason.literals);
    }
    const asserted = negate(this.#trail[at] ?? 0);
    others.sort((a, b) => this.#levelOf(b) - this.#levelOf(a));
    const clause = { literals: [asserted, ...others], why: undefined, parents };
    const [first] = others;
    const holdsSince = first === undefined ? 0 : this.#levelOf(first);
    // A conflict with what was lifted is one of earlier levels: to go back step by step would find it on each of them.
    const late = single && this.#lifted[variableOf(asserted)] === true;
    this.#backTo(late || level - 1 - holdsSince <= this.#far ? holdsSince : level - 1, back);
    this.#watch(clause, false);
    this.#assert(asserted, clause);
  }

  /** Assigns what follows from a clause, whose other literals may all have been false since an earlier level. */
  #assert(literal: Literal, clause: Clause<W>): void {
    this.#assign(literal, clause);
    const { level } = this;
    for (const other of clause.literals) if (other !== literal && this.#levelOf(other) === level) return;
    if (level === 0) return;
    this.#lifted[variableOf(literal)] = true;
    (this.#liftedBy[level] ??= []).push(clause);
  }

  #levelOf(literal: Literal): number {
    return this.#levels[variableOf(literal)] ?? 0;
  }

  #highestLevel(literals: readonly Literal[]): number {
    return literals.reduce((highest, literal) => Math.max(highest, this.#levelOf(literal)), 0);
  }

  #backTo(level: number, back: (level: number) => void): void {
    if (level >= this.level) return;
    const length = this.#limits[level] ?? 0;
    for (const literal of this.#trail.splice(length)) {
      this.#values[variableOf(literal)] = OPEN;
      this.#reasons[variableOf(literal)] = undefined;
      this.#lifted[variableOf(literal)] = false;
    }
    for (const clauses of this.#liftedBy.splice(level + 1)) this.#fresh.push(...(clauses ?? []));
    this.#limits.length = level;
    this.#head = Math.min(this.#head, length);
    back(level);
  }

  #assign(literal: Literal, reason: Clause<W> | undefined): void {
    const variable = variableOf(literal);
    this.#values[variable] = literal & 1 ? FALSE : TRUE;
    this.#levels[variable] = this.level;
    this.#reasons[variable] = reason;
    this.#trail.push(literal);
  }

  /** Watches the two literals that will be the last to become false. */
  #watch(clause: Clause<W>, sort = true): void {
    const { literals } = clause;
    if (sort) {
      const rank = (literal: Literal) =>
        this.value(literal) === FALSE ? this.#levelOf(literal) : Number.MAX_SAFE_INTEGER;
      const ranks = new Map(literals.map((literal) => [literal, rank(literal)]));
      literals.sort((a, b) => (ranks.get(b) ?? 0) - (ranks.get(a) ?? 0));
    }
    for (const literal of literals.slice(0, 2)) this.#watches[literal]?.push(clause);
  }

  /** A clause all of whose literals are false, or undefined once there are no more conclusions. */
  #propagate(back: (level: number) => void): Clause<W> | undefined {
    for (let clause = this.#fresh.pop(); clause !== undefined; clause = this.#fresh.pop()) {
      // What holds alone holds on level 0, or is lifted.
      if (clause.literals.length === 1 && this.level <= this.#far) this.#backTo(0, back);
      const conflict = this.#lookAt(clause);
      if (conflict !== undefined) return conflict;
    }
    while (this.#head < this.#trail.length) {
      const conflict = this.#visit(negate(this.#trail[this.#head++] ?? 0));
      if (conflict !== undefined) return conflict;
    }
    return undefined;
  }

  #lookAt(clause: Clause<W>): Clause<W> | undefined {
    const open = clause.literals.filter((literal) => this.value(literal) !== FALSE);
    const [only] = open;
    if (only === undefined) return clause;
    if (open.length === 1 && this.value(only) === OPEN) this.#assert(only, clause);
    return undefined;
  }

  /** Looks at the clauses that watch a literal which has become false. */
  #visit(literal: Literal): Clause<W> | undefined {
    const watching = this.#watches[literal] ?? [];
    const staying: Clause<W>[] = [];
    let conflict: Clause<W> | undefined;
    for (const clause of watching) {
      const { literals } = clause;
      if (conflict !== undefined || literals.length < 2) {
        staying.push(clause);
        conflict ??= clause;
        continue;
      }
      const first = literals[0] === literal ? 0 : 1;
      const other = literals[1 - first] ?? 0;
      if (this.value(other) === TRUE) {
        staying.push(clause);
        continue;
      }
      const next = literals.findIndex((item, i) => i > 1 && this.value(item) !== FALSE);
      if (next > 0) {
        const moved = literals[next] ?? 0;
        literals[next] = literal;
        literals[first] = moved;
        this.#watches[moved]?.push(clause);
        continue;
      }
      staying.push(clause);
      if (this.value(other) === FALSE) conflict = clause;
      else this.#assign(other, clause);
    }
    this.#watches[literal] = staying;
    return conflict;
  }

  /** The reasons of the original clauses that a conflict of level 0 follows from, the nearest first. */
  #core(conflict: Clause<W>): W[] {
    const seen = new Set<Clause<W>>([conflict]);
    const queue = [conflict];
    const found: W[] = [];
    for (let clause = queue.shift(); clause !== undefined; clause = queue.shift()) {
      if (clause.why !== undefined) found.push(clause.why);
      const reasons = clause.literals.map((literal) =>
        this.#levelOf(literal) === 0 ? this.#reasons[variableOf(literal)] : undefined,
      );
      for (const next of [...clause.parents, ...reasons]) {
        if (next === undefined || seen.has(next)) continue;
        seen.add(next);
        queue.push(next);
      }
    }
    return found;
  }
}
