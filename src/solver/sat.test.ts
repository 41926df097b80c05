// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of the clause learner: random clauses, given at once or during the search, beside trying every assignment. */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { Contradiction, type Literal, no, OPEN, Sat, TRUE, yes } from "#solver/sat";

const VARIABLES = 7;

const literal = fc
  .record({ variable: fc.nat(VARIABLES - 1), positive: fc.boolean() })
  .map(({ variable, positive }): Literal => (positive ? yes(variable) : no(variable)));
const clauses = fc.array(fc.array(literal, { minLength: 1, maxLength: 3 }), { maxLength: 40 });

function satisfies(bits: number, all: readonly (readonly Literal[])[]): boolean {
  return all.every((clause) => clause.some((one) => ((bits >> (one >> 1)) & 1) === (one & 1 ? 0 : 1)));
}

function satisfiable(all: readonly (readonly Literal[])[]): boolean {
  for (let bits = 0; bits < 2 ** VARIABLES; bits++) if (satisfies(bits, all)) return true;
  return false;
}

/** Searches, adding a clause of `late` after each decision; the numbers of clauses in the contradiction, or undefined. */
function run(
  early: readonly (readonly Literal[])[],
  late: readonly (readonly Literal[])[],
  far: number,
): readonly number[] | number {
  const sat = new Sat<number>(far);
  for (let i = 0; i < VARIABLES; i++) sat.addVariable();
  early.forEach((clause, i) => {
    sat.add(clause, i);
  });
  let next = 0;
  const levels: number[] = [];
  try {
    for (;;) {
      sat.settle((level) => levels.push(level));
      const clause = late[next];
      if (clause !== undefined && sat.level > 0) {
        sat.add(clause, early.length + next++);
        continue;
      }
      const open = Array.from({ length: VARIABLES }, (_, i) => i).find((i) => sat.value(yes(i)) === OPEN);
      if (open !== undefined) {
        sat.decide(yes(open));
        continue;
      }
      if (clause === undefined) break;
      sat.add(clause, early.length + next++);
    }
  } catch (error) {
    if (error instanceof Contradiction) return (error as Contradiction<number>).core;
    throw error;
  }
  let bits = 0;
  for (let i = 0; i < VARIABLES; i++) if (sat.value(yes(i)) === TRUE) bits |= 1 << i;
  return bits;
}

test("it finds an assignment where there is one, and else clauses that contradict each other", () => {
  fc.assert(
    fc.property(clauses, clauses, fc.nat(3), (early, late, far) => {
      const all = [...early, ...late];
      const found = run(early, late, far);
      if (typeof found === "number") {
        expect(satisfies(found, all)).toBe(true);
        return;
      }
      expect(satisfiable(all)).toBe(false);
      const core = [...new Set(found)].map((i) => all[i] ?? []);
      expect(satisfiable(core)).toBe(false);
    }),
    { numRuns: 6000 },
  );
});

test("a literal that is decided stays unless it cannot", () => {
  const sat = new Sat<string>();
  const [a, b] = [sat.addVariable(), sat.addVariable()];
  sat.add([no(a), yes(b)], "a needs b");
  sat.decide(yes(a));
  sat.settle(() => {});
  expect([sat.value(yes(a)), sat.value(yes(b)), sat.level]).toEqual([TRUE, TRUE, 1]);
  const back: number[] = [];
  sat.add([no(b)], "b cannot be");
  sat.settle((level) => back.push(level));
  expect([sat.value(no(a)), sat.value(no(b)), sat.level, back]).toEqual([TRUE, TRUE, 0, [0]]);
});

test("an empty clause contradicts everything", () => {
  const sat = new Sat<string>();
  sat.add([], "nothing");
  expect(() => sat.settle(() => {})).toThrow(Contradiction);
});
