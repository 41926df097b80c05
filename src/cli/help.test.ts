// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Help texts and manual pages as they are read: on terminals of every width, and with the exit codes of their program. */
import { expect, test } from "bun:test";
import { helpText } from "#cli/help";
import { manualPage } from "#cli/manual";
import { MOSS } from "#cli/moss/program";
import { MOSS_CONTAINER } from "#cli/moss-container/table";
import { makeStyle, textWidth } from "#cli/style";
import { allVerbs } from "#cli/verbs";

const PLAIN = makeStyle(false);

/** Lines of all help texts that are wider than a terminal. */
function tooWide(columns: number): string[] {
  return [MOSS, MOSS_CONTAINER].flatMap((program) =>
    allVerbs(program).flatMap((path) =>
      helpText(program, path, PLAIN, columns)
        .split("\n")
        .filter((line) => textWidth(line) > columns),
    ),
  );
}

test("help fits the terminal; only commands of examples, which nobody could type in pieces, may be wider", () => {
  expect(tooWide(80)).toEqual([]);
  expect(tooWide(40).filter((line) => !/^ {2}(moss\S*|source) /.test(line))).toEqual([]);
});

test("on a narrow terminal what a name means stands below it, and beside it where there is room", () => {
  const path = allVerbs(MOSS).find((verbs) => verbs.at(-1)?.name === "verify") ?? [];
  expect(helpText(MOSS, path, PLAIN, 80)).toContain("\n  --repair  put right what is wrong\n");
  expect(helpText(MOSS, path, PLAIN, 34)).toContain("\n  --repair\n      put right what is wrong\n");
});

test("moss-container ends as its program does, and its manual page says so", () => {
  const own = manualPage(MOSS_CONTAINER, [MOSS_CONTAINER]);
  expect(own).toContain(".B 124\n\\-\\-timeout has passed\n");
  expect(own).not.toContain("changing the root");
  expect(manualPage(MOSS, [MOSS])).toContain(".B 9\nanother process is changing the root\n");
});
