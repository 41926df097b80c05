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

/**
 * objcopy of a toolchain, and how to start it: on the host, or in the root where the build ran. The commands name files of
 * the install and scratch folders by the paths that these have here, so a container must show them at the same paths.
 */
export interface StripTools {
  readonly objcopy: string;
  run(command: readonly string[]): Promise<RunResult>;
}

export function hostTools(toolchain: "gnu" | "llvm"): StripTools {
  return { objcopy: toolchain === "gnu" ? "objcopy" : "llvm-objcopy", run };
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
export function debugPath(elf: Pick<ElfFile, "bits">, buildId: string): string {
  const library = elf.bits === 32 ? "lib32" : "lib";
  return `/usr/${library}/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`;
}

async function useTool(tools: StripTools, path: string, command: readonly string[]): Promise<void> {
  let result: RunResult;
  try {
    result = await tools.run(command);
  } catch (cause) {
    throw new Failure("package.strip", `Cannot strip "${path}": "${command[0]}" does not start`, {
      hint: "Install the package binutils (for the LLVM toolchain: llvm).",
      cause,
    });
  }
  if (result.code === 0) return;
  const said = result.stderr.trim().split("\n").slice(-3).join("; ");
  throw new Failure("package.strip", `Cannot strip "${path}": ${command[0]} ended with ${result.code}: ${said}`, {
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
  await mapLimited(candidates, options.jobs, async ({ file, remove, split }) => {
    const change: string[] = options.strip ? [...remove] : [];
    if (options.debug && split !== undefined) {
      const path = debugPath(split, split.buildId);
      // Claimed before anything is waited for, so in the order of the files. The link in the program holds a check sum of
      // the debug file, so even a repeated one is made, to be named.
      const first = !claimed.has(path);
      claimed.add(path);
      const source = `${scratch.folder()}/${path.slice(path.lastIndexOf("/") + 1)}`;
      const keep = ["--only-keep-debug", "--compress-debug-sections=zlib", file.source, source];
      await useTool(options.tools, file.path, [objcopy, ...keep]);
      change.push(`--add-gnu-debuglink=${source}`);
      if (first) debugFiles.push({ path, source, size: statSync(source).size });
    }
    if (change.length === 0) return;
    const source = scratch.path();
    await useTool(options.tools, file.path, [objcopy, ...change, file.source, source]);
    changed.set(file.identity, { source, size: statSync(source).size });
  });
  debugFiles.sort((a, b) => compareText(a.path, b.path));
  return { files: files.map((file) => ({ ...file, ...changed.get(file.identity) })), debugFiles };
}
