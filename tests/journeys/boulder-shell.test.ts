// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Breakpoints of recipes: with a terminal, which `script` makes, and without one. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "#sys/process";
import { HAVE_TINY, TinyBoulder } from "#tests/support/tiny-boulder";

let tiny: TinyBoulder;
beforeAll(async () => {
  if (HAVE_TINY) tiny = await new TinyBoulder().begin();
});
afterAll(() => tiny?.[Symbol.dispose]());

const canTalk = HAVE_TINY && Bun.which("script") !== null;

const scripted = (stop: string): string => `build: |
    greet() { echo "greet $1 in $PWD"; }
    hidden="not exported"
    list=(one "two words")
    mkdir -p sub
    cd sub
    ${stop}
    greet "$hidden"
    echo "after: \${list[*]} \${added:-nothing} \${PWD##*/}"
packages:
    - "%(name)":
        empty: true
`;

/** A build on a terminal of its own, at which these lines are typed. What is on the screen comes back. */
async function typed(
  lines: readonly string[],
  args: readonly string[] = [],
): Promise<{ code: number; screen: string }> {
  const words = tiny.buildCommand(args).map((word) => `'${word}'`);
  const result = await run(["script", "-qefc", words.join(" "), "/dev/null"], {
    input: `${lines.join("\n")}\n`,
    env: { ...process.env, TERM: "xterm" },
  });
  return { code: result.code, screen: result.stdout.replaceAll("\r", "") };
}

const log = (): string => readFileSync(join(tiny.cache, "builds/sample-1-1/logs/x86_64-build.log"), "utf8");

test.skipIf(!canTalk)(
  "a shell opens with the state of the script, and what it changes goes on",
  async () => {
    tiny.recipe(scripted("%break_continue"));
    for (const args of [[], ["--quiet", "--timeout", "1"]]) {
      const { code, screen } = await typed(
        [
          'greet "$hidden"',
          'echo "list has ${#list[@]}: ${list[1]}"',
          'tty >/dev/null || echo "terminal: $([ -t 0 ] && echo yes) $TERM"',
          "sleep 1.2",
          "hidden=changed; added=here; list+=(three)",
          'greet() { echo "new greet $1"; }',
          "cd ..; false",
          "exit 7",
        ],
        args,
      );
      expect([code, screen]).toEqual([0, expect.stringContaining("Breakpoint at line 15 of the recipe")]);
      expect(screen).toContain("A shell opens at line 15 of the recipe");
      expect(screen).toContain("\ngreet not exported in /mason/build/x86_64/sub\n");
      expect(screen).toContain("\nlist has 2: two words\n");
      expect(screen).toContain("\nterminal: yes xterm\n");
      expect(screen).not.toContain("job control");
      expect(log()).toContain("\nnew greet changed\n");
      expect(log()).toContain("\nafter: one two words three here x86_64\n");
    }
  },
  60_000,
);

test.skipIf(!canTalk)("the other kind of breakpoint ends the build, and says so", async () => {
  const path = tiny.recipe(scripted("%break_exit"));
  const { code, screen } = await typed(["echo looked around", "exit"]);
  expect([code, screen]).toEqual([1, expect.stringContaining("leave the shell to end the build")]);
  expect(screen).toContain("\nlooked around\n");
  expect(screen).toContain(`build for x86_64 ended at ${path}:15: a breakpoint is there`);
  expect(log()).not.toContain("after:");
});

test.skipIf(!HAVE_TINY)(
  "without a terminal no shell opens: one kind goes on with a warning, the other ends",
  async () => {
    tiny.recipe(scripted("%break_continue"));
    const went = await tiny.build();
    expect([went.code, went.stderr]).toEqual([
      0,
      expect.stringContaining("No shell opens at the breakpoint at line 15"),
    ]);
    expect(log()).toContain("\nafter: one two words nothing sub\n");
    tiny.recipe(scripted("%break_exit"));
    const error = await tiny.failure();
    expect([error.code, error.message]).toEqual([
      "build.failed",
      expect.stringContaining(":15: a breakpoint is there"),
    ]);
  },
);
