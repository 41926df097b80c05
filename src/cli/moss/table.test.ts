// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tables on terminals of every width. */
import { expect, test } from "bun:test";
import { fitTable } from "#cli/moss/table";
import { makeStyle, textWidth } from "#cli/style";

const ROWS = [
  ["libsemanage2", "3.4-1+b5-1", "267.5 KiB", "needed by passwd"],
  ["dbus-session-bus-common", "1.14.10-1~deb12u1-1", "90.8 KiB", "needed by dbus-daemon"],
  ["vim", "2:9.0.1378-2+deb12u2-1", "1.6 MiB", "asked for"],
];
const LAYOUT = { right: [2], least: { 1: 12 }, indent: "  ", stacked: true };

test("where there is room nothing is shortened", () => {
  expect(fitTable(ROWS, LAYOUT, 100)).toEqual([
    "  libsemanage2             3.4-1+b5-1              267.5 KiB  needed by passwd",
    "  dbus-session-bus-common  1.14.10-1~deb12u1-1      90.8 KiB  needed by dbus-daemon",
    "  vim                      2:9.0.1378-2+deb12u2-1    1.6 MiB  asked for",
  ]);
});

test("versions are shortened first, as far as needed", () => {
  expect(fitTable(ROWS, LAYOUT, 80)).toEqual([
    "  libsemanage2             3.4-1+b5-1           267.5 KiB  needed by passwd",
    "  dbus-session-bus-common  1.14.10-1~deb12u1-1   90.8 KiB  needed by dbus-daemon",
    "  vim                      2:9.0.1378-2+deb12…    1.6 MiB  asked for",
  ]);
  expect(fitTable(ROWS, LAYOUT, 70)[1]).toBe("  dbus-session-bus-common  1.14.10-1~d…   90.8 KiB  needed by dbus-da…");
});

test("where nothing is left for the reason it has a line of its own", () => {
  expect(fitTable(ROWS, LAYOUT, 40)).toEqual([
    "  libsemanage2             267.5 KiB",
    "      3.4-1+b5-1  needed by passwd",
    "  dbus-session-bus-common   90.8 KiB",
    "      1.14.10-1~d…  needed by dbus-daem…",
    "  vim                        1.6 MiB",
    "      2:9.0.1378-…  asked for",
  ]);
});

test("where the last column has no room and no line of its own it is left out", () => {
  expect(fitTable(ROWS, { ...LAYOUT, stacked: false }, 54)).toEqual([
    "  libsemanage2             3.4-1+b5-1    267.5 KiB",
    "  dbus-session-bus-common  1.14.10-1~d…   90.8 KiB",
    "  vim                      2:9.0.1378-…    1.6 MiB",
  ]);
});

test("no line is wider than the terminal, with colours, wide characters and empty cells too", () => {
  const style = makeStyle(true);
  const rows = [
    ...ROWS.map(([name = "", ...rest]) => [style.bold(name), ...rest]),
    ["\u6f22\u5b57\u6f22\u5b57", "", "1 B", style.red("a reason that is long enough for every width there is")],
  ];
  for (let width = 8; width < 120; width++) {
    for (const stacked of [false, true]) {
      for (const line of fitTable(rows, { ...LAYOUT, stacked }, width)) {
        expect(textWidth(line)).toBeLessThanOrEqual(width);
      }
    }
  }
  expect(fitTable([], LAYOUT, 40)).toEqual([]);
});
