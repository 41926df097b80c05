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
import { run } from "#sys/process";
import { hashFile } from "#sys/sha256";

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

for (const folder of ["state/lists/partial", "cache/archives/partial", "parts", "work", "sources"]) {
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
const archives = () => readdirSync(work).filter((name) => /\.orig(-[A-Za-z0-9-]+)?\.tar\.[a-z0-9]+$/.test(name));

/** The archives of a source, by hash, as an earlier run recorded them; undefined where one is not there any more. */
function recorded(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  return text.split("\n").every((line) => line === "" || existsSync(join(output, line.slice(0, 64))))
    ? text
    : undefined;
}

for (const name of positionals) {
  const record = join(cache, "sources", name);
  const known = recorded(record);
  if (known !== undefined) {
    process.stdout.write(known);
    continue;
  }
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  let reason = "it has no archive of its upstream";
  try {
    await apt(["source", "-qq", "--download-only", name], work);
  } catch (error) {
    // Only the upstream's archive is wanted; mirrors that lack Debian's own part of the package are good enough.
    reason = describeError(error);
  }
  const lines = archives().map((file) => {
    const hash = hashFile(join(work, file));
    renameSync(join(work, file), join(output, hash));
    return `${hash}  ${file}\n`;
  });
  if (lines.length === 0) {
    // One that cannot be had is no reason to leave the others.
    console.error(`Cannot fetch the source "${name}": ${reason}`);
    process.exitCode = 1;
    continue;
  }
  writeFileSync(record, lines.join(""));
  process.stdout.write(lines.join(""));
}
