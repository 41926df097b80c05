// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Small random worlds, each solved and compared with trying every selection that there is. */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { Failure } from "#base/errors";
import { capability, formatCapability } from "#model/dependency";
import type { PackageMeta } from "#model/package";
import { problemsOf } from "#solver/check";
import { givenBy, installedOf } from "#solver/installed";
import type { InstalledPackage, Job, Offer, Solution } from "#solver/model";
import { solve } from "#solver/solve";
import { offersOf, parseBuild, solutionLines } from "#tests/support/scenario";

const NAMES = ["a", "b", "c", "d", "e"];
const CAPABILITIES = ["binary(x)", "binary(y)"];

const texts = fc.subarray([...NAMES, ...CAPABILITIES], { maxLength: 2 });
const build = fc
  .record({
    name: fc.constantFrom(...NAMES),
    release: fc.integer({ min: 1, max: 2 }),
    needs: texts,
    gives: fc.subarray(CAPABILITIES),
    refuses: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: texts }),
    replaces: fc.oneof(
      { weight: 4, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.subarray(NAMES, { maxLength: 1 }) },
    ),
  })
  .map(({ name, release, needs, gives, refuses, replaces }) =>
    parseBuild(
      `${name} ${release} needs ${needs.join(" ")} gives ${gives.join(" ")} refuses ${refuses.join(" ")} replaces ${replaces.join(" ")}`,
    ),
  );

interface World {
  readonly installed: readonly InstalledPackage[];
  readonly offers: readonly Offer[];
}

function holds(packages: readonly { readonly meta: PackageMeta }[]): boolean {
  return problemsOf(packages.map(({ meta }) => meta)).length === 0;
}

/** Every subset of a list. */
function* subsets<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let bits = 0; bits < 2 ** all.length; bits++) yield all.filter((_, i) => (bits >> i) & 1);
}

const world = fc
  .record({
    builds: fc.uniqueArray(build, {
      minLength: 2,
      maxLength: 8,
      selector: ({ meta }) => `${meta.name} ${meta.release}`,
    }),
    priorities: fc.array(fc.constantFrom(0, 0, 10), { minLength: 8, maxLength: 8 }),
    /** Which of all selections that hold together is installed. */
    pick: fc.nat(),
    explicit: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
    unoffered: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
  })
  .map(({ builds, priorities, pick, explicit, unoffered }): World => {
    const whole = [...subsets(builds)].filter(holds);
    const installed = whole[pick % whole.length] ?? [];
    return {
      installed: installed.map((item, i) => ({ ...item, explicit: explicit[i] ?? false })),
      offers: builds.flatMap(({ id, meta }, i) =>
        unoffered[i] === true && installed.some((item) => item.id === id)
          ? []
          : [{ id, meta, collection: `c${priorities[i]}`, priority: priorities[i] ?? 0 }],
      ),
    };
  });

function eligible({ offers }: World): Offer[] {
  return offers.filter(({ meta, priority }) =>
    offers.every((other) => other.meta.name !== meta.name || other.priority <= priority),
  );
}

