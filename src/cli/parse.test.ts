// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From words to verbs: every way to write an option, short words, mistakes, and any words at all. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { array, assert, constantFrom, oneof, property, string } from "fast-check";
import { Failure } from "#base/errors";
import { BOULDER } from "#cli/boulder/table";
import { candidates } from "#cli/candidates";
import { completionScript } from "#cli/completion";
import { helpText } from "#cli/help";
import { manualPage } from "#cli/manual";
import { MOSS } from "#cli/moss/program";
import { MOSS_CONTAINER } from "#cli/moss-container/table";
import { MOSS_DEB } from "#cli/moss-deb/table";
import { PROGRAMS, SHELLS } from "#cli/names";
import { optionsFor, parseWords, verbTitle } from "#cli/parse";
import type { ProgramSpec } from "#cli/spec";
import { makeStyle } from "#cli/style";
import { allVerbs } from "#cli/verbs";

function parsed(...words: string[]) {
  const { path, operands, options } = parseWords(MOSS, words);
  return { verb: verbTitle(path), operands, options };
}

function refused(...words: string[]): Failure {
  try {
    parseWords(MOSS, words);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error(`${words.join(" ")} was not refused`);
}

test("options stand before, behind and between verbs, in every way that they are written", () => {
  for (const words of [
    ["-D", "root", "-y", "install", "nano"],
    ["install", "-Droot", "-y", "nano"],
    ["install", "nano", "--directory=root", "--yes"],
    ["install", "nano", "--directory", "root", "-y"],
    ["install", "-yDroot", "nano"],
  ]) {
    const { verb, operands, options } = parsed(...words);
    expect([verb, operands, options.text("directory"), options.flag("yes-all")]).toEqual([
      "moss install",
      ["nano"],
      "root",
      true,
    ]);
  }
});

test("an option that may stand alone takes a value only behind an equals sign", () => {
  expect(parsed("install", "--wait", "nano").options.text("wait")).toBe("forever");
  expect(parsed("install", "--wait=5", "nano").options.text("wait")).toBe("5");
  expect(parsed("search", "-p", "x").options.text("provides")).toBe("binary");
  expect(parsed("search", "-p=soname", "x").options.text("provides")).toBe("soname");
  expect(parsed("search", "-psoname", "x").options.text("provides")).toBe("soname");
});

test("an option of which the table says so takes the next word too, where that is no option", () => {
  const exported = (...words: string[]) => {
    const { operands, options } = parsed("state", "export", ...words);
    return [operands, options.text("output")];
  };
  expect(exported("3", "-o", "x.kdl")).toEqual([["3"], "x.kdl"]);
  expect(exported("-o", "x.kdl", "3")).toEqual([["3"], "x.kdl"]);
  for (const form of [["--output", "x.kdl"], ["--output=x.kdl"], ["-o=x.kdl"], ["-ox.kdl"]]) {
    expect(exported(...form)).toEqual([[], "x.kdl"]);
  }
  for (const form of [
    ["3", "-o"],
    ["3", "-o", "--json"],
  ])
    expect(exported(...form)).toEqual([["3"], ""]);
});

test("short words stand for verbs where a verb can stand, and for themselves anywhere else", () => {
  expect(parsed("li", "-e").verb).toBe("moss list installed");
  expect(parsed("-D", "li", "ar", "name", "place").verb).toBe("moss collection add");
  expect(parsed("install", "li", "up", "rm")).toMatchObject({ verb: "moss install", operands: ["li", "up", "rm"] });
  expect(parsed("remove", "--", "-y")).toMatchObject({ operands: ["-y"] });
  for (const word of ["remote", "repo", "collection"]) expect(parsed(word, "list").verb).toBe("moss collection list");
  expect(parsed("sync").verb).toBe("moss upgrade");
});

test("a negative number is an operand, for the verb to refuse", () => {
  expect(parsed("collection", "set-priority", "local", "-5").operands).toEqual(["local", "-5"]);
  expect(refused("list", "-5x").message).toContain("-5");
});

test("mistakes are answered with what is near", () => {
  expect(refused("instal").hint).toBe('Did you mean "moss install"?');
  expect(refused("install", "--dryrun", "x").hint).toBe('Did you mean "--dry-run"?');
  expect(refused("state", "actvate", "1").hint).toBe('Did you mean "moss state activate"?');
  expect(refused("install", "-D").message).toContain("nothing follows");
  expect(refused("install", "--dry-run=yes").message).toContain("takes no value");
  expect(refused("state", "diff", "1", "2", "3").message).toContain("one word too many");
  expect(refused("owns").message).toContain("<path> is missing");
  expect(() => parsed("state", "prune", "-k", "0").options.number("keep", 1)).toThrow(
    "expected a whole number from 1 up",
  );
});

const words = array(
  oneof(
    constantFrom(...allVerbs(MOSS).flatMap((path) => path.map(({ name }) => name)), "li", "ar", "--", "-", "--json"),
    constantFrom(...MOSS.globals.map(({ name }) => `--${name}`), "-D", "-y", "-k", "-p", "--wait=", "-="),
    string({ unit: "binary", maxLength: 12 }),
  ),
  { maxLength: 8 },
);

test("any words are a command line or a usage error, and can be completed", () => {
  assert(
    property(words, (typed) => {
      try {
        const { path, options } = parseWords(MOSS, typed);
        for (const { name } of optionsFor(MOSS, path)) options.text(name);
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== "usage") throw error;
      }
      candidates(MOSS, typed);
    }),
    { numRuns: 3000 },
  );
});

