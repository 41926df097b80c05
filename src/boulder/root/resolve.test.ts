// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of what a build root is made of. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CollectionOffer } from "#collections/model";
import { offer } from "#tests/support/offers";
import { offersOf } from "#tests/support/scenario";
import type { RootDependency } from "../plan/root";
import { Offers, resolveRoot, rootFacts } from "./resolve";

function sourceOf(offers: readonly CollectionOffer[]): Offers {
  return new Offers({ ...offersOf(offers), best: () => offers });
}

function want(...words: string[]): RootDependency[] {
  return words.map((dependency) => ({ dependency, reasons: [{ kind: "builddep", text: "builddeps", line: 3 }] }));
}

function ids(words: string[], offers: CollectionOffer[]): string[] {
  return resolveRoot(want(...words), sourceOf(offers)).map((item) => item.offer.id);
}

test("a root holds what is asked for and all that this needs, and nothing else", () => {
  const offers = [
    offer("gcc", { depends: ["soname(libc.so.6(x86_64))", "binutils"], provides: ["binary(gcc)"] }),
    offer("binutils", { depends: ["soname(libc.so.6(x86_64))"] }),
    offer("libc6", { provides: ["soname(libc.so.6(x86_64))"] }),
    offer("other"),
  ];
  expect(ids(["binary(gcc)"], offers)).toEqual(["binutils-1-0", "gcc-1-0", "libc6-1-0"]);
});

test("the collection of higher priority hides the same name in others, whatever its release", () => {
  const offers = [offer("a", { release: 9 }), offer("a", { release: 2, priority: 100 })];
  expect(ids(["a"], offers)).toEqual(["a-2-100"]);
  expect(ids(["a"], [offer("a", { release: 2 }), offer("a", { release: 10 })])).toEqual(["a-10-0"]);
});

test("what is there already is preferred over another that gives the same", () => {
  const offers = [
    offer("gawk", { provides: ["binary(awk)"], release: 9 }),
    offer("mawk", { provides: ["binary(awk)"] }),
  ];
  expect(ids(["binary(awk)", "mawk"], offers)).toEqual(["mawk-1-0"]);
  expect(ids(["binary(awk)"], offers)).toEqual(["gawk-9-0"]);
});

test("circles of dependencies end", () => {
  expect(ids(["a"], [offer("a", { depends: ["b"] }), offer("b", { depends: ["a"] })])).toEqual(["a-1-0", "b-1-0"]);
});

test("what nothing gives is named with the way to it", () => {
  const offers = [offer("a", { depends: ["b"] }), offer("b", { depends: ["binary(c)"] })];
  expect(() => ids(["a"], offers)).toThrow(
    "Cannot make the build root: builddeps asks for a; a needs b; b needs binary(c), which nothing gives",
  );
  expect(() => ids(["zz"], offers)).toThrow("Cannot make the build root: nothing gives zz; builddeps asks for it");
});

test("two packages that conflict are refused with both names", () => {
  const offers = [offer("a", { conflicts: ["b", "a"] }), offer("b")];
  expect(() => ids(["a", "b"], offers)).toThrow("a conflicts with b");
  expect(ids(["a"], offers)).toEqual(["a-1-0"]);
});

test("the facts of a root are the versions of its programs and of its C library", () => {
  const offers = [
    offer("lld", { provides: ["binary(ld.lld)"], version: "1:14.0-55" }),
    offer("libc6", { provides: ["soname(libc.so.6(x86_64))"], version: "2.36-9" }),
  ];
  const packages = resolveRoot(want("lld", "libc6"), sourceOf(offers));
  for (const libc of ["libc6", "soname(libc.so.6(x86_64))"]) {
    const names = new Map([["binary(lld)", "binary(ld.lld)"]]);
    expect([...rootFacts(packages, { libc: [libc], names })]).toEqual([
      ["libc", "2.36-9"],
      ["binary(ld.lld)", "1:14.0-55"],
      ["binary(lld)", "1:14.0-55"],
    ]);
  }
});

test("an answer is kept for the same question over the same offers, and for no other", () => {
  const folder = mkdtempSync(join(tmpdir(), "resolve-"));
  try {
    const resolve = (offers: readonly CollectionOffer[], version: string, ...words: string[]) => {
      const source = { ...offersOf(offers), best: () => offers };
      const known = { folder, version, program: process.execPath };
      return resolveRoot(want(...words), new Offers(source, new Map([["c", "mine"]]), known));
    };
    const offers = [offer("a", { depends: ["b"], provides: ["binary(a)"] }), offer("b"), offer("c")];
    const first = resolve(offers, "1", "a");
    expect(first.map((item) => [item.offer.id, item.collection])).toEqual([
      ["a-1-0", "mine"],
      ["b-1-0", "mine"],
    ]);
    // Nothing offers it any more, and nobody looks.
    expect(resolve([], "1", "a")).toEqual(first);
    expect(() => resolve([], "2", "a")).toThrow();
    expect(() => resolve([], "1", "c")).toThrow();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