function attempt({ installed, offers }: World, jobs: readonly Job[]): Solution | Failure {
  try {
    return solve({ installed: installedOf(installed), offers: offersOf(offers), jobs });
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

const gives = (items: readonly { readonly meta: PackageMeta }[], text: string) =>
  items.some(({ meta }) => givenBy(meta).has(text));
const nameText = (name: string) => formatCapability(capability("name", name));
const hasName = (items: readonly { readonly meta: PackageMeta }[], name: string) =>
  items.some(({ meta }) => meta.name === name);

interface Chosen {
  readonly id: string;
  readonly meta: PackageMeta;
}

/** Does something new among these say to replace a package? */
const hasHeir = ({ installed }: World, items: readonly Chosen[], name: string) =>
  items.some(({ id, meta }) => meta.replaces?.includes(name) === true && !installed.some((item) => item.id === id));

/** Is everything explicit there, or what says to replace it? */
const keepsExplicit = (one: World, items: readonly Chosen[]) =>
  one.installed.every(({ explicit, meta: { name } }) => !explicit || hasName(items, name) || hasHeir(one, items, name));

/** Has everything left that something new replaces, and whose name nothing offers any more? */
const letsGo = (one: World, items: readonly Chosen[]) =>
  one.installed.every(
    ({ id, meta: { name } }) =>
      hasName(one.offers, name) ||
      !items.some((item) => item.id === id) ||
      !hasHeir(
        one,
        items.filter((item) => item.meta.name !== name),
        name,
      ),
  );

const RUNS = { numRuns: 800 };

test("an install gives a selection that holds together and keeps what was explicit, or there is none", () => {
  fc.assert(
    fc.property(world, fc.subarray([...NAMES, ...CAPABILITIES], { minLength: 1, maxLength: 2 }), (one, words) => {
      const asked = words.map((word) => (word.includes("(") ? word : nameText(word)));
      const solution = attempt(
        one,
        asked.map((text) => ({ kind: "install", capability: text })),
      );
      const fits = (items: readonly Chosen[]) =>
        holds(items) && asked.every((text) => gives(items, text)) && keepsExplicit(one, items) && letsGo(one, items);
      if (solution instanceof Failure) {
        const all = [...new Map([...one.installed, ...eligible(one)].map((item) => [item.id, item])).values()];
        for (const items of subsets(all)) expect(fits(items)).toBe(false);
        expect(solution.message).toStartWith("Cannot install");
        return;
      }
      const selected = solution.selection();
      expect(problemsOf(selected.map(({ meta }) => meta))).toEqual([]);
      expect(fits(selected)).toBe(true);
      // Nothing came that nobody asked for and nobody needs.
      for (const item of solution.incoming) {
        if (item.explicit || item.before !== undefined) continue;
        const others = selected.filter(({ id }) => id !== item.id);
        const needed = others.some(({ meta }) =>
          meta.depends.some((need) => givenBy(item.meta).has(formatCapability(need))),
        );
        expect(needed).toBe(true);
      }
      // What was there and could stay did stay, unless something refuses it or takes its place.
      const present = new Set(one.installed.map(({ id }) => id));
      if (one.installed.length > 0 && asked.every((text) => gives(one.installed, text))) {
        const kept = selected.filter(({ id }) => present.has(id));
        if (words.every((word) => word.includes("(") || hasName(one.installed, word)))
          expect(kept.length).toBe(present.size);
      }
    }),
    RUNS,
  );
});

test("a removal takes what needs it and what nobody needs any more, and nothing else", () => {
  fc.assert(
    fc.property(world, fc.nat(), (one, pick) => {
      fc.pre(one.installed.length > 0);
      const name = one.installed[pick % one.installed.length]?.meta.name ?? "";
      const solution = attempt(one, [{ kind: "remove", names: [name], dependents: true }]);
      if (solution instanceof Failure) throw solution;
      let left = one.installed.filter(({ meta }) => meta.name !== name);
      for (;;) {
        const next = left.filter(({ meta }) => meta.depends.every((need) => gives(left, formatCapability(need))));
        if (next.length === left.length) break;
        left = next;
      }
      const selected = solution.selection();
      expect(problemsOf(selected.map(({ meta }) => meta))).toEqual([]);
      expect(solution.incoming).toEqual([]);
      const explicit = (items: readonly { readonly explicit: boolean; readonly meta: PackageMeta }[]) =>
        items.flatMap((item) => (item.explicit ? [item.meta.name] : [])).sort();
      expect(explicit(selected)).toEqual(explicit(left));
      const ids = new Set(left.map(({ id }) => id));
      expect(selected.every(({ id }) => ids.has(id))).toBe(true);
    }),
    RUNS,
  );
});

test("an upgrade of everything gives a selection that holds together, with everything explicit still there", () => {
  fc.assert(
    fc.property(world, (one) => {
      const solution = attempt(one, [{ kind: "upgrade" }]);
      if (solution instanceof Failure) throw solution;
      const selected = solution.selection();
      expect(problemsOf(selected.map(({ meta }) => meta))).toEqual([]);
      expect([keepsExplicit(one, selected), letsGo(one, selected)]).toEqual([true, true]);
      // Asked again, there is nothing more to do, but for what was held back by what has changed since.
      const again = attempt({ ...one, installed: selected.map(({ id, meta, explicit }) => ({ id, meta, explicit })) }, [
        { kind: "upgrade" },
      ]);
      if (again instanceof Failure) throw again;
      expect(problemsOf(again.selection().map(({ meta }) => meta))).toEqual([]);
    }),
    RUNS,
  );
});

test("the order in which things are given does not matter", () => {
  fc.assert(
    fc.property(world, fc.constantFrom(...NAMES), (one, name) => {
      const turned = { installed: one.installed.toReversed(), offers: one.offers.toReversed() };
      for (const jobs of [
        [{ kind: "install", capability: nameText(name) }],
        [{ kind: "upgrade" }],
        [{ kind: "remove", names: [name], dependents: true }],
      ] satisfies Job[][]) {
        const lines = (solution: Solution | Failure) =>
          solution instanceof Failure
            ? [solution.code]
            : solutionLines(solution).filter((line) => !line.startsWith("held"));
        expect(lines(attempt(turned, jobs))).toEqual(lines(attempt(one, jobs)));
      }
    }),
    RUNS,
  );
});
