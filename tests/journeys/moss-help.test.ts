// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Journeys with the moss program: help, manual pages, completions. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MOSS } from "#cli/moss/program";
import { verbTitle } from "#cli/parse";
import { allVerbs } from "#cli/verbs";
import { run } from "#sys/process";
import { BUN, moss, must, PROGRAM, prepare, Workshop } from "./moss.ts";

setDefaultTimeout(60_000);
const shop = new Workshop();
afterAll(() => shop[Symbol.dispose]());

test("every verb has help with what it takes, a manual page, and completions", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moss-manuals-"));
  try {
    await must(["--generate-manpages", folder]);
    const titles = allVerbs(MOSS).map(verbTitle);
    expect(readdirSync(folder).sort()).toEqual(titles.map((title) => `${title.replaceAll(" ", "-")}.1`).sort());
    expect(readFileSync(join(folder, "moss-install.1"), "utf8")).toContain(".SH EXIT STATUS");
    const lint = await run(["man", "--warnings", "-l", "-Tutf8", join(folder, "moss-install.1")]).catch(
      () => undefined,
    );
    if (lint !== undefined && lint.code === 0) expect(lint.stderr).toBe("");
  } finally {
    rmSync(folder, { recursive: true });
  }
  const help = await must(["state", "diff", "--help"]);
  expect(help.stdout).toContain("Usage: moss state diff [options] [before] [after]");
  expect(help.stdout).toContain("moss state diff 3 5 --files");
  for (const words of [
    [],
    ["state"],
    ["list", "nonsense"],
    ["install", "--nonsense"],
    ["state", "diff", "1", "2", "3"],
  ]) {
    const wrong = await moss(words);
    expect([wrong.code, wrong.stdout]).toEqual([2, ""]);
  }
});

test("shells complete verbs, options, packages, collections and states", async () => {
  const { root } = await prepare(shop, ["nano"]);
  const complete = async (...words: string[]) =>
    (await must(["__complete", "--", "-D", root, ...words])).lines.map((line) => line.split("\t")[0] ?? "");
  expect(await complete("inst")).toEqual(["install"]);
  expect(await complete("install", "--dr")).toEqual(["--dry-run"]);
  expect(await complete("install", "lib")).toEqual(["libc6", "libncurses6"]);
  expect(await complete("remove", "")).toEqual(["libc6", "libncurses6", "nano"]);
  expect(await complete("repo", "disable", "")).toEqual(["protosnek"]);
  expect(await complete("state", "activate", "")).toEqual(["1"]);
  expect(await complete("--cache", "")).toEqual([":directory"]);
});

/** What stands on the line when each shell is asked, with our program in its PATH. */
const SHELL_SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  bash: [
    "bash",
    "-c",
    `source <(moss completion bash); COMP_WORDS=(moss "$@"); COMP_CWORD=$#; _moss 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  // Its line editor stays away; what it would be given is printed.
  zsh: [
    "zsh",
    "-fc",
    `compdef() { }; _describe() { print -rl -- "\${(@P)2}" }; compset() { typed=\${words[CURRENT]#*=}; option="\${words[CURRENT]%%=*}=" }
_files() { for path_ in $typed*(N/); print -r -- $option$path_ }; source <(moss completion zsh); words=(moss "$@"); CURRENT=$#words; typed=$words[CURRENT]; _moss`,
  ],
  fish: ["fish", "-c", `moss completion fish | source; complete -C "moss $argv"`],
};

async function completesIn(shell: string): Promise<void> {
  const { root } = await prepare(shop, ["nano"]);
  const bin = join(shop.folder, `bin of ${shell}`);
  mkdirSync(bin);
  writeFileSync(join(bin, "moss"), `#!/bin/sh\nexec "${BUN}" "${PROGRAM}" "$@"\n`, { mode: 0o755 });
  const complete = async (...words: string[]) => {
    const line = [...(SHELL_SCRIPTS[shell] ?? []), shell === "fish" ? "--" : "shell", ...words];
    const env = { PATH: `${bin}:${process.env["PATH"] ?? ""}`, HOME: bin };
    const { stdout, stderr } = await run(line, { env });
    expect(stderr).toBe("");
    return stdout
      .split("\n")
      .map((item) => (item.split(/\t|(?<!\\):/)[0] ?? "").replace(/\/$/, ""))
      .filter((item) => item !== "");
  };
  expect(await complete("inst")).toEqual(["install"]);
  expect(await complete("-D", root, "remove", "na")).toEqual(["nano"]);
  expect(await complete(`--directory=${root}`, "repo", "disable", "")).toEqual(["protosnek"]);
  expect(await complete("-D", root.slice(0, -1))).toContain(root);
  const behind = shell === "bash" ? ["--cache", "=", root.slice(0, -1)] : [`--cache=${root.slice(0, -1)}`];
  expect(await complete(...behind)).toContain(shell === "bash" ? root : `--cache=${root}`);
}

for (const shell of Object.keys(SHELL_SCRIPTS)) {
  const title = `${shell} completes verbs, names and folders, behind "=" too`;
  test.skipIf(Bun.which(shell) === null)(title, async () => {
    await completesIn(shell);
  });
}
