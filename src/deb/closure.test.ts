// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From the names that are asked for to the set, by Debian's rules: small archives as text, `name version: field value; ...`. */
import { expect, test } from "bun:test";
import { Failure } from "#base/errors";
import { type ClosureOptions, findAsked, resolveClosure } from "#deb/closure";
import { requireSatisfied } from "#deb/plan-relations";
import type { PackageScan } from "#deb/scan-model";
import { type Related, RelatedSet } from "#deb/set";

function archive(...lines: string[]): RelatedSet<Related> {
  return new RelatedSet(
    lines.map((line): Related => {
      const [head = "", fields = ""] = line.split(/: ?(.*)/s);
      const [name = "", version = "1"] = head.split(" ");
      const pairs = fields.split("; ").map((field) => field.split(/ (.*)/s).slice(0, 2) as [string, string]);
      const relations = Object.fromEntries(pairs.filter(([key]) => key !== "" && key !== "essential"));
      return { name, version, essential: pairs.some(([key]) => key === "essential"), relations };
    }),
  );
}

function names(available: RelatedSet<Related>, words: string[], options: ClosureOptions = {}): string[] {
  return resolveClosure(available, findAsked(available, words), options)
    .set.all()
    .map((item) => item.name);
}

function refusal(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

test("dependencies of dependencies are taken, each with the reason of the first that needed it", () => {
  const available = archive("a: depends b, c", "b: depends c", "c", "d");
  const { set, reasons } = resolveClosure(available, findAsked(available, ["a"]));
  expect(set.all().map((item) => item.name)).toEqual(["a", "b", "c"]);
  expect(reasons.get("a")).toEqual({ kind: "asked" });
  expect(reasons.get("c")).toEqual({ kind: "needed", by: "a" });
});

test("of alternatives what the set has already is enough; else the first that is there", () => {
  const lines = ["a: depends nowhere | b | c", "b", "c"];
  expect(names(archive(...lines), ["a"])).toEqual(["a", "b"]);
  expect(names(archive(...lines), ["c", "a"])).toEqual(["a", "c"]);
});

test("an alternative that conflicts with the set is passed over", () => {
  expect(names(archive("a: depends b | c", "b: conflicts x", "c", "x"), ["x", "a"])).toEqual(["a", "c", "x"]);
  expect(names(archive("a: depends b | c", "b", "c", "x: breaks b (<< 2)"), ["x", "a"])).toEqual(["a", "c", "x"]);
  expect(names(archive("a: depends b | c", "b 2", "c", "x: breaks b (<< 2)"), ["x", "a"])).toEqual(["a", "b", "x"]);
});

test("a virtual package is met by who provides it; a range only by one that says its version", () => {
  expect(names(archive("a: depends mta", "b: provides mta"), ["a"])).toEqual(["a", "b"]);
  expect(names(archive("a: depends mta (>= 2)", "b: provides mta", "c: provides mta (= 3)"), ["a"])).toEqual([
    "a",
    "c",
  ]);
});

test("essential and recommended packages are taken only where they are wanted", () => {
  const lines = ["a: recommends r | s", "base: essential yes; depends lib", "lib", "r"];
  expect(names(archive(...lines), ["a"])).toEqual(["a"]);
  expect(names(archive(...lines), ["a"], { essential: true })).toEqual(["a", "base", "lib"]);
  expect(names(archive(...lines), ["a"], { recommends: true })).toEqual(["a", "r"]);
});

test("what nothing satisfies is refused by name, range and all", () => {
  const failure = refusal(() => names(archive("a: depends b (>= 2), c | d", "b 1.9"), ["a"]));
  expect(failure.code).toBe("deb.unsatisfied");
  expect(failure.message).toContain("a 1 needs b (>= 2); a 1 needs c | d");
});

test("a name that apt does not know is answered with the nearest one; a version with the one that is there", () => {
  const available = archive("nano 7", "bash 5");
  expect(refusal(() => findAsked(available, ["nanno"])).hint).toBe("Did you mean nano?");
  expect(refusal(() => findAsked(available, ["nano=6"])).message).toContain("apt offers 7");
  expect(findAsked(available, ["nano=7"]).map((item) => item.name)).toEqual(["nano"]);
});

test("a set that does not satisfy itself is refused with every relation, and what it has instead", () => {
  const set = archive("a: depends b (>= 2), gone", "b 1.9", "c: pre-depends a (<< 1)") as RelatedSet<PackageScan>;
  const failure = refusal(() => requireSatisfied(set, false));
  expect(failure.code).toBe("deb.unsatisfied");
  expect(failure.message).toContain("a 1 needs b (>= 2): the set has b 1.9");
  expect(failure.message).toContain("a 1 needs gone: nothing in the set gives it");
  expect(failure.message).toContain("c 1 needs a (<< 1): the set has a 1");
  expect([...requireSatisfied(set, true).keys()]).toEqual(["a", "c"]);
});
