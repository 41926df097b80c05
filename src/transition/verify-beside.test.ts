// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A check beside writers: it waits for none of them, and takes nothing that they are about for damage. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FileLock } from "#sys/lock";
import { run } from "#sys/process";
import { install, TestRoots } from "#tests/crash/roots";
import type { MadeStone } from "#tests/crash/stones";
import { STEPS, type Step } from "#transition/fault";
import { describeProblem } from "#transition/problems";
import { MossRoot } from "#transition/root";
import { type VerifyReport, verifyRoot } from "#transition/verify";

const base = new TestRoots("beside");
afterAll(() => base.remove());
const CHILD = join(import.meta.dir, "../../tests/crash/child.fixture.ts");

/** A package of files in several directories, all of its own but two that every build has. */
function build(version: string): MadeStone {
  const files = Array.from({ length: 40 }, (_, i) => [`share/tool/${i % 7}/file-${i}`, `${version} ${i}`] as const);
  return base.stone("tool", { "bin/tool": "the same", "lib/kept": "kept", ...Object.fromEntries(files) }, version);
}

const builds = ["1", "2", "3"].map(build);
const [one, two, three] = builds as [MadeStone, MadeStone, MadeStone];

/** Looks at a root as `moss verify` does: with a lock in the way of every writer. */
function look(directory: string): VerifyReport {
  const lock = FileLock.tryAcquire(`${directory}/.moss/lock`, "exclusive", "{}");
  if (lock === undefined) throw new Error("the lock is not free");
  try {
    using root = MossRoot.open(directory, { readOnly: true });
    return verifyRoot(root);
  } finally {
    lock[Symbol.dispose]();
  }
}

const words = ({ problems }: VerifyReport) => problems.map(describeProblem);

async function prepared(): Promise<string> {
  const directory = base.directory();
  using root = MossRoot.open(directory);
  await install(root, [one]);
  await install(root, [two]);
  return directory;
}

/** Changes bytes in place, through whatever name: every link to the inode sees it. */
function spoil(path: string): void {
  chmodSync(path, 0o644);
  writeFileSync(path, "SPOILT!!".slice(0, readFileSync(path).length));
  chmodSync(path, 0o444);
}

const PRUNING: readonly Step[] = ["prune-begun", "prune-states", "prune-trees", "prune-committed", "swept"];
/** Steps of repairs, of hooks, and of a first change. */
const OTHERS: readonly Step[] = ["salvaged", "refetched", "restored", "ended", "spare-built"];

test("wherever a writer stops, nothing of it is taken for damage, its lock stops nobody, and real damage is found", async () => {
  for (const step of STEPS.filter((name) => !OTHERS.includes(name))) {
    const directory = await prepared();
    if (step === "swept") {
      using root = MossRoot.open(directory);
      await install(root, [three]);
    }
    const pruning = PRUNING.includes(step);
    const verb = pruning ? ["prune", directory, "1"] : ["set", directory, three.path];
    const killed = await run([process.execPath, CHILD, ...verb], { env: { ...process.env, MOSS_FAULT: step } });
    expect([step, killed.code]).toEqual([step, 137]);
    const report = look(directory);
    expect([step, words(report)]).toEqual([step, []]);
    const { beside, state } = report;
    const live = !pruning && STEPS.indexOf(step) >= STEPS.indexOf("exchanged") ? 3 : step === "swept" ? 3 : 2;
    expect([step, state, beside.live, beside.changed, beside.unsettled]).toEqual([step, live, live, [], 0]);
    const ended = ["settled", "prune-committed", "swept"].includes(step);
    expect([step, beside.pending?.kind]).toEqual([step, ended ? undefined : pruning ? "prune" : "apply"]);
    spoil(`${directory}/usr/lib/kept`);
    const damaged = words(look(directory));
    expect([step, damaged.some((line) => line.startsWith("/usr/lib/kept: content"))]).toEqual([step, true]);
    using root = MossRoot.open(directory, { readOnly: true });
    expect([step, root.pending()?.kind]).toEqual([step, beside.pending?.kind]);
  }
}, 60_000);

test("beside a writer that is always at work no difference is found where there is none, and each where there is one", async () => {
  const directory = await prepared();
  const stop = join(base.base, "stop");
  const command = [process.execPath, CHILD, "busy", directory, stop, ...builds.map(({ path }) => path)];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  try {
    const reader = child.stdout.getReader();
    await reader.read();
    reader.releaseLock();
    using root = MossRoot.open(directory, { readOnly: true });
    let moved = 0;
    let settled = 0;
    // Looks that met commits of the other, and that came to an end all the same.
    for (let i = 0; moved < 50 || settled < 50; i++) {
      const before = root.database.newest;
      const report = verifyRoot(root);
      expect(words(report)).toEqual([]);
      if (root.database.newest === before) continue;
      moved += 1;
      if (report.beside.unsettled === 0) settled += 1;
      // A moment for the other to be somewhere else.
      await Bun.sleep(i % 7);
    }
    spoil(`${directory}/usr/lib/kept`);
    let found = 0;
    for (let i = 0; found < 20; i++) {
      const report = verifyRoot(root);
      const lines = words(report);
      expect(lines.filter((line) => !/usr.lib.kept|^store: /.test(line))).toEqual([]);
      // The store has it whatever tree is live.
      if (lines.some((line) => line.startsWith("store: "))) found += 1;
      else expect(report.beside.unsettled).toBeGreaterThan(0);
      await Bun.sleep(i % 7);
    }
  } finally {
    writeFileSync(stop, "");
    expect(await child.exited).toBe(0);
  }
  expect(existsSync(`${directory}/usr/bin/tool`)).toBe(true);
  expect(readdirSync(`${directory}/.moss/root`).length).toBeGreaterThan(0);
}, 60_000);
