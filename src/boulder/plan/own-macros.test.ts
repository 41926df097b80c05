// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Macros with arguments and cases: from a recipe and from macro files into the scripts of a plan. */
import { expect, test } from "bun:test";
import { chooseCases } from "../macros/choose";
import { parseMacroFile } from "../macros/file";
import { dataFolders, familyOf, loadMacros } from "../macros/load";
import { parseRecipe } from "../recipe/parse";
import { makePlan, type Plan, PlanFailure } from "./plan";

const library = loadMacros(dataFolders());
const MACROS = `macros:
  actions:
    - send:
        description: Puts a file below the prefix
        arguments:
          - from
          - to: "%(prefix)/share/%(from)"
          - mode: "644"
        command: |
          install -Dm%(mode) "%(from)" %(to)
        dependencies: [binary(install)]
    - quote: {arguments: [text], command: "<%(text)>"}
    - loop: {arguments: [text], command: "%quote(%loop(%(text)))"}
    - ring: {arguments: [{a: "%(b)"}, {b: "%(a)"}], command: "%(a)"}
    - twice: {arguments: [text], command: "%quote(%(text), ) %(text)"}
    - around: {arguments: [text], command: "%quote([%(text)])"}
    - tool:
        command: plain
        cases:
          - when: {target: emul32/*}
            command: small
          - when: {toolchain: [gnu], stage: [one, two]}
            command: record
            dependencies: [binary(recorder)]
  definitions:
    - hook: bare
    - with: {arguments: [what, state: enabled], value: "-D%(what)=%(state)"}
    - pair: {arguments: [a: 1, b: "%(a)"], value: "%(with, %(a), %(b))"}
    - around2: {arguments: [text], value: "%quote(%(text))"}
    - self: {arguments: [a], value: "%(self, %(a))"}
    - side:
        arguments: [side]
        value: any %(side)
        cases: [{when: {toolchain: llvm}, value: llvm %(side)}]
    - opts:
        value: --none
        cases:
          - when: {stage: one}
            value: --record
          - when: {stage: use, target: x86_64}
            value:
`;

function parse(script: string, more = "", macros = MACROS) {
  const indented = script.replaceAll(/^/gm, "  ");
  const text = `name: a\nversion: "1"\nrelease: 1\nhomepage: https://example.org\nlicense: MIT\n${more}${macros}build: |\n${indented}\n`;
  const { recipe, problems } = parseRecipe("stone.yaml", text);
  if (recipe === undefined) throw new Error(problems.map((p) => `${p.place.line}: ${p.message}`).join("\n"));
  return recipe;
}

function plan(script: string, more = ""): Plan {
  return makePlan(parse(script, more), {
    library,
    family: familyOf(library, "serpent"),
    host: "x86_64",
    jobs: 1,
    sourceDateEpoch: 0,
  });
}

function bodies(made: Plan): string[] {
  return made.stages.map((stage) =>
    (stage.phases.find(({ phase }) => phase === "build")?.lines ?? [])
      .slice(stage.prelude.length)
      .map(({ text }) => text)
      .join("\n")
      .trim(),
  );
}

function problemsOf(script: string) {
  try {
    plan(script);
  } catch (error) {
    if (error instanceof PlanFailure) return error.problems;
    throw error;
  }
  return [];
}

test("arguments are given by place or name, else what the macro says; text around a call stays", () => {
  const rows: [call: string, text: string][] = [
    ["%send(a)", 'install -Dm644 "a" /usr/share/a'],
    ["%send(a, /b)", 'install -Dm644 "a" /b'],
    ["%send(a, mode=755) && x", 'install -Dm755 "a" /usr/share/a && x'],
    ["%send(mode=755, to=/b, a)", 'install -Dm755 "a" /b'],
    ["%send(from=%(name), %(prefix)/%(version))", 'install -Dm644 "a" /usr/1'],
    ["x=$(%quote(a)); (y)", "x=$(<a>); (y)"],
    ['%quote("a, b)") c', '<"a, b)"> c'],
    ["%quote('\\') %quote(\\,\\))", "<'\\'> <\\,\\)>"],
    ["%quote($(f a, b))", "<$(f a, b)>"],
    ["%quote(%%x=y) %%d", "<%x=y> %d"],
    ["%quote( A=b )", "<A=b>"],
    ["%around(a)", "<[a]>"],
    ["%send(%send(x))", 'install -Dm644 "install -Dm644 "x" /usr/share/x" /usr/share/install -Dm644 "x" /usr/share/x'],
    ["%quote(%quote(%around(%quote(a))))", "<<<[<a>]>>>"],
    // What takes no arguments leaves a bracket to the shell, as recipes have always had it.
    ["%tool(a)", "plain(a)"],
    ["%(hook)(a)", "bare(a)"],
    ["meson %(with, docs) .", "meson -Ddocs=enabled ."],
    ["%(with , state=disabled, docs)%(with, 'a, b', )", "-Ddocs=disabled-D'a, b'="],
    ["%(with, $(f (x, y)), %%s)", "-D$(f (x, y))=%s"],
    ["%(pair)|%(pair, b=%(name))|%(pair, x)", "-D1=1|-D1=a|-Dx=x"],
    ["%quote(%(with, %quote(a)))", "<-D<a>=enabled>"],
    ["%(around2, %(with, b))", "<-Db=enabled>"],
    ["%(side, left)", "llvm left"],
    // Behind a name that takes none, the text stays.
    ["%(hook, a) %(nothing, a) %(with", "%(hook, a) %(nothing, a) %(with"],
    ["printf '%(%%F, x)'", "printf '%(%F, x)'"],
  ];
  for (const [call, text] of rows) expect([call, bodies(plan(call))[0]]).toEqual([call, text]);
  expect(plan("%send(a)").root.map(({ dependency }) => dependency)).toContain("binary(install)");
});

