// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Lines of progress on terminals of every width. */
import { expect, test } from "bun:test";
import { fittedLine } from "#cli/progress";
import { textWidth } from "#cli/style";

const PARTS = ["59.3 MiB/84.7 MiB 69%", "62.1 MiB/s, 12 s left", "libsystemd-shared"];

test("as many whole parts as fit are shown, and the bar goes last", () => {
  const bar = "[=================       ]";
  expect(fittedLine("Fetching", 0.69, PARTS, 120)).toBe(`Fetching ${bar} ${PARTS.join("  ")}`);
  expect(fittedLine("Fetching", 0.69, PARTS, 80)).toBe(`Fetching ${bar} ${PARTS.slice(0, 2).join("  ")}`);
  expect(fittedLine("Fetching", 0.69, PARTS, 60)).toBe(`Fetching ${bar} ${PARTS[0] ?? ""}`);
  expect(fittedLine("Fetching", 0.69, PARTS, 40)).toBe(`Fetching ${PARTS[0] ?? ""}`);
  expect(fittedLine("Writing the tree", undefined, ["", "", ""], 40)).toBe("Writing the tree");
});

test("no line is wider than the terminal", () => {
  for (let width = 1; width < 130; width++) {
    for (const label of ["Fetching", "漢字漢字"]) {
      expect(textWidth(fittedLine(label, 0.5, [...PARTS, "漢字"], width))).toBeLessThanOrEqual(width);
    }
  }
});
