// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The compiler refuses to write in a view: the forbidden programs are compiled here, and the errors expected. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "#sys/process";

const root = join(import.meta.dir, "../..");
// Within the repository, so that the imports are found; outside of what tsconfig.json includes.
const folder = mkdtempSync(join(root, "node_modules/.moss-db-types-"));
afterAll(() => rmSync(folder, { recursive: true }));

const HEAD = `
import { bucket, type Database, text, u32 } from "${root}/src/moss-db/index.ts";
declare const db: Database;
const letters = bucket("letters", { key: text, value: u32 });
`;

async function errorsOf(name: string, body: string): Promise<string> {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, `${HEAD}${body}\n`);
  writeFileSync(
    join(folder, `${name}.json`),
    JSON.stringify({ extends: join(root, "tsconfig.json"), include: [file], compilerOptions: { rootDir: root } }),
  );
  const result = await run(
    [join(root, "node_modules/.bin/bun"), join(root, "node_modules/tsgo/bin/tsc"), "-p", join(folder, `${name}.json`)],
    { cwd: root },
  );
  return result.stdout + result.stderr;
}

test("a program that keeps to the rules compiles", async () => {
  expect(
    await errorsOf(
      "allowed",
      `export const sum: number = db.view((tx) => [...tx.bucket(letters).values()].reduce((a, b) => a + b, 0));
       db.update((tx) => { tx.bucket(letters).set("a", 1); tx.drop(letters); });`,
    ),
  ).toBe("");
}, 60_000);

test("writing in a view, or with a wrong type, does not compile", async () => {
  const forbidden: readonly (readonly [string, RegExp])[] = [
    [`db.view((tx) => tx.bucket(letters).set("a", 1));`, /Property 'set' does not exist on type 'ReadBucket/],
    [`db.view((tx) => tx.bucket(letters).delete("a"));`, /Property 'delete' does not exist on type 'ReadBucket/],
    [`db.view((tx) => tx.bucket(letters).clear());`, /Property 'clear' does not exist on type 'ReadBucket/],
    [`db.view((tx) => tx.drop(letters));`, /Property 'drop' does not exist on type 'ReadParent'/],
    [
      `db.update((tx) => tx.bucket(letters).set("a", "one"));`,
      /'string' is not assignable to parameter of type 'number'/,
    ],
    [`db.update((tx) => tx.bucket(letters).set(1, 1));`, /'number' is not assignable to parameter of type 'string'/],
    [
      `db.update(async (tx) => tx.bucket(letters).set("a", 1));`,
      /Type 'Promise<void>' is not assignable to type 'never'/,
    ],
    [`db.view((tx) => tx.bucket(letters).keys({ prefix: 3 }));`, /'number' is not assignable to type 'string'/],
  ];
  const output = await errorsOf("forbidden", forbidden.map(([line]) => line).join("\n"));
  for (const [i, [line, error]] of forbidden.entries()) {
    const number = HEAD.split("\n").length + i;
    const found = output.split("\n").filter((text) => text.includes(`forbidden.ts(${number},`));
    expect(`${line} -> ${found.join(" ")}`).toMatch(error);
  }
}, 60_000);
