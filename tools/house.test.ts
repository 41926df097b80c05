// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What the gate's own checks find, and what they let pass. */
import { expect, test } from "bun:test";
import { headerProblems } from "./house.ts";
import { lockfileProblems } from "./lockfile.ts";

const LICENCE = ["// SPDX-License-", "Identifier: Apache-2.0\n// SPDX-", "FileCopyrightText: 2026 Somebody\n"].join("");

test("a source file begins with its licence, an empty line and what it is, in that order", () => {
  const good = `${LICENCE}\n/** Does something. */\nimport "x";\n`;
  const bad = {
    "below-an-import.ts": `${LICENCE}\nimport "x";\n/** Does something. */\n`,
    "no-line-between.ts": `${LICENCE}/** Does something. */\n`,
    "no-licence.ts": "/** Does something. */\n",
    "says-nothing.ts": `${LICENCE}\nimport "x";\n`,
  };
  expect(
    headerProblems([["good.ts", good], ["program.ts", `#!/usr/bin/env bun\n${good}`], ...Object.entries(bad)]),
  ).toEqual(Object.keys(bad).map((path) => `${path}: does not begin with its licence and a comment /** what it is */`));
});

test("a lockfile names no addresses, has every digest, and every package that another needs", () => {
  const integrity = "sha512-x";
  const lock = (packages: object) => lockfileProblems(JSON.stringify({ packages }));
  const whole = { "": { dependencies: { a: "1" } }, "node_modules/a": { integrity } };
  expect(lock(whole)).toEqual([]);
  expect(lock({ ...whole, "node_modules/a": { integrity, resolved: "https://example.org/a.tgz" } })).toHaveLength(1);
  expect(lock({ ...whole, "node_modules/a": {} })).toEqual(["node_modules/a: has no digest (sha512)"]);
  expect(lock({ ...whole, "node_modules/a": { integrity, optionalDependencies: { b: "1" } } })).toEqual([
    "node_modules/a: needs b, which is not in the file",
  ]);
});
