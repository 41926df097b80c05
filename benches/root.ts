// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * From nothing to a root of the packages that `mmdebstrap --variant=minbase` takes, with the packages at hand on both sides,
 * and then a second such root from the same store. mmdebstrap also configures its packages, which we do not yet.
 *
 *   ./dev bench root [--rounds N]
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { sha256Hex } from "#sys/sha256";
import { buildExecutable } from "../tools/build.ts";
import { benchDisk } from "./_disk.ts";
import { measured, must } from "./_floor.ts";
import { FullMemory } from "./_memory.ts";
import { type BenchPackage, benchPackages, MINBASE } from "./_packages.ts";
import { median, ratioRow, report } from "./_table.ts";

const { values: flags } = parseArgs({ options: { rounds: { type: "string", default: "3" } } });

const SUITE = "bookworm";

/** The same packages as Debian's own files, as an archive that apt reads from the disk. */
async function makeArchive(folder: string, packages: readonly BenchPackage[]): Promise<string> {
  const archive = join(folder, "archive");
  const architecture = (await must(["dpkg", "--print-architecture"])).trim();
  const list = `main/binary-${architecture}/Packages`;
  const suite = join(archive, "dists", SUITE);
  mkdirSync(join(archive, "pool"), { recursive: true });
  mkdirSync(dirname(join(suite, list)), { recursive: true });
  for (const { deb } of packages) copyFileSync(deb, join(archive, "pool", basename(deb)));
  const text = await must(["dpkg-scanpackages", "-m", "pool"], { cwd: archive });
  writeFileSync(join(suite, list), text);
  // mmdebstrap asks for what is essential in the suite of this name.
  const fields = [`Suite: ${SUITE}`, `Codename: ${SUITE}`, `Architectures: ${architecture}`, "Components: main"];
  const digest = ` ${sha256Hex(text)} ${Buffer.byteLength(text)} ${list}`;
  writeFileSync(join(suite, "Release"), `${[...fields, "SHA256:", digest].join("\n")}\n`);
  return `deb [trusted=yes] copy:${archive} ${SUITE} main`;
}

await using disk = await benchDisk("root");
const { folder } = disk;
using memory = new FullMemory(folder);

/** What comes before each measured run: nothing is dirty, no memory lies free, and the files that it reads are in memory. */
async function prepare(files: readonly string[]): Promise<void> {
  await must(["sync"]);
  memory.fill();
  for (const file of files) readFileSync(file);
  // What this program has thrown away is not collected while the other runs.
  Bun.gc(true);
}

const packages = await benchPackages("minbase", MINBASE);
const names = packages.map(({ name }) => name);
const moss = await buildExecutable(join(folder, "build"));
const source = await makeArchive(folder, packages);
const stones = join(packages[0]?.stone ?? "", "..");
const first: number[] = [];
const second: number[] = [];
const peer: number[] = [];
const make = async (root: string, cache: string) => {
  mkdirSync(root);
  const place = ["-D", root, "--cache", cache, "-y"];
  await must([moss, "collection", "add", ...place, "bench", stones]);
  await prepare([moss, ...packages.map(({ stone }) => stone)]);
  return (await measured([moss, "install", ...place, "--json", ...names])).wall;
};
for (let round = 0; round < Number(flags.rounds); round++) {
  const here = join(folder, `round-${round}`);
  const [cache, root] = [join(here, "cache"), join(here, "debian")];
  mkdirSync(cache, { recursive: true });
  first.push(await make(join(here, "one"), cache));
  // Three of them: one takes so little that what else the machine does shows.
  for (const name of ["two", "three", "four"]) second.push(await make(join(here, name), cache));
  if (!existsSync(join(here, "two/usr/bin/bash"))) throw new Error("the second root has no bash");
  const command = [
    "mmdebstrap",
    "--variant=minbase",
    "--mode=root",
    "-q",
    "--include=apt",
    "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
    '--aptopt=APT::Sandbox::User "root"',
  ];
  await prepare(packages.map(({ deb }) => join(folder, "archive/pool", basename(deb))));
  peer.push((await measured([...command, SUITE, root, source])).wall);
  const shown = await must(["dpkg-query", `--root=${root}`, "-W", "-f", "${Package}\n"]);
  const found = shown.trim().split("\n");
  const missing = names.filter((name) => !found.includes(name));
  if (missing.length > 0) throw new Error(`mmdebstrap did not take ${missing.join(", ")}`);
}
process.stdout.write(`${packages.length} packages; mmdebstrap configures them, which moss does not yet\n`);
report("root", "./dev bench root", [
  ratioRow("a root from nothing, beside mmdebstrap", median(first), median(peer), 1 / 10),
  ratioRow("a second from the same store", median(second), median(peer), 1 / 50),
]);
