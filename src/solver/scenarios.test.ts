// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The scenarios in tests/cases/solver: what is installed and offered, what is asked, and exactly what must come of it. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { outcome, parseScenarios } from "#tests/support/scenario";

const FOLDER = join(import.meta.dir, "../../tests/cases/solver");

for (const file of readdirSync(FOLDER).sort()) {
  for (const scenario of parseScenarios(readFileSync(join(FOLDER, file), "utf8"))) {
    test(`${file.replace(/\.txt$/, "")}: ${scenario.title}`, () => {
      expect(outcome(scenario)).toEqual([...scenario.expected]);
    });
  }
}

test("there are scenarios", () => {
  expect(readdirSync(FOLDER).length).toBeGreaterThan(3);
});
