// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Debug information: taken out of programs and libraries into files of their own, found by build id, compressed; and
 * what only linkers and debuggers read is stripped. Several files at a time; a failure is fatal.
 */
import { statSync } from "node:fs";
import { Failure } from "#base/errors";
import { compareText, getOrInsert } from "#base/order";
import { mapLimited } from "#base/parallel";
import type { CollectedFile, OnEvent } from "#boulder/package/model";
import type { Scratch } from "#boulder/package/scratch";
import { stripCandidate } from "#boulder/package/strip-candidates";
import type { ElfFile } from "#formats/elf";
import { type RunResult, run } from "#sys/process";

/** Commands for one file, run one after the other until one fails. */
export type ToolJob = readonly (readonly string[])[];

/**
 * objcopy of a toolchain, and how to start it: in the root where the build ran, or on this machine. The commands name
 * files of the install and scratch folders by the paths that these have here.
 */
export interface StripTools {
  readonly objcopy: string;
  /** Runs jobs, so many at a time. For each comes what its last command gave, or why that did not start. */
  runAll(jobs: readonly ToolJob[], atOnce: number): Promise<readonly (RunResult | Error)[]>;
}

/** Tools of this machine; for packaging without a build root. */
export function hostTools(objcopy = "objcopy", runOne: typeof run = run): StripTools {
  const runJob = async (job: ToolJob): Promise<RunResult | Error> => {
    let result: RunResult = { code: 0, stdout: "", stderr: "" };
    for (const command of job) {
      try {
        result = await runOne(command);
      } catch (cause) {
        return cause instanceof Error ? cause : new Error(String(cause));
      }
      if (result.code !== 0) break;
    }
    return result;
  };
  return { objcopy, runAll: (jobs, atOnce) => mapLimited(jobs, atOnce, runJob) };
}

export interface StripOptions {
  readonly tools: StripTools;
  /** Split debug information into files of their own. */
  readonly debug: boolean;
  readonly strip: boolean;
  /** Programs run at a time. */
  readonly jobs: number;
}

/** A debug file that was made, for the collector to give to a package. */
export interface DebugFile {
  readonly path: string;
  readonly source: string;
  readonly size: number;
}

export interface Stripped {
  readonly files: readonly CollectedFile[];
  readonly debugFiles: readonly DebugFile[];
}

/** Where debuggers look for the debug information of a build id. */
function debugPath(elf: Pick<ElfFile, "bits">, buildId: string): string {
  const library = elf.bits === 32 ? "lib32" : "lib";
  return `/usr/${library}/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`;
}

/** Says that a tool failed on a file. */
function requireDone(path: string, objcopy: string, result: RunResult | Error | undefined): void {
  if (result === undefined || result instanceof Error || result.code === 127) {
    throw new Failure("package.strip", `Cannot strip "${path}": "${objcopy}" does not start`, {
      hint: "Install the package binutils (for the LLVM toolchain: llvm).",
      ...(result instanceof Error ? { cause: result } : {}),
    });
  }
  if (result.code === 0) return;
  const said = result.stderr.trim().split("\n").slice(-3).join("; ");
  const text = `Cannot strip "${path}": ${objcopy} ended with ${result.code}: ${said}`;
  if (said.includes("No space left on device")) throw new Failure("disk.full", text);
  throw new Failure("package.strip", text, {
    hint: "Set `strip: false` and `debug: false` in the recipe where the file must stay as it is.",
  });
}

/**
 * Splits and strips the ELF files of a build. Files come back in their order, those that were changed with another
 * source; debug files are made once for each build id. Throws `package.strip`.
 */
export async function stripFiles(
  files: readonly CollectedFile[],
  scratch: Scratch,
  options: StripOptions,
  onEvent: OnEvent,
): Promise<Stripped> {
  if (!options.debug && !options.strip) return { files, debugFiles: [] };
  // Hard links are one file: worked on once, and all its paths get the result.
  const groups = new Map<string, CollectedFile>();
  for (const file of files) {
    if (file.kind === "regular") getOrInsert(groups, file.identity, () => file);
  }
  const candidates = [...groups.values()].flatMap((file) => stripCandidate(file, onEvent) ?? []);
  onEvent({ type: "step", name: "strip", files: candidates.length });
  const claimed = new Set<string>();
  const debugFiles: DebugFile[] = [];
  const changed = new Map<string, { source: string; size: number }>();
  const { objcopy } = options.tools;
  const planned = candidates.flatMap(({ file, remove, split }) => {
    const change: string[] = options.strip ? [...remove] : [];
    const job: string[][] = [];
    let debugFile: Omit<DebugFile, "size"> | undefined;
    if (options.debug && split !== undefined) {
      const path = debugPath(split, split.buildId);
      // The link in the program holds a check sum of the debug file, so even a repeated one is made, to be named.
      const source = `${scratch.folder()}/${path.slice(path.lastIndexOf("/") + 1)}`;
      job.push([objcopy, "--only-keep-debug", "--compress-debug-sections=zlib", file.source, source]);
      change.push(`--add-gnu-debuglink=${source}`);
      if (!claimed.has(path)) debugFile = { path, source };
      claimed.add(path);
    }
    if (change.length === 0) return [];
    const source = scratch.path();
    job.push([objcopy, ...change, file.source, source]);
    return [{ file, job, source, debugFile }];
  });
  const results = await options.tools.runAll(
    planned.map(({ job }) => job),
    options.jobs,
  );
  for (const [i, { file, source, debugFile }] of planned.entries()) {
    requireDone(file.path, objcopy, results[i]);
    if (debugFile !== undefined) debugFiles.push({ ...debugFile, size: statSync(debugFile.source).size });
    changed.set(file.identity, { source, size: statSync(source).size });
  }
  debugFiles.sort((a, b) => compareText(a.path, b.path));
  return { files: files.map((file) => ({ ...file, ...changed.get(file.identity) })), debugFiles };
}
