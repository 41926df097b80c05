// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * `moss list installed` by the compiled executable in a root of 2,000 packages (or as many as the first argument says),
 * beside `dpkg-query -W` with as many, and an empty compiled program as the floor of start-up. Fails above 60 ms in all,
 * or 30 ms to start. A second row is a user without rights, who reads a private copy of the database.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "#sys/process";
import { makeStone } from "#tests/crash/stones";
import { apply } from "#transition/apply";
import { MossRoot } from "#transition/root";
import { buildExecutable, compile } from "../tools/build.ts";
import { boundRow, type Row, ratioRow, report } from "./_table.ts";
import { timeInTurns } from "./_timing.ts";

const TOTAL = 60;
const START = 30;
const RUNS = 15;

const nameOf = (i: number) => `package-${String(i).padStart(5, "0")}`;

/** A root in which `count` packages of ten files are installed. */
async function makeRoot(folder: string, count: number): Promise<string> {
  const directory = join(folder, "root");
  mkdirSync(directory);
  const stones = Array.from({ length: count }, (_, i) => {
    const files = Array.from({ length: 10 }, (_, n) => [`share/${nameOf(i)}/file-${n}`, `${i} ${n}`] as const);
    return makeStone(join(folder, "stones"), nameOf(i), Object.fromEntries(files));
  });
  using root = MossRoot.open(directory);
  await apply(root, {
    selections: stones.map(({ id }) => ({ id, explicit: true })),
    stones: new Map(stones.map(({ id, path }) => [id, path])),
    summary: "2,000 packages",
    command: "bench list",
    systemModel: "",
  });
  return directory;
}

/** A dpkg database of as many packages. */
function makeDpkg(folder: string, count: number): string {
  const directory = join(folder, "dpkg");
  mkdirSync(join(directory, "info"), { recursive: true });
  mkdirSync(join(directory, "updates"));
  writeFileSync(join(directory, "available"), "");
  const stanza = (name: string) =>
    `Package: ${name}\nStatus: install ok installed\nMaintainer: none <none@example.org>\nArchitecture: amd64\nVersion: 1-1\nDescription: The ${name} of a bench\n`;
  writeFileSync(join(directory, "status"), Array.from({ length: count }, (_, i) => stanza(nameOf(i))).join("\n"));
  return directory;
}

const folder = mkdtempSync(join(tmpdir(), "bench-list-"));
try {
  chmodSync(folder, 0o755);
  const count = Number(process.argv[2] ?? 2000);
  const directory = await makeRoot(folder, count);
  const dpkg = makeDpkg(folder, count);
  const empty = join(folder, "empty");
  writeFileSync(`${empty}.ts`, 'console.log("empty");\n');
  await compile(`${empty}.ts`, empty);
  const moss = await buildExecutable(join(folder, "build"));
  const list = [moss, "list", "installed", "-D", directory];
  const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const commands: Record<string, readonly string[]> = {
    "empty program": [empty],
    "moss --version": [moss, "--version"],
    "moss list installed": list,
    "dpkg-query -W": ["dpkg-query", `--admindir=${dpkg}`, "-W"],
    ...(process.getuid?.() === 0 ? { "moss list, without rights": [...nobody, ...list] } : {}),
  };
  const listed = (await run(list)).stdout.split("\n").filter((line) => line.includes("package-")).length;
  if (listed !== count) throw new Error(`moss listed ${listed} packages, expected ${count}`);
  const times = await timeInTurns(commands, RUNS);
  const megabytes = (statSync(join(directory, ".moss/db/data.mdb")).size / 1e6).toFixed(1);
  process.stdout.write(`${count} packages, database of ${megabytes} MB, medians of ${RUNS} runs\n`);
  const end = (name: string) => times.get(name)?.end ?? Number.NaN;
  const peer = end("dpkg-query -W");
  const rows: Row[] = [...times].map(([name, { first, end: ms }]) => ({
    measure: `${name}, to its end`,
    ours: `${ms.toFixed(1)} ms`,
    peer: `first line ${first.toFixed(1)} ms`,
  }));
  // The bounds are for 2,000 packages.
  if (count <= 2000) {
    rows.push(boundRow("moss list installed, all", end("moss list installed"), TOTAL, "ms"));
    rows.push(boundRow("of which start-up", end("moss --version"), START, "ms"));
  }
  rows.push(
    ratioRow("moss list installed / dpkg-query -W", end("moss list installed"), peer, undefined, { digits: 1 }),
  );
  report("list", "./dev bench list", rows);
} finally {
  rmSync(folder, { recursive: true });
}
