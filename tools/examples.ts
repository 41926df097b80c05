// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * `./dev examples [NAME...] [--toolchain gnu|llvm] [--folder DIR]`: builds the example recipes in roots of Debian's packages,
 * installs each result into an empty root and works there. What is fetched stays in the folder for the next time.
 */
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { RunResult } from "#sys/process";
import { run } from "#sys/process";
import { BASE_DEBS, EXAMPLES, type Example, Ground, TOOLCHAIN_DEBS, type Toolchain } from "#tests/support/examples";

const { values, positionals } = parseArgs({
  options: { toolchain: { type: "string" }, folder: { type: "string", default: ".cache/examples" } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !EXAMPLES.some((example) => example.name === name));
if (unknown.length > 0) {
  console.error(
    `examples: no example is called ${unknown.join(", ")}; there are ${EXAMPLES.map((e) => e.name).join(", ")}`,
  );
  process.exit(2);
}
const chosen = EXAMPLES.filter((example) => positionals.length === 0 || positionals.includes(example.name));
const wanted = (example: Example): Toolchain[] =>
  example.toolchains.filter((toolchain) => values.toolchain === undefined || values.toolchain === toolchain);
const ground = new Ground(resolve(values.folder));

/** Runs a step and says how long it took; ends everything where it fails. */
async function step(name: string, action: () => Promise<RunResult>): Promise<RunResult> {
  process.stdout.write(`${name} ... `);
  const started = performance.now();
  const result = await action();
  console.log(`${result.code === 0 ? "done" : "FAILED"}, ${((performance.now() - started) / 1000).toFixed(1)} s`);
  if (result.code !== 0) {
    console.error(result.stderr, result.stdout);
    process.exit(1);
  }
  return result;
}

const toolchains = new Set(chosen.flatMap(wanted));
const debs = [
  ...BASE_DEBS,
  ...[...toolchains].flatMap((toolchain) => TOOLCHAIN_DEBS[toolchain]),
  // What works in the roots is compiled by gcc.
  ...TOOLCHAIN_DEBS.gnu,
  ...chosen.flatMap((example) => example.debs),
];
await step("Debian's packages", () => ground.importDebs([...new Set(debs)]));
await ground.fetchSources(chosen.map((example) => example.source));

const rows: string[] = [];
for (const example of chosen) {
  for (const toolchain of wanted(example)) {
    const title = `${example.name} (${example.system}, ${toolchain})`;
    const started = performance.now();
    await step(`${title}: build`, () => ground.build(example.name, ["--toolchain", toolchain]));
    const built = (performance.now() - started) / 1000;
    const root = join(ground.folder, "roots", `${example.name}-${toolchain}`);
    rmSync(root, { recursive: true, force: true });
    await step(`${title}: install`, () => ground.install(root, example.install));
    const { stdout } = await step(`${title}: work`, () => ground.work(root, example.work));
    if (stdout !== example.says) {
      console.error(`It said ${JSON.stringify(stdout)}, expected ${JSON.stringify(example.says)}`);
      process.exit(1);
    }
    let relr = "no ELF file";
    if (example.elf !== undefined) {
      const { stdout: dynamic } = await run(["readelf", "-d", join(root, example.elf)]);
      relr = dynamic.includes("(RELR)") ? "packed" : "NOT packed";
    }
    rows.push(`${title.padEnd(32)} ${built.toFixed(1).padStart(6)} s   relocations ${relr}`);
    if (relr === "NOT packed") process.exitCode = 1;
    rmSync(root, { recursive: true, force: true });
  }
}
console.log(`\n${rows.join("\n")}`);
