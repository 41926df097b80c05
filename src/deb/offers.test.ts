// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Offers made of apt's lists alone: what they leave to the solver. */
import { expect, test } from "bun:test";
import { parseAvailable } from "#deb/available";
import { offersOf } from "#deb/offers";
import { RelatedSet } from "#deb/set";
import { formatCapability } from "#model/dependency";
import { installedOf } from "#solver/installed";
import { solve } from "#solver/solve";
import { sha256Hex } from "#sys/sha256";
import { offersOf as sourceOf } from "#tests/support/scenario";

/** Offers of packages, each a name and its fields. */
function offers(packages: Readonly<Record<string, string>>) {
  const blocks = Object.entries(packages).map(
    ([name, fields]) =>
      `Package: ${name}\nVersion: 1-1\nArchitecture: all\nSHA256: ${sha256Hex(name)}\nFilename: ${name}.deb\n${fields}`,
  );
  const available = new RelatedSet(parseAvailable(blocks.join("\n\n"), "amd64"));
  return [...offersOf(available, "x86_64")].map((offer) => ({ ...offer, priority: 0, collection: "all" }));
}

function chosenFor(name: string, packages: Readonly<Record<string, string>>): string[] {
  const jobs = [{ kind: "install", capability: `name(${name})` }] as const;
  const { incoming } = solve({ installed: installedOf([]), offers: sourceOf(offers(packages)), jobs });
  return incoming.map(({ meta }) => meta.name).sort();
}

test("the first alternative is taken, whatever the names, unless it cannot live with the rest", () => {
  const office = {
    office: "Depends: core, uno",
    core: "Conflicts: core-nogui",
    "core-nogui": "Conflicts: core",
    uno: "Depends: core-nogui | core",
  };
  expect(chosenFor("office", office)).toEqual(["core", "office", "uno"]);
  expect(chosenFor("uno", office)).toEqual(["core-nogui", "uno"]);
  expect(chosenFor("app", { app: "Depends: zeta | alpha", zeta: "", alpha: "" })).toEqual(["app", "zeta"]);
});

test("alternatives that are not there, too old, or the package itself are no choice", () => {
  const depends = (fields: string, others: Readonly<Record<string, string>>) =>
    offers({ app: fields, ...others })
      .find(({ meta }) => meta.name === "app")
      ?.meta.depends.map(formatCapability);
  expect(depends("Depends: gone | here", { here: "" })).toEqual(["name(here)"]);
  expect(depends("Depends: old (>= 2) | here", { old: "", here: "" })).toEqual(["name(here)"]);
  expect(depends("Depends: here | app", { here: "" })).toEqual([]);
  expect(depends("Depends: a (>= 1) | virtual", { a: "", b: "Provides: virtual" })).toEqual(["name(a | virtual)"]);
  expect(depends("Depends: gone | lost", {})).toEqual(["name(gone)"]);
});
