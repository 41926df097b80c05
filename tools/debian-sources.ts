// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Fetches the pristine upstream archives inside Debian's source packages, through the machine's own apt sources in a private
 * apt state, and puts them by SHA-256 into a folder that `boulder --mirror` reads. apt checks signatures and digests.
 *
 * Usage: bun tools/debian-sources.ts -o DIR [--cache DIR] SOURCE...
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { describeError } from "#base/errors";
import { hashFile } from "#boulder/upstreams/archives";
import { run } from "#sys/process";

const { values, positionals } = parseArgs({
  options: { output: { type: "string", short: "o" }, cache: { type: "string", default: ".cache/debian-sources" } },
  allowPositionals: true,
});
if (values.output === undefined || positionals.length === 0) {
  console.error("usage: debian-sources -o DIR [--cache DIR] SOURCE...");
  process.exit(2);
}
const output = resolve(values.output);
const cache = resolve(values.cache);

/** The machine's sources, with the source packages of the same archives instead of the binary ones. */
function writeSources(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const parts = "/etc/apt/sources.list.d";
  const deb822 = existsSync(parts) ? readdirSync(parts).filter((name) => name.endsWith(".sources")) : [];
  for (const name of deb822) {
    const text = readFileSync(join(parts, name), "utf8").replaceAll(/^Types:.*$/gim, "Types: deb-src");
    writeFileSync(join(folder, name), text);
  }
  const lists = existsSync(parts) ? readdirSync(parts).filter((name) => name.endsWith(".list")) : [];
  const files = [...lists.map((name) => join(parts, name)), "/etc/apt/sources.list"].filter((file) => existsSync(file));
  const lines = files.flatMap((file) => readFileSync(file, "utf8").split("\n"));
  const sources = lines.filter((line) => /^\s*deb\s/.test(line)).map((line) => line.replace(/^\s*deb\s/, "deb-src "));
  if (sources.length > 0) writeFileSync(join(folder, "sources.list"), `${sources.join("\n")}\n`);
}

async function apt(words: readonly string[], cwd: string): Promise<void> {
  const { code, stderr } = await run(["apt-get", "-c", join(cache, "apt.conf"), ...words], { cwd });
  if (code !== 0) throw new Error(`apt-get ${words.join(" ")}: ${stderr.trim()}`);
}

for (const folder of ["state/lists/partial", "cache/archives/partial", "parts", "work"]) {
  mkdirSync(join(cache, folder), { recursive: true });
}
mkdirSync(output, { recursive: true });
writeSources(join(cache, "parts"));
writeFileSync(join(cache, "status"), "");
writeFileSync(
  join(cache, "apt.conf"),
  [
    "#clear APT::Update::Pre-Invoke;",
    "#clear APT::Update::Post-Invoke;",
    "#clear APT::Update::Post-Invoke-Success;",
    `Dir::State "${cache}/state";`,
    `Dir::State::status "${cache}/status";`,
    `Dir::Cache "${cache}/cache";`,
    `Dir::Etc::sourcelist "${cache}/parts/sources.list";`,
    `Dir::Etc::sourceparts "${cache}/parts";`,
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
    "",
  ].join("\n"),
);
const lists = join(cache, "state/lists");
if (!readdirSync(lists).some((name) => name.endsWith("_Sources"))) await apt(["update", "-qq"], cache);
const work = join(cache, "work");
let failures = 0;
for (const name of positionals) {
  try {
    await apt(["source", "-qq", "--download-only", name], work);
  } catch (error) {
    // One that the archive lacks is no reason to leave the others.
    failures++;
    console.error(describeError(error));
  }
}
for (const name of readdirSync(work)) {
  if (!/\.orig(-[A-Za-z0-9-]+)?\.tar\.[a-z0-9]+$/.test(name)) continue;
  const hash = hashFile(join(work, name));
  renameSync(join(work, name), join(output, hash));
  console.log(`${hash}  ${name}`);
}
if (failures > 0) process.exitCode = 1;
