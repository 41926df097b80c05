// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Lines of progress on terminals of every width. */
import { expect, test } from "bun:test";
import { fittedLine, pace } from "#cli/progress";
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

test("the time left is told once enough of the work has been seen", () => {
  expect(pace(10, 1000, 0.4, "items")).toBe("");
  expect(pace(10, 1000, 2, "items")).toBe("5.0/s");
  expect(pace(40, 1000, 10, "items")).toBe("4.0/s");
  expect(pace(50, 1000, 10, "items")).toBe("5.0/s, 3 min 10 s left");
  expect(pace(40, 1000, 20, "items")).toBe("2.0/s, 8 min 0 s left");
  expect(pace(500, 1000, 2, "items")).toBe("250/s");
  expect(pace(1 << 20, undefined, 30, "bytes")).toBe("34.1 KiB/s");
  expect(pace(1000, 1000, 30, "items")).toBe("33/s");
});
