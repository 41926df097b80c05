// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Inputs that are large, or that are made to be hard. */
import { expect, test } from "bun:test";
import { Failure } from "#base/errors";
import { problemsOf } from "#solver/check";
import { installedOf } from "#solver/installed";
import type { Offer, OfferSource } from "#solver/model";
import { solve } from "#solver/solve";
import { offersOf, parseBuild } from "#tests/support/scenario";

const offer = (line: string): Offer => ({ ...parseBuild(line), collection: "main", priority: 0 });

/** Offers by an index, which says what was asked of it. */
function counted(all: readonly Offer[]): OfferSource & { readonly asked: Set<string> } {
  const byText = new Map<string, Offer[]>();
  for (const one of all) {
    for (const text of [`name(${one.meta.name})`, ...one.meta.provides.map(({ kind, name }) => `${kind}(${name})`)]) {
      byText.set(text, [...(byText.get(text) ?? []), one]);
    }
  }
  const asked = new Set<string>();
  return {
    asked,
    providing: (text) => {
      asked.add(text);
      return byText.get(text) ?? [];
    },
    replacing: () => [],
    byId: (id) => all.find((one) => one.id === id),
    names: () => all.map(({ meta }) => meta.name),
  };
}

test("more packages than places: the search ends, and says that there is none or that it is too hard", () => {
  const holes = 7;
  const lines = Array.from({ length: holes + 1 }, (_, pigeon) =>
    Array.from({ length: holes }, (_unused, hole) => `p${pigeon}h${hole} 1 gives place(${pigeon}) taken(${hole})`),
  ).flat();
  const offers = lines.map((line) => {
    const [name = "", , , place = "", taken = ""] = line.split(" ");
    const text = (word: string) => `binary(${word.replaceAll(/[()]/g, "-")})`;
    return offer(`${name} 1 gives ${text(place)} ${text(taken)} refuses ${text(taken)}`);
  });
  const all = `all 1 needs ${Array.from({ length: holes + 1 }, (_, pigeon) => `binary(place-${pigeon}-)`).join(" ")}`;
  let failure: unknown;
  try {
    const jobs = [{ kind: "install", capability: "name(all)" }] as const;
    solve({ installed: installedOf([]), offers: offersOf([...offers, offer(all)]), jobs });
  } catch (error) {
    failure = error;
  }
  expect(failure).toBeInstanceOf(Failure);
  expect(failure).toHaveProperty("exitCode", 5);
});

test("of many offers only what is touched is asked for", () => {
  const offers = Array.from({ length: 5000 }, (_, i) => offer(`p${i} 1 gives soname(s${i}) needs soname(s${i + 1})`));
  const source = counted([...offers, offer("p5000 1 gives soname(s5000)")]);
  const installed = installedOf(
    Array.from({ length: 2000 }, (_, i) => ({ ...parseBuild(`i${i} 1 needs i${i + 1}`), explicit: true })),
  );
  const near = solve({ installed, offers: source, jobs: [{ kind: "install", capability: "name(p4998)" }] });
  expect(near.incoming.map(({ meta }) => meta.name)).toEqual(["p4998", "p4999", "p5000"]);
  expect(source.asked.size).toBeLessThan(10);
  // A chain of thousands of needs is no matter of the stack.
  const far = solve({ installed, offers: source, jobs: [{ kind: "install", capability: "name(p0)" }] });
  expect(far.incoming.length).toBe(5001);
});

test("a removal of thousands, and an upgrade of thousands", () => {
  const line = (i: number, release: number) => `i${i} ${release} gives soname(${i}) needs soname(${i + 1}), libc`;
  const installed = installedOf([
    ...Array.from({ length: 3000 }, (_, i) => ({ ...parseBuild(line(i, 1)), explicit: i === 0 })),
    parseBuild("i3000 1 gives soname(3000)"),
    parseBuild("libc 1"),
  ]);
  const offers = counted([...Array.from({ length: 3000 }, (_, i) => offer(line(i, 2))), offer("libc 2")]);
  const removal = solve({ installed, offers, jobs: [{ kind: "remove", names: ["i0"], dependents: true }] });
  expect(removal.outgoing.length).toBe(3002);
  const cascade = solve({ installed, offers, jobs: [{ kind: "remove", names: ["libc"], dependents: true }] });
  expect(cascade.outgoing.length).toBe(3002);
  const upgrade = solve({ installed, offers, jobs: [{ kind: "upgrade" }] });
  expect([upgrade.incoming.length, upgrade.outgoing.length, upgrade.heldBack.length]).toEqual([3001, 0, 0]);
});

test("an upgrade in the middle of a change of libraries: what was not built anew holds its libraries, and all else goes on", () => {
  const libraries = 900;
  const stale = (i: number) => i % 3 === 0;
  /** A library, and two programs that need it; of every third library one program was not built anew. */
  const lines = (i: number, release: number) => {
    const old = stale(i) ? 1 : release;
    return [
      `lib${i} ${release} gives soname(lib${i}.so.${release})`,
      `one${i} ${release} needs soname(lib${i}.so.${release})`,
      `two${i} ${old} needs soname(lib${i}.so.${old})`,
    ];
  };
  const all = (release: number) => Array.from({ length: libraries }, (_, i) => lines(i, release)).flat();
  const installed = installedOf(all(1).map((line) => ({ ...parseBuild(line), explicit: !line.startsWith("lib") })));
  const offers = counted(all(2).map(offer));
  const solution = solve({ installed, offers, jobs: [{ kind: "upgrade" }] });
  const held = Math.ceil(libraries / 3);
  expect(solution.heldBack.length).toBe(2 * held);
  expect(solution.incoming.length).toBe(3 * (libraries - held));
  expect(solution.outgoing).toEqual([]);
  expect(problemsOf(solution.selection().map(({ meta }) => meta))).toEqual([]);
});