test("a mistake in a call has the recipe's line, the macros on the way and what to write", () => {
  const rows: [script: string, message: string][] = [
    ["%send", '%send is not given "from"'],
    ["%send()", '%send is not given "from"'],
    ["%send(a, b, c, d)", 'so "d" is one too many'],
    ["%send(from=a, from=b)", '%send is given "from" twice'],
    ["%send(a", "The call of %send is not closed on its line"],
    ["%send(%(nothing))", "Unknown definition %(nothing) (from %(from) given to %send)"],
    ["%twice(a)", '%quote takes text, so "" is one too many (from %twice)'],
    ["%(text)", "Unknown definition %(text)"],
    ["%(with)", '%(with) is not given "what"'],
    ["%(with, a, b, c)", 'so "c" is one too many'],
    ["%(with, what=a, what=b)", '%(with) is given "what" twice'],
    ["%(with, a", "The call of %(with) is not closed on its line"],
    ["%(self, a)", "The macro %(self) needs itself"],
    ["%loop(a)", "The macro %loop needs itself"],
    ["%ring", "The macro %(a) of %ring needs itself"],
    ["%ring(b=%ring)", "The macro %(a) of %ring needs itself"],
    ["%quote(%(text))", "Unknown definition %(text) (from %(text) given to %quote)"],
  ];
  for (const [script, message] of rows) {
    const [problem] = problemsOf(`echo\n  ${script}`);
    expect([script, problem?.message]).toEqual([script, expect.stringContaining(message)]);
    expect(problem?.place).toMatchObject({ line: 49, column: 5 });
    expect(problem?.source).toBe(`    ${script}`);
  }
  const deep = `${"%quote(".repeat(1000)}x${")".repeat(1000)}`;
  expect(problemsOf(deep)[0]?.message).toStartWith("More than 128 macros in each other, the innermost %quote");
  expect(problemsOf("%(with)")[0]?.hint).toBe("Write %(with, what, state=enabled).");
  expect(problemsOf("%send")[0]?.hint).toBe("Write %send(from, to=%(prefix)/share/%(from), mode=644).");
});

test("cases are decided by target, toolchain and stage: the first that holds", () => {
  const script = "%tool %(opts)|";
  expect(bodies(plan(script))).toEqual(["plain --none|"]);
  expect(bodies(plan(script, "emul32: true\n"))).toEqual(["small --none|", "plain --none|"]);
  const workload = "workload: x\n";
  expect(bodies(plan(script, `toolchain: gnu\n${workload}`))).toEqual(["record --record|", "plain |"]);
  expect(bodies(plan(script, `${workload}cspgo: true\n`))).toEqual(["plain --record|", "plain --none|", "plain |"]);
  const wants = (made: Plan) => made.root.some(({ dependency }) => dependency === "binary(recorder)");
  expect(wants(plan(script, workload))).toBe(false);
  expect(wants(plan(script, `toolchain: gnu\n${workload}`))).toBe(true);
});

test("mistakes in arguments and cases are told where the recipe is read", () => {
  const rows: [macros: string, message: string][] = [
    ["arguments: [a-b]", '"a-b" cannot name an argument'],
    ["arguments: [a, a]", 'The argument "a" is there twice'],
    ["arguments: [{a: x}, b]", 'The argument "b" must be given'],
    ["cases: [{when: {stage: three}, command: x}]", '"three" is no stage'],
    ["cases: [{when: {toolchain: gcc}, command: x}]", '"gcc" is no toolchain'],
    ["cases: [{when: {targets: x86_64}, command: x}]", 'Unknown key "targets"'],
    ["cases: [{when: {}, command: x}]", '"when" says nothing'],
    ["cases: [{command: x}]", 'A case has no "when"'],
    ["cases: [{when: {stage: one}}]", 'A case has no "command"'],
    ["cases: [{when: {stage: one}, command: x, dependencies: ['a(']}]", '"a("'],
  ];
  for (const [text, message] of rows) {
    expect(() => parse("x", "", `macros:\n  actions:\n    - m: {command: x, ${text}}\n`)).toThrow(message);
  }
});

test("macro files have them too", () => {
  const file = parseMacroFile(
    "test.yaml",
    `
actions:
  - a:
      description: x
      arguments: [b, c: d]
      command: one
      cases: [{when: {toolchain: gnu}, command: two, dependencies: [z]}]
definitions:
  - e: {value: f, arguments: [h], cases: [{when: {target: aarch64}, value: g}]}
`,
  );
  const macros = {
    actions: new Map(file.actions.map((item) => [item.id, item])),
    definitions: new Map(file.definitions.map((item) => [item.id, item])),
    flags: new Map(),
    tuning: new Map(),
    defaultGroups: [],
    always: [],
  };
  expect(macros.actions.get("a")?.arguments).toEqual([{ id: "b" }, { id: "c", fallback: "d" }]);
  const chosen = chooseCases(macros, { target: "aarch64", toolchain: "gnu", stage: "none" });
  expect(chosen.actions.get("a")).toMatchObject({ command: { text: "two" }, dependencies: ["z"] });
  expect(chosen.definitions.get("e")).toMatchObject({ value: { text: "g" }, arguments: [{ id: "h" }] });
  expect(() =>
    parseMacroFile("test.yaml", "definitions:\n  - e: {value: f, cases: [{when: {stage: x}, value: g}]}\n"),
  ).toThrow('"x" is no stage');
});
