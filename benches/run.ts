// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * `./dev bench [NAME] [ARGUMENTS]`: runs benches/NAME.ts, or lists the benches with what each is for. Files with a name
 * that begins with `_` are parts of benches.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** First sentence of a file's doc comment. */
function purpose(path: string): string {
  const comment = /\/\*\*(.*?)\*\//s.exec(readFileSync(path, "utf8"))?.[1] ?? "";
  const words = comment
    .replaceAll(/^\s*\* ?/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return /^.*?\.(?= |$)/.exec(words)?.[0] ?? words;
}

const names = [...new Bun.Glob("*.ts").scanSync(import.meta.dir)]
  .map((file) => file.slice(0, -3))
  .filter((name) => name !== "run" && !name.startsWith("_"))
  .sort();
const [name, ...rest] = process.argv.slice(2);

if (name === undefined) {
  const width = Math.max(...names.map((word) => word.length));
  for (const word of names) console.log(`${word.padEnd(width)}  ${purpose(join(import.meta.dir, `${word}.ts`))}`);
} else if (names.includes(name)) {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, `${name}.ts`), ...rest], {
    stdio: ["inherit", "inherit", "inherit"],
  });
  process.exitCode = await child.exited;
} else {
  console.error(`bench: no bench is called "${name}", expected one of ${names.join(", ")}`);
  process.exitCode = 2;
}