test("every verb of every program can be loaded, and is explained", async () => {
  const style = makeStyle(false);
  const programs: readonly ProgramSpec[] = [BOULDER, MOSS, MOSS_CONTAINER, MOSS_DEB];
  expect(programs.map(({ name }) => name)).toEqual([...PROGRAMS]);
  for (const program of programs) {
    for (const path of allVerbs(program)) {
      const verb = path.at(-1);
      if (verb === undefined) continue;
      expect(verb.summary.length).toBeGreaterThan(5);
      const help = helpText(program, path, style, 80);
      expect(help).toContain(`Usage: ${verbTitle(path)} `);
      expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
      expect(manualPage(program, path)).toContain(".SH OPTIONS");
      expect(verb.load !== undefined || verb.verbs !== undefined).toBe(true);
      if (verb.load !== undefined) expect(typeof (await verb.load()).run).toBe("function");
      const names = optionsFor(program, path).flatMap(({ name, aliases = [] }) => [name, ...aliases]);
      const letters = optionsFor(program, path).flatMap(({ short }) => short ?? []);
      expect([new Set(names).size, new Set(letters).size]).toEqual([names.length, letters.length]);
      const examples = verb.examples?.map(({ command }) => command) ?? [];
      if (verb.load !== undefined) expect([verbTitle(path), examples.length > 0]).toEqual([verbTitle(path), true]);
      for (const command of examples.filter((text) => text.startsWith(`${program.name} `))) {
        const typed = command.split(" ").slice(1);
        expect([command, parseWords(program, typed).verb.load !== undefined]).toEqual([command, true]);
      }
    }
    for (const name of ["json", "yes-all", "verbose", "no-color", "log", "version", "help"]) {
      expect([program.name, program.globals.some((option) => option.name === name)]).toEqual([program.name, true]);
    }
    for (const shell of SHELLS) expect(completionScript(program.name, shell)).toContain(`${program.name} __complete`);
  }
});

test("what a verb needs is asked for by name, unless only help is wanted", () => {
  const parse = (...given: string[]) => parseWords(BOULDER, given);
  expect(() => parse("split", "nano")).toThrow("--paths is missing");
  expect(() => parse("profile", "add", "mine")).toThrow("--repo is missing");
  expect(parse("split", "--help").options.flag("help")).toBe(true);
  expect(parse("split", "--version").options.flag("version")).toBe(true);
  expect(parse("split", "nano", "--paths=-").operands).toEqual(["nano"]);
  expect(() => parse("bi", "-j", "0").options.number("jobs", 1, 64)).toThrow("a whole number from 1 to 64");
});

test("words of a command that is passed on are its own", () => {
  const parse = (...given: string[]) => parseWords(MOSS_CONTAINER, given);
  expect(parse("-D", "root", "ls", "-l", "--json").operands).toEqual(["ls", "-l", "--json"]);
  expect(verbTitle(parse("completion", "bash").path)).toBe("moss-container completion");
  expect(parse("--", "completion", "bash")).toMatchObject({ operands: ["completion", "bash"], path: [MOSS_CONTAINER] });
});

test("what is typed so far tells what can come, and the options given", () => {
  const found = (program: ProgramSpec, ...given: string[]) => {
    const { words: list, kind, given: values } = candidates(program, given);
    return { words: list.map(({ word }) => word), kind, values: Object.fromEntries(values) };
  };
  expect(found(BOULDER, "b").words).toEqual(["build"]);
  expect(found(BOULDER, "bi", "--from", "in").words).toEqual(["install"]);
  expect(found(BOULDER, "--cache-dir=/c", "bi", "--config-dir", "/d", "-p", "")).toEqual({
    words: [],
    kind: "profile",
    values: { "cache-dir": "/c", "config-dir": "/d" },
  });
  expect(found(MOSS, "-Droot", "remove", "na")).toEqual({
    words: [],
    kind: "installed",
    values: { directory: "root" },
  });
  expect(found(MOSS_CONTAINER, "--root", "x", "l")).toEqual({ words: [], kind: "program", values: { directory: "x" } });
  expect(found(MOSS_CONTAINER, "-D", "x", "ls", "-l", "").kind).toBe("file");
  expect(found(MOSS_DEB, "import", "--profile", "").words).toEqual(["fast", "default", "max"]);
});

test("every command of moss in README, guide and examples is one that moss understands", () => {
  const texts = ["README.md", "docs/guide.md"].map((file) =>
    readFileSync(join(import.meta.dir, "../..", file), "utf8"),
  );
  const examples = allVerbs(MOSS).flatMap((path) =>
    (path.at(-1)?.examples ?? []).map(({ command }) => `    ${command}`),
  );
  const commands = [...texts.join("\n").split("\n"), ...examples].flatMap((line) => {
    const [, command] = /^ {4}(?:\.\/dev )?moss (.*?)(?: +#.*)?$/.exec(line) ?? [];
    return command === undefined ? [] : [command];
  });
  expect(commands.length).toBeGreaterThan(40);
  for (const command of commands) {
    const typed = command.split(/\s+/).map((word) => word.replace(/^'(.*)'$/, "$1"));
    const { verb, path } = parseWords(MOSS, typed);
    expect([command, verb.load !== undefined, path.length > 1]).toEqual([command, true, true]);
  }
});
