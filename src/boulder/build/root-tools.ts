// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The strip tools of the root that a build ran in, never this machine's. All files are worked on in one container, as
 * starting one for each would cost more than the work itself. What the phases changed in the root is gone by then.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { runInRoot } from "#container/run";
import type { RunResult } from "#sys/process";
import type { StripTools, ToolJob } from "../package/strip";
import { GUEST } from "../plan/guest";

export interface RootToolsOptions {
  readonly root: string;
  /** The build's folder on the host: all files that commands name lie below it. */
  readonly folder: string;
  readonly objcopy: string;
  /** PATH inside. */
  readonly path: string;
  readonly signal?: AbortSignal;
}

const WORK = `${GUEST.base}/work`;

export function rootTools(options: RootToolsOptions): StripTools {
  return { objcopy: options.objcopy, runAll: (jobs, atOnce) => runJobs(options, jobs, atOnce) };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** A script that works on all jobs, and leaves the exit code and the messages of each in a file. */
function scriptOf(jobs: readonly ToolJob[], atOnce: number, from: string): string {
  const inside = (word: string): string => quote(word.replace(`${from}/`, `${WORK}/`));
  const bodies = jobs.map((job, i) => {
    const commands = job.map((command) => command.map(inside).join(" ")).join(" &&\n    ");
    return `job${i}() {\n    ${commands}\n}`;
  });
  return [
    ...bodies,
    `for ((i = 0; i < ${jobs.length}; i++)); do`,
    `  ((i < ${atOnce})) || wait -n`,
    `  { "job$i" 2> ${WORK}/tools/$i.err; echo $? > ${WORK}/tools/$i.code; } &`,
    "done",
    "wait",
    "",
  ].join("\n");
}

async function runJobs(
  options: RootToolsOptions,
  jobs: readonly ToolJob[],
  atOnce: number,
): Promise<readonly RunResult[]> {
  if (jobs.length === 0) return [];
  const folder = join(options.folder, "tools");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  try {
    writeFileSync(join(folder, "run.sh"), scriptOf(jobs, atOnce, options.folder));
    const result = await runInRoot({
      root: options.root,
      command: ["/usr/bin/bash", `${WORK}/tools/run.sh`],
      env: { PATH: options.path, LC_ALL: "C" },
      cwd: WORK,
      fakeroot: true,
      binds: [{ source: options.folder, target: WORK }],
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    if (result.cancelled) throw new Failure("interrupted", "Cannot strip the files of the build: it was interrupted");
    if (result.code !== 0) {
      const said = result.stderr.trim().split("\n").slice(-3).join("; ");
      throw new Failure(
        "package.strip",
        `Cannot strip the files of the build: bash ended with ${result.code}: ${said}`,
      );
    }
    return jobs.map((_, i) => resultOf(folder, i));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function resultOf(folder: string, index: number): RunResult {
  const code = join(folder, `${index}.code`);
  const messages = join(folder, `${index}.err`);
  return {
    code: existsSync(code) ? Number.parseInt(readFileSync(code, "utf8"), 10) : 1,
    stdout: "",
    stderr: existsSync(messages) ? readFileSync(messages, "utf8") : "it left no word of its end",
  };
}
