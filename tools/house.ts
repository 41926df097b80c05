// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Checks what CONTRIBUTING.md asks for and no other tool of the gate sees: every source file begins with its licence and with
 * what it is, and the documents that list folders, packages and decisions list all of them.
 */
import { readdirSync, readFileSync } from "node:fs";
import { run } from "#sys/process";

/** Licence, holder, an empty line, and the file's own comment: above the imports, where every reader looks first. (`[r]`: else
 * `reuse` would take these lines for a licence.) */
const HEADER = /^(#!.*\n)?\/\/ SPDX-License-Identifie[r]: .+\n\/\/ SPDX-FileCopyrightTex[t]: .+\n\n\/\*\*/;

/** The files of a list that do not begin as they should. */
export function headerProblems(files: Iterable<readonly [path: string, text: string]>): string[] {
  return [...files]
    .filter(([, text]) => !HEADER.test(text))
    .map(([path]) => `${path}: does not begin with its licence and a comment /** what it is */`);
}

/** The names of a list that a document does not have. */
function missing(document: string, names: readonly string[], written: (name: string) => string): string[] {
  const text = readFileSync(document, "utf8");
  return names.filter((name) => !text.includes(written(name))).map((name) => `${document}: says nothing of ${name}`);
}

function folders(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function packages(): string[] {
  const { dependencies, devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as Record<
    "dependencies" | "devDependencies",
    Record<string, string>
  >;
  return Object.keys({ ...dependencies, ...devDependencies });
}

if (import.meta.main) {
  const listed = await run(["git", "ls-files", "-z", "--", "*.ts"]);
  const sources = listed.stdout.split("\0").filter((path) => path !== "");
  const decisions = readdirSync("docs/decisions").filter((name) => /^\d{4}-/.test(name));
  const problems = [
    ...headerProblems(sources.map((path) => [path, readFileSync(path, "utf8")] as const)),
    ...missing("docs/map.md", folders("src"), (name) => `\`src/${name}/\``),
    ...missing("docs/dependencies.md", packages(), (name) => name),
    ...missing("docs/decisions/README.md", decisions, (name) => `(${name})`),
  ];
  for (const problem of problems) console.log(problem);
  process.exit(problems.length === 0 ? 0 : 1);
}
